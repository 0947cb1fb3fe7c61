package acceptance_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// probe is a server's memory `default`, in which words that occur nowhere else
// are written to every place that takes text, and looked for everywhere.
type probe struct {
	s           *server
	m           instance
	feeds       []string // of the dialects areev and rem
	hooks       []string // that post
	fine, never *receiver
}

// The person and the scope that are erased, and a scope beside it.
const (
	erasedPerson = "erased-person"
	erasedScope  = "erased/scope"
	besideScope  = "erased/scopes"
)

// place is one that takes text: how a word gets there, and where it must be
// readable then.
type place struct {
	name   string
	write  func(t *testing.T, p probe, word string)
	before string // readers that must find the word, of those in readers
}

// person adds a grain of the erased person.
func person(fields object) func(*testing.T, probe, string) {
	return func(t *testing.T, p probe, word string) {
		t.Helper()
		p.m.add(t, belief("somebody", filled(fields, word), object{"user_id": erasedPerson}))
	}
}

// filled puts the word where a field says WORD.
func filled(fields object, word string) object {
	all := object{}
	for key, v := range fields {
		switch v := v.(type) {
		case string:
			all[key] = strings.ReplaceAll(v, "WORD", word)
		case list:
			all[key] = list{filled(object{"": v[0]}, word)[""], "x"}
		case object:
			all[key] = filled(v, word)
		}
	}
	return all
}

// everywhere is where a grain of the erased person shows.
const everywhere = "recall feed log grains letters console posts"

var probed = []place{
	{"subject", person(object{"subject": "WORD"}), everywhere},
	{"relation", person(object{"relation": "WORD"}), everywhere},
	{"object", person(object{"object": "WORD"}), everywhere},
	{"content", person(object{"content": "the WORD in a text"}), everywhere},
	{"a tag", person(object{"tags": list{"WORD"}}), everywhere},
	{"a field of its own", person(object{"note": "WORD"}), everywhere},
	{"deep in a field", person(object{"note": object{"deep": list{"WORD"}}}), everywhere},
	{"a batch", func(t *testing.T, p probe, word string) {
		p.m.post(t, "/batch-add", object{"grains": list{object{"grain_type": "event", "fields": object{"content": word, "user_id": erasedPerson}}}}).want(t, 200)
	}, everywhere},
	{"a document", func(t *testing.T, p probe, word string) {
		body, kind := upload(t, "# Notes\n\n"+word+" stands here.", object{"user_id": erasedPerson})
		p.m.post(t, "/ingest", body, header("Content-Type", kind)).want(t, 200)
	}, everywhere},
	{"a version that was replaced", func(t *testing.T, p probe, word string) {
		hash := p.m.add(t, belief("version", object{"content": word, "user_id": erasedPerson}))
		p.m.supersede(t, hash, belief("version", object{"content": "replaced", "user_id": erasedPerson}))
	}, "grains console posts"},
	{"a version that replaced another", func(t *testing.T, p probe, word string) {
		hash := p.m.add(t, belief("version", object{"user_id": erasedPerson}))
		p.m.supersede(t, hash, belief("version", object{"content": word, "user_id": erasedPerson}))
	}, everywhere},
	{"REM content, under an idempotency key", func(t *testing.T, p probe, word string) {
		body := object{"content": word, "user_id": erasedPerson}
		p.s.call(t, "POST", "/v1/remember", body, header("Idempotency-Key", name("probe"))).want(t, 201)
	}, everywhere},
	{"REM tags and metadata", func(t *testing.T, p probe, word string) {
		p.s.call(t, "POST", "/v1/remember", object{"content": "x", "tags": list{word}, "metadata": object{"k": word}, "user_id": erasedPerson}).want(t, 201)
	}, everywhere},
	{"a memory-set's value", func(t *testing.T, p probe, word string) {
		p.s.call(t, "POST", "/v1/memory-set", object{"key": "k", "value": word, "namespace": erasedScope}).want(t, 200)
	}, "recall named feed log grains letters console posts"},
	{"a memory-set's old value, tags and metadata", func(t *testing.T, p probe, word string) {
		set := object{"key": "old", "value": word, "tags": list{word}, "metadata": object{"k": word}, "namespace": erasedScope}
		p.s.call(t, "POST", "/v1/memory-set", set).want(t, 200)
		p.s.call(t, "POST", "/v1/memory-set", object{"key": "old", "value": "new", "tags": list{}, "metadata": object{}, "namespace": erasedScope}).want(t, 200)
	}, "grains console posts"},
	{"a grain of the person within the scope", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("both", object{"content": word, "user_id": erasedPerson, "scope_path": erasedScope}))
	}, everywhere},
	{"a grain of the person in another scope", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("both", object{"content": word, "user_id": erasedPerson, "scope_path": besideScope}))
	}, everywhere},
	{"a grain of another person within the scope", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("both", object{"content": word, "user_id": erasedPerson + "-2", "scope_path": erasedScope}))
	}, everywhere},
	{"a grain below the scope", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("below", object{"content": word, "scope_path": erasedScope + "/deeper"}))
	}, everywhere},
	{"a recall's query within the scope", func(t *testing.T, p probe, word string) {
		p.m.post(t, "/recall", object{"query": word, "scope_path": erasedScope}).want(t, 200)
	}, "feed log letters deliveries console posts"},
	{"a REM recall's query within the scope", func(t *testing.T, p probe, word string) {
		p.s.call(t, "POST", "/v1/recall", object{"query": word, "namespace": erasedScope}).want(t, 200)
	}, "feed log letters deliveries console posts"},
}

