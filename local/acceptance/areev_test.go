package acceptance_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// instance is one memory, reached by its id.
type instance struct {
	caller
	id string
}

// memory names a memory that is there or is made on first use.
func (c caller) memory(id string) instance { return instance{c, id} }

// fresh makes a memory of the row's own, with these policies.
func (c caller) fresh(t testing.TB, policies ...any) instance {
	t.Helper()
	id := name("memory")
	body := object{"id": id}
	if len(policies) > 0 {
		body["policies"] = policies
	}
	c.call(t, "POST", "/api/memories", body).want(t, 201)
	return c.memory(id)
}

// path is the address of something of the memory; rest begins with a slash or is empty.
func (m instance) path(rest string) string { return "/api/memories/" + m.id + rest }

// post calls the memory and returns the answer, whatever its status.
func (m instance) post(t testing.TB, rest string, body any, options ...func(*http.Request)) answer {
	t.Helper()
	return m.call(t, "POST", m.path(rest), body, options...)
}

func (m instance) get(t testing.TB, rest string) answer {
	t.Helper()
	return m.call(t, "GET", m.path(rest), nil)
}

// belief is a grain about a subject, with more fields on top.
func belief(subject string, more ...object) object {
	fields := object{"subject": subject, "relation": "likes", "object": "tea"}
	for _, m := range more {
		maps.Copy(fields, m)
	}
	return fields
}

// add stores a grain and returns its hash.
func (m instance) add(t testing.TB, fields object) string {
	t.Helper()
	return text(t, m.post(t, "/add", fields).want(t, 200), "blob_hash")
}

// supersede replaces a grain and returns the new hash.
func (m instance) supersede(t testing.TB, hash string, fields object) string {
	t.Helper()
	body := maps.Clone(fields)
	body["blob_hash"] = hash
	return text(t, m.post(t, "/supersede", body).want(t, 200), "blob_hash")
}

// drop forgets by any of the forms and returns the answer.
func (m instance) drop(t testing.TB, by object) object {
	t.Helper()
	return m.post(t, "/forget", by).want(t, 200)
}

// find returns the hits of a recall by fields.
func (m instance) find(t testing.TB, query object) []object {
	t.Helper()
	body := object{"limit": 100}
	maps.Copy(body, query)
	return objects(t, m.post(t, "/recall", body).want(t, 200), "hits")
}

// hook makes a hook, which goes with the test, and returns the answer.
func (m instance) hook(t testing.TB, body object) object {
	t.Helper()
	made := m.post(t, "/hooks", body).want(t, 201)
	id := text(t, made, "id")
	t.Cleanup(func() { _, _ = m.try(context.Background(), "DELETE", m.path("/hooks/"+id), nil) })
	return made
}

// push makes a webhook hook that posts to rx, with more settings on top, and
// returns its id.
func (m instance) push(t testing.TB, rx *receiver, more ...object) string {
	t.Helper()
	body := object{"name": name("push"), "delivery_mode": "webhook", "url": rx.url}
	for _, o := range more {
		maps.Copy(body, o)
	}
	return text(t, m.hook(t, body), "id")
}

// feed makes a hook whose events are polled and returns its id.
func (m instance) feed(t testing.TB, more ...object) string {
	t.Helper()
	body := object{"name": name("feed"), "delivery_mode": "cdc"}
	for _, o := range more {
		maps.Copy(body, o)
	}
	return text(t, m.hook(t, body), "id")
}

// entry is one event of the log as a hook sees it.
type entry struct {
	Seq   int             `json:"seq"`
	Prev  *int            `json:"prev_seq"`
	ID    string          `json:"id"`
	Body  json.RawMessage `json:"event"`
	event object
}

// page is one answer of the log.
type page struct {
	Events   []entry `json:"events"`
	Next     string  `json:"next_cursor"`
	HasMore  *bool   `json:"has_more"`
	CaughtUp *bool   `json:"caught_up"`
	Head     *int    `json:"head_seq"`
	Floor    *int    `json:"floor_seq"`
	Lag      *struct {
		Events *int `json:"events"`
		MS     *int `json:"ms"`
	} `json:"lag"`
}

// page reads one page of a hook's events; the query is as in "after=5&limit=2".
func (m instance) page(t testing.TB, hook, query string) page {
	t.Helper()
	a := m.get(t, "/hooks/"+hook+"/events?"+query)
	a.want(t, 200)
	var p page
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%v: %v", err, a)
	}
	if p.HasMore == nil || p.CaughtUp == nil || p.Head == nil || p.Floor == nil || p.Lag == nil || p.Lag.Events == nil || p.Lag.MS == nil || p.Events == nil {
		t.Fatalf("a key of the page is missing: %v", a)
	}
	for i := range p.Events {
		e := &p.Events[i]
		if e.Prev == nil || e.Seq == 0 || e.ID == "" || json.Unmarshal(e.Body, &e.event) != nil {
			t.Fatalf("an event lacks seq, prev_seq, id or its body: %v", a)
		}
	}
	return p
}

// all reads a hook's events from the first to the last that is there.
func (m instance) all(t testing.TB, hook string) []entry {
	t.Helper()
	var out []entry
	for after := "earliest"; ; {
		p := m.page(t, hook, "limit=1000&after="+url.QueryEscape(after))
		out = append(out, p.Events...)
		if !*p.HasMore {
			return out
		}
		after = p.Next
	}
}

// log returns a hook's events as soon as there are n, and checks that there
// are no more.
func (m instance) log(t testing.TB, hook string, n int) []entry {
	t.Helper()
	var got []entry
	eventually(t, "the events of a log", func() bool {
		got = m.all(t, hook)
		return len(got) >= n
	})
	if len(got) != n {
		t.Fatalf("%d events, want %d: %s", len(got), n, eventBodies(got))
	}
	return got
}

func eventBodies(entries []entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, "\n  "+string(e.Body))
	}
	return out
}

// exactKeys checks an object's key set.
func exactKeys(t testing.TB, o object, want string) {
	t.Helper()
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	if got := strings.Join(keysOf(o), " "); got != strings.Join(wanted, " ") {
		t.Errorf("keys %q, want exactly %q: %v", got, strings.Join(wanted, " "), o)
	}
}

// holdsAll checks that an object has values; numbers are float64.
func holdsAll(t testing.TB, o, want object) {
	t.Helper()
	for key, v := range want {
		got, err := json.Marshal(o[key])
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(wanted) {
			t.Errorf("%s is %s, want %s, in %v", key, got, wanted, o)
		}
	}
}

// kinds is the list of event types of entries, in order.
func kinds(t testing.TB, entries []entry) string {
	t.Helper()
	var out []string
	for _, e := range entries {
		out = append(out, text(t, e.event, "event_type"))
	}
	return strings.Join(out, " ")
}
