package acceptance_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A memory's id, and times in answers and in webhook bodies.
var (
	memoryID   = regexp.MustCompile(`^mem_[0-9A-Za-z]+$`)
	answerTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	eventTime  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
)

func TestRow005Remember(t *testing.T) {
	row(t, 5, "remember")
	c := shared(t)
	ns := name("row-005")
	content := "Redis für Caching 🚀 \"quoted\" <b>&amp;</b>\u2028\t\x00 end"
	made := c.call(t, "POST", "/v1/remember", object{
		"content": content, "tags": list{"architecture", "caching"}, "namespace": ns, "metadata": object{"source": "meeting"}, "user_id": "u1",
	}).want(t, 201)
	id := text(t, made, "id")
	if !memoryID.MatchString(id) || made["content"] != content || made["namespace"] != ns ||
		!reflect.DeepEqual(made["tags"], list{"architecture", "caching"}) {
		t.Errorf("got %v", made)
	}
	created, err := time.Parse(time.RFC3339, text(t, made, "created_at"))
	if err != nil || !answerTime.MatchString(text(t, made, "created_at")) || time.Since(created).Abs() > time.Minute {
		t.Errorf("created_at %v", made["created_at"])
	}
	kept := c.call(t, "GET", "/v1/memories/"+id, nil).want(t, 200)
	for key, value := range made {
		if !reflect.DeepEqual(kept[key], value) {
			t.Errorf("%s is %v when read back, was %v", key, kept[key], value)
		}
	}
	bare := c.call(t, "POST", "/v1/remember", object{"content": "bare " + ns}).want(t, 201)
	t.Cleanup(func() { _, _ = c.try(context.Background(), "DELETE", "/v1/forget?memory_id="+text(t, bare, "id"), nil) })
	if bare["namespace"] != "default" || !reflect.DeepEqual(bare["tags"], list{}) {
		t.Errorf("want namespace default and no tags: %v", bare)
	}
}

func TestRow006RememberLimits(t *testing.T) {
	row(t, 6, "remember limits")
	c := shared(t)
	ns := name("row-006")
	for _, fits := range []string{strings.Repeat("x", 32_768), strings.Repeat("€", 10_922) + "xx"} {
		id := c.remember(t, ns, fits)
		if kept := c.call(t, "GET", "/v1/memories/"+id, nil).want(t, 200); kept["content"] != fits {
			t.Error("32,768 bytes did not come back as they were")
		}
	}
	for _, over := range []string{strings.Repeat("x", 32_769), strings.Repeat("€", 10_922) + "xxx", strings.Repeat("€", 32_768)} {
		a := c.call(t, "POST", "/v1/remember", object{"content": over, "namespace": ns})
		if a.status != 400 && a.status != 413 {
			t.Errorf("%d bytes of content: want 400 or 413: %v", len(over), a)
			continue
		}
		a.failure(t, "")
	}
	c.call(t, "POST", "/v1/remember", object{"namespace": ns}).refused(t, 400, "missing_field")
	for _, wrong := range []any{5, true, nil, list{"x"}, object{"x": 1}} {
		c.call(t, "POST", "/v1/remember", object{"content": wrong, "namespace": ns}).refused(t, 400, "")
	}
	c.call(t, "POST", "/v1/remember", object{"content": "x", "tags": "x", "namespace": ns}).refused(t, 400, "invalid_field")
	c.call(t, "POST", "/v1/remember", object{"content": "x", "tags": list{1}, "namespace": ns}).refused(t, 400, "invalid_field")
	listed := c.call(t, "DELETE", "/v1/forget?namespace="+ns, nil).want(t, 200)
	if listed["deleted"] != 2.0 {
		t.Errorf("the refused writes left something: forgot %v, want 2", listed["deleted"])
	}
}

