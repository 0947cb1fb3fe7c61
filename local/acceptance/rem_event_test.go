package acceptance_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestRow025EventFilter(t *testing.T) {
	row(t, 25, "event filter")
	c := shared(t)
	ns := name("row-025")
	wanted := []string{"memory.created", "memory.updated", "memory.deleted", "memory.recalled"}
	receivers := make([]*receiver, len(wanted))
	for i, event := range wanted {
		receivers[i] = receive(t)
		c.listen(t, receivers[i], ns, event)
	}
	const rounds = 3
	for range rounds {
		id := c.remember(t, ns, "heron")
		c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "grey heron"}).want(t, 200)
		c.recall(t, ns, "heron")
		c.forget(t, id).want(t, 200)
	}
	for i, rx := range receivers {
		got := rx.exactly(t, rounds)
		slices.SortFunc(got, func(a, b request) int { return a.seq(t) - b.seq(t) })
		for j, r := range got {
			if r.json(t)["event"] != wanted[i] {
				t.Errorf("a webhook for %s heard %s", wanted[i], r.body)
			}
			if j > 0 {
				unbroken(t, got[j-1], r)
			}
		}
	}
}

func TestRow026NamespaceFilter(t *testing.T) {
	row(t, 26, "namespace filter")
	c := tenant(t)
	ns := name("row-026")
	exact, all := receive(t), receive(t)
	c.listen(t, exact, ns, "memory.created", "memory.updated", "memory.deleted")
	c.webhook(t, object{"url": all.url, "events": list{"memory.created"}})
	c.remember(t, ns, "first")
	others := []string{ns + "/sub", ns + "x", ns[:len(ns)-1], strings.ToUpper(ns), " " + ns, "default", ns + "/"}
	for _, other := range others {
		c.remember(t, other, "not for the exact one")
	}
	c.remember(t, ns, "last")
	got := exact.exactly(t, 2)
	slices.SortFunc(got, func(a, b request) int { return a.seq(t) - b.seq(t) })
	unbroken(t, got[0], got[1])
	for _, r := range got {
		if r.data(t)["namespace"] != ns {
			t.Errorf("heard %s", r.body)
		}
	}
	heard := map[any]bool{}
	for _, r := range all.exactly(t, len(others)+2) {
		heard[r.data(t)["namespace"]] = true
	}
	if len(heard) != len(others)+1 {
		t.Errorf("a webhook without a namespace heard of %v", heard)
	}
}

func TestRow027MemoryRecalled(t *testing.T) {
	row(t, 27, "memory.recalled")
	c := tenant(t)
	ns := name("row-027")
	listed, unlisted, everywhere := receive(t), receive(t), receive(t)
	c.listen(t, listed, ns, "memory.recalled")
	c.listen(t, unlisted, ns, "memory.created", "memory.updated", "memory.deleted")
	c.webhook(t, object{"url": everywhere.url, "events": list{"memory.recalled"}})
	one, two := c.remember(t, ns, "otter at the river"), c.remember(t, ns, "otter at the lake")
	c.set(t, ns, "animal", "beaver at the dam")

	c.recall(t, ns, "otter")   // two hits, one event
	c.recall(t, ns, "unicorn") // none, one event
	c.call(t, "POST", "/v1/memory-search", object{"query": "beaver", "namespace": ns}).want(t, 200)
	c.call(t, "POST", "/v1/memory-get", object{"key": "animal", "namespace": ns}).want(t, 200)
	c.call(t, "POST", "/v1/memory-list", object{"namespace": ns}).want(t, 200)
	c.call(t, "GET", "/v1/memories/"+one, nil).want(t, 200)
	c.call(t, "POST", "/v1/recall", object{"query": "otter"}).want(t, 200) // no namespace: for hooks without one
	c.recall(t, ns, "fence")

	got := listed.exactly(t, 4)
	slices.SortFunc(got, func(a, b request) int { return a.seq(t) - b.seq(t) })
	for i, want := range []struct {
		query string
		total float64
	}{{"otter", 2}, {"unicorn", 0}, {"beaver", 1}, {"fence", 0}} {
		data := got[i].data(t)
		ids, isList := data["memory_ids"].([]any)
		if data["query"] != want.query || data["total"] != want.total || !isList || float64(len(ids)) != want.total || data["namespace"] != ns {
			t.Errorf("event %d is %s, want %q with %v hits", i, got[i].body, want.query, want.total)
		}
		if i > 0 {
			unbroken(t, got[i-1], got[i])
		}
		if i == 0 && !(slices.Contains(ids, any(one)) && slices.Contains(ids, any(two))) {
			t.Errorf("the hits %s and %s are not in %s", one, two, got[i].body)
		}
	}
	nowhere := slices.IndexFunc(everywhere.exactly(t, 5), func(r request) bool {
		_, has := r.data(t)["namespace"]
		return !has
	})
	if nowhere < 0 {
		t.Error("the event of a recall without namespace names one")
	}
	for _, r := range unlisted.exactly(t, 3) {
		if r.json(t)["event"] != "memory.created" {
			t.Errorf("not listed, and heard: %s", r.body)
		}
	}
}