// bystanders are what an erasure must not touch.
var bystanders = []place{
	{"another person", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("bystander", object{"content": word, "user_id": erasedPerson + "-2"}))
	}, everywhere},
	{"a scope beside it", func(t *testing.T, p probe, word string) {
		p.m.add(t, belief("bystander", object{"content": word, "scope_path": besideScope}))
	}, everywhere},
	{"nobody's", func(t *testing.T, p probe, word string) { p.m.add(t, belief("bystander", object{"content": word})) }, everywhere},
}

// readers are all ways to read: each gives all text that it can get at.
var readers = map[string]func(t *testing.T, p probe) []byte{
	"recall": func(t *testing.T, p probe) []byte {
		var all []byte
		for _, path := range []string{"/recall"} {
			all = append(all, p.m.post(t, path, object{"limit": 1000}).body...)
		}
		return all
	},
	"named": func(t *testing.T, p probe) []byte {
		var all []byte
		for _, key := range []string{"k", "old"} {
			all = append(all, p.s.call(t, "POST", "/v1/memory-get", object{"key": key, "namespace": erasedScope}).body...)
		}
		return append(all, p.s.call(t, "POST", "/v1/memory-list", object{"namespace": erasedScope, "limit": 100}).body...)
	},
	"feed": func(t *testing.T, p probe) (all []byte) {
		for _, feed := range append(p.feeds, p.hooks...) {
			all = append(all, p.m.get(t, "/hooks/"+feed+"/events?limit=1000&after=earliest").body...)
			all = append(all, p.m.get(t, "/hooks/"+feed+"/snapshot?limit=1000").body...)
		}
		return all
	},
	"log": func(t *testing.T, p probe) []byte {
		return p.listed(t, "/events?limit=100", "events", "event_id", "/events/")
	},
	"grains": func(t *testing.T, p probe) []byte {
		return p.listed(t, "/grains?limit=100", "hits", "hash", "/grains/")
	},
	"letters": func(t *testing.T, p probe) []byte {
		return p.listed(t, "/dead-letters?limit=100", "dead_letters", "id", "/dead-letters/")
	},
	"deliveries": func(t *testing.T, p probe) []byte {
		return p.listed(t, "/deliveries?limit=100", "deliveries", "id", "/deliveries/")
	},
	"erasures": func(t *testing.T, p probe) []byte { return p.m.get(t, "/erasures").body },
	"metrics":  func(t *testing.T, p probe) []byte { return p.s.call(t, "GET", "/metrics", nil).body },
	"console":  func(t *testing.T, p probe) []byte { return p.crawl(t) },
	"posts": func(t *testing.T, p probe) (all []byte) {
		for _, rx := range []*receiver{p.fine, p.never} {
			got, _ := rx.all()
			for _, r := range got {
				all = fmt.Append(all, string(r.body), r.header)
			}
		}
		return all
	},
	"what the server printed": func(_ *testing.T, p probe) []byte { return []byte(p.s.output.String()) },
}

// listed pages through a list and reads each thing that it names.
func (p probe) listed(t *testing.T, path, key, id, each string) (all []byte) {
	t.Helper()
	for cursor := ""; ; {
		a := p.m.get(t, path+cursor)
		page := a.want(t, 200)
		all = append(all, a.body...)
		for _, one := range objects(t, page, key) {
			a := p.m.get(t, each+text(t, one, id))
			a.want(t, 200)
			all = append(all, a.body...)
		}
		next, _ := page["next_cursor"].(string)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
}

var link = regexp.MustCompile(`href="(/console[^"#]*)`)

// crawl reads every page of the console that links lead to.
func (p probe) crawl(t *testing.T) (all []byte) {
	t.Helper()
	seen := map[string]bool{}
	for waiting := []string{"/console"}; len(waiting) > 0; {
		path := waiting[0]
		waiting = waiting[1:]
		if seen[path] || strings.Contains(path, "/assets/") {
			continue
		}
		seen[path] = true
		a := p.s.call(t, "GET", path, nil)
		if a.status != http.StatusOK && a.status/100 != 3 {
			t.Errorf("a link of the console leads to %v", a)
		}
		all = append(all, html.UnescapeString(string(a.body))...)
		for _, to := range link.FindAllSubmatch(a.body, -1) {
			waiting = append(waiting, html.UnescapeString(string(to[1])))
		}
	}
	if len(seen) < 10 {
		t.Errorf("the console has only the pages %v", seen)
	}
	return all
}

// word is one that no other run has: letters, so that it is one term to every
// analyser.
func word() string { return "q" + strings.ToLower(rand.Text()) }

// readings is what all readers got.
func (p probe) readings(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, read := range readers {
		all[name] = read(t, p)
	}
	return all
}

// found names the readers whose text holds a word.
func found(all map[string][]byte, word string) (names []string) {
	for name, text := range all {
		if bytes.Contains(bytes.ToLower(text), []byte(word)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