func TestRow007Recall(t *testing.T) {
	row(t, 7, "recall")
	c := shared(t)
	ns := name("row-007")
	id := c.remember(t, ns, "We decided to use Redis for caching", "architecture")
	c.remember(t, ns, "The cafeteria closes at three on Fridays")
	found := c.call(t, "POST", "/v1/recall", object{"query": "redis caching", "namespace": ns}).want(t, 200)
	for _, key := range []string{"memories", "total", "query_time_ms"} {
		if found[key] == nil {
			t.Errorf("no %s in %v", key, found)
		}
	}
	if ms, ok := found["query_time_ms"].(float64); !ok || ms < 0 {
		t.Errorf("query_time_ms %v", found["query_time_ms"])
	}
	hits := objects(t, found, "memories")
	if len(hits) == 0 || found["total"] != float64(len(hits)) {
		t.Fatalf("total %v of %v", found["total"], hits)
	}
	first := hits[0]
	if keys := keysOf(first); !reflect.DeepEqual(keys, []string{"content", "created_at", "id", "namespace", "score", "tags"}) {
		t.Errorf("keys of a hit: %v", keys)
	}
	if first["id"] != id || first["content"] != "We decided to use Redis for caching" || !reflect.DeepEqual(first["tags"], list{"architecture"}) {
		t.Errorf("the best hit is %v", first)
	}
	last := 1.0
	for _, hit := range hits {
		score, ok := hit["score"].(float64)
		if !ok || score <= 0 || score > last {
			t.Errorf("score %v after %v: want 0 to 1, best first", hit["score"], last)
		}
		last = score
	}
	if none := c.recall(t, ns, "zeppelin"); len(none) != 0 {
		t.Errorf("found without a common word: %v", none)
	}
	c.call(t, "POST", "/v1/recall", object{"namespace": ns}).refused(t, 400, "missing_field")
	if over := c.call(t, "POST", "/v1/recall", object{"query": strings.Repeat("q", 8193)}); over.status != 400 && over.status != 413 {
		t.Errorf("a query of 8,193 bytes: want 400 or 413: %v", over)
	}
	c.call(t, "POST", "/v1/recall", object{"query": strings.Repeat("q", 8192), "namespace": ns}).want(t, 200)
}

func TestRow008RecallLimits(t *testing.T) {
	row(t, 8, "recall limits")
	c := tenant(t)
	ns, other := name("row-008"), name("row-008-other")
	beside(t, 105, func(i int) error {
		tags := list{"all"}
		if i%5 == 0 {
			tags = list{"fifth", "all"}
		}
		_, err := c.try(t.Context(), "POST", "/v1/remember",
			object{"content": fmt.Sprintf("penguin number %d", i), "namespace": ns, "tags": tags})
		return err
	})
	c.remember(t, other, "penguin elsewhere")
	hits := func(extra object) []object {
		body := object{"query": "penguin", "namespace": ns}
		maps.Copy(body, extra)
		return objects(t, c.call(t, "POST", "/v1/recall", body).want(t, 200), "memories")
	}
	for _, narrowed := range []struct {
		by   object
		want int
	}{
		{nil, 10}, {object{"limit": 3}, 3}, {object{"limit": 100}, 100}, {object{"tags": list{"all", "none"}}, 0},
		{object{"limit": 100, "tags": list{"all", "fifth"}}, 21}, {object{"limit": 100, "tags": list{"fifth"}}, 21},
	} {
		got := hits(narrowed.by)
		if len(got) != narrowed.want {
			t.Errorf("%d hits with %v, want %d", len(got), narrowed.by, narrowed.want)
		}
		for _, hit := range got {
			if hit["namespace"] != ns {
				t.Errorf("a hit from %v in %s", hit["namespace"], ns)
			}
		}
	}
	c.call(t, "POST", "/v1/recall", object{"query": "penguin", "namespace": ns, "limit": 101}).refused(t, 400, "invalid_field")
	if elsewhere := c.recall(t, other, "penguin"); len(elsewhere) != 1 || elsewhere[0]["content"] != "penguin elsewhere" {
		t.Errorf("the other namespace has %v", elsewhere)
	}
	everywhere := c.call(t, "POST", "/v1/recall", object{"query": "elsewhere"}).want(t, 200)
	if n := len(objects(t, everywhere, "memories")); n != 1 {
		t.Errorf("a recall without namespace found %d, want the one that is elsewhere", n)
	}
}

func TestRow008Threshold(t *testing.T) {
	row(t, 8, "recall limits")
	c := shared(t)
	ns := name("row-008-threshold")
	c.remember(t, ns, "emperor penguin colony")
	c.remember(t, ns, "a penguin among many other words that nobody asked for in this recall")
	ask := func(threshold any) []object {
		body := object{"query": "emperor penguin colony", "namespace": ns, "threshold": threshold}
		return objects(t, c.call(t, "POST", "/v1/recall", body).want(t, 200), "memories")
	}
	all := ask(0)
	if len(all) != 2 {
		t.Fatalf("%v, want both", all)
	}
	best, worst := all[0]["score"].(float64), all[1]["score"].(float64)
	if best <= worst {
		t.Fatalf("scores %v and %v: the first must be better", best, worst)
	}
	if above := ask((best + worst) / 2); len(above) != 1 || above[0]["id"] != all[0]["id"] {
		t.Errorf("above %v: %v", (best+worst)/2, above)
	}
	for _, wrong := range []any{1.5, -0.1, "high"} {
		c.call(t, "POST", "/v1/recall", object{"query": "penguin", "threshold": wrong}).refused(t, 400, "invalid_field")
	}
}