func TestRow028TagsArray(t *testing.T) {
	row(t, 28, "tags array")
	c := shared(t)
	ns := name("row-028")
	rx := receive(t)
	c.listen(t, rx, ns, "memory.created", "memory.updated", "memory.deleted")
	n := 0
	check := func(want list) {
		t.Helper()
		n++
		r := rx.exactly(t, n)[n-1]
		if tags := r.data(t)["tags"]; !reflect.DeepEqual(tags, want) {
			t.Errorf("tags %v, want %v: %s", tags, want, r.body)
		}
	}
	many := list{"z", "a", "m", "Ä", "a", "10", "2"}
	none := c.remember(t, ns, "without tags")
	check(list{})
	some := c.remember(t, ns, "with tags", many...)
	check(many)
	single := c.remember(t, ns, "with one tag", "only")
	check(list{"only"})
	c.call(t, "PATCH", "/v1/memories/"+some, object{"content": "same tags"}).want(t, 200)
	check(many)
	c.call(t, "PATCH", "/v1/memories/"+single, object{"tags": list{"y", "x"}}).want(t, 200)
	check(list{"y", "x"})
	c.call(t, "PATCH", "/v1/memories/"+single, object{"tags": list{}}).want(t, 200)
	check(list{})
	for _, id := range []string{none, some, single} {
		c.forget(t, id).want(t, 200)
		n++
		r := rx.exactly(t, n)[n-1]
		if _, ok := r.data(t)["tags"].([]any); !ok {
			t.Errorf("tags are no array: %s", r.body)
		}
	}
}

func TestRow029SlackUseCase(t *testing.T) {
	row(t, 29, "Slack use case")
	c := shared(t)
	ns := name("row-029")
	slack := receive(t)
	// What a consumer does: a note on each new memory that is tagged.
	consumer := receive(t)
	relay := func(r request) {
		event, data := r.json(t), r.data(t)
		tags, _ := data["tags"].([]any)
		if event["event"] != "memory.created" || !slices.Contains(tags, any("architecture")) {
			return
		}
		note, err := json.Marshal(object{"text": "New architecture decision stored:\n" + text(t, data, "content")})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := http.Post(slack.url, "application/json", strings.NewReader(string(note)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, sent.Body)
		sent.Body.Close()
	}
	c.listen(t, consumer, ns, "*")
	c.remember(t, ns, "no tags at all")
	c.remember(t, ns, "another tag", "architectural", "caching")
	id := c.remember(t, ns, "Use Redis\nfor caching", "caching", "architecture")
	consumer.exactly(t, 3) // built later than it is forgotten, it would go out without content
	c.forget(t, id).want(t, 200)
	got := consumer.exactly(t, 4)
	for _, r := range got {
		relay(r)
	}
	notes := slack.exactly(t, 1)
	if said := notes[0].json(t)["text"]; said != "New architecture decision stored:\nUse Redis\nfor caching" {
		t.Errorf("the channel reads %q", said)
	}
}