func TestRow009ForgetByID(t *testing.T) {
	row(t, 9, "forget by id")
	c := shared(t)
	ns := name("row-009")
	rx := receive(t)
	c.listen(t, rx, ns, "memory.deleted")
	kept := c.remember(t, ns, "walrus that stays")
	var ids []string
	for i, forget := range []func(id string) answer{
		func(id string) answer { return c.call(t, "DELETE", "/v1/forget", object{"memory_id": id}) },
		func(id string) answer { return c.forget(t, id) },
		func(id string) answer { return c.call(t, "DELETE", "/v1/memories/"+id, nil) },
	} {
		id := c.remember(t, ns, "walrus that goes")
		ids = append(ids, id)
		if a := forget(id); a.want(t, 200)["deleted"] != 1.0 {
			t.Errorf("want deleted 1: %v", a)
		}
		forget(id).refused(t, 404, "not_found")
		c.call(t, "GET", "/v1/memories/"+id, nil).refused(t, 404, "not_found")
		got := rx.exactly(t, i+1)
		last := got[i]
		if event := last.json(t); event["event"] != "memory.deleted" || last.data(t)["memory_id"] != id {
			t.Errorf("forgot %s, heard %s", id, last.body)
		}
		if i > 0 {
			unbroken(t, got[i-1], last)
		}
	}
	hits := c.recall(t, ns, "walrus")
	if len(hits) != 1 || hits[0]["id"] != kept {
		t.Errorf("forgot %v, recall finds %v", ids, hits)
	}
}

func TestRow010ForgetByNamespace(t *testing.T) {
	row(t, 10, "forget by namespace")
	c := shared(t)
	ns, other := name("row-010"), name("row-010-other")
	rx, rest := receive(t), receive(t)
	c.listen(t, rx, ns, "memory.deleted")
	c.listen(t, rest, other, "*")
	stays := c.remember(t, other, "ibex in the other namespace")
	for round, forget := range []func() answer{
		func() answer { return c.call(t, "DELETE", "/v1/forget", object{"namespace": ns}) },
		func() answer { return c.call(t, "DELETE", "/v1/forget?namespace="+url.QueryEscape(ns), nil) },
	} {
		gone := map[any]bool{}
		for i := range 3 {
			gone[c.remember(t, ns, fmt.Sprintf("ibex %d", i))] = true
		}
		if a := forget(); a.want(t, 200)["deleted"] != 3.0 {
			t.Errorf("want deleted 3: %v", a)
		}
		for _, r := range rx.exactly(t, 3*(round+1))[3*round:] {
			if id := r.data(t)["memory_id"]; !gone[id] {
				t.Errorf("an event too many, of %v: %s", id, r.body)
			} else {
				delete(gone, id)
			}
		}
		if len(gone) != 0 {
			t.Errorf("no event of %v", gone)
		}
		if hits := c.recall(t, ns, "ibex"); len(hits) != 0 {
			t.Errorf("recall still finds %v", hits)
		}
		if again := forget().want(t, 200); again["deleted"] != 0.0 {
			t.Errorf("forgot twice: %v", again)
		}
	}
	c.call(t, "GET", "/v1/memories/"+stays, nil).want(t, 200)
	if hits := c.recall(t, other, "ibex"); len(hits) != 1 {
		t.Errorf("the other namespace has %v", hits)
	}
	c.remember(t, other, "fence")
	got := rest.until(t, holding(t, "fence"))
	if created := got[0]; created.data(t)["memory_id"] != stays {
		t.Errorf("the other namespace heard first of %s", created.body)
	}
	for _, r := range got {
		if r.json(t)["event"] == "memory.deleted" {
			t.Errorf("the other namespace heard %s", r.body)
		}
	}
}

// keysOf returns an object's keys in alphabetical order.
func keysOf(o object) []string { return slices.Sorted(maps.Keys(o)) }

// beside runs n pieces of work, 32 at a time, and stops the test at an error.
func beside(t testing.TB, n int, work func(i int) error) {
	t.Helper()
	var waiting sync.WaitGroup
	slots := make(chan struct{}, load(32, 12))
	failures := make(chan error, n)
	for i := range n {
		slots <- struct{}{}
		waiting.Go(func() {
			defer func() { <-slots }()
			if err := work(i); err != nil {
				failures <- err
			}
		})
	}
	waiting.Wait()
	close(failures)
	for err := range failures {
		t.Fatal(err)
	}
}
