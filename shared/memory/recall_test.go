package memory_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func texts(hits memory.Hits) []string {
	out := []string{}
	for _, h := range hits.Hits {
		s, _ := h.Fields["content"].(string)
		out = append(out, s)
	}
	return out
}

func (h *house) finds(what string, q memory.Query, want ...string) {
	h.Helper()
	got := texts(h.recall(q))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.Errorf("%s: found %q, want %q", what, got, want)
	}
}

func (h *house) index() {
	h.Helper()
	for more := true; more; {
		var err error
		_, more, err = h.IndexSome(h.ctx, home)
		h.must(err)
	}
}

// corpus is a small one; how it is found must not depend on the index.
func (h *house) corpus() {
	h.add("work", fields{"content": "green tea in the morning", "tags": []any{"drink", "daily"}, "scope_path": "acme/prod/eu", "confidence": number("0.9")})
	h.add("work", fields{"content": "black tea at noon", "tags": []any{"drink"}, "scope_path": "acme/prod", "confidence": number("0.4")})
	h.add("play", fields{"content": "tea and chess", "tags": []any{"daily"}, "scope_path": "acme/production"})
	h.add("play", fields{"content": "chess in the park", "scope_path": "acme/test"})
	h.set("play", "favourite", "chess with tea")
}

func TestRecallFindsAlikeWithAndWithoutTheIndex(t *testing.T) {
	h := open(t)
	h.corpus()
	scores := func() map[string]float64 {
		out := map[string]float64{}
		for _, hit := range h.recall(memory.Query{Text: "green tea"}).Hits {
			out[hit.Hash] = hit.Score
		}
		return out
	}
	check := func(when string) {
		const eu, prod, game, park, named = "green tea in the morning", "black tea at noon", "tea and chess", "chess in the park", "chess with tea"
		h.finds(when+" by a word", memory.Query{Text: "tea"}, eu, prod, game, named)
		h.finds(when+" whatever its case", memory.Query{Text: "TEA, Morning!"}, eu, prod, game, named)
		h.finds(when+" in a namespace", memory.Query{Text: "tea", Namespace: ptr("work")}, eu, prod)
		h.finds(when+" in an unknown namespace", memory.Query{Text: "tea", Namespace: ptr("wor")})
		h.finds(when+" with all tags", memory.Query{Text: "tea", Tags: []string{"drink", "daily"}}, eu)
		h.finds(when+" with one tag", memory.Query{Text: "tea", Tags: []string{"daily"}}, eu, game)
		h.finds(when+" in a scope", memory.Query{Text: "tea", Scope: "acme/prod"}, eu, prod)
		h.finds(when+" beside a scope", memory.Query{Text: "tea chess", Scope: "acme/prod", Siblings: true}, eu, prod, game, park)
		h.finds(when+" of a type", memory.Query{Text: "tea", Type: "belief"})
		h.finds(when+" with confidence", memory.Query{Text: "tea", Confidence: 0.9}, eu, game, named)
		h.finds(when+" with a key", memory.Query{Text: "tea", Named: true}, named)
		h.finds(when+" without words", memory.Query{Text: " ,. "})
		h.finds(when+" what is not there", memory.Query{Text: "coffee"})
	}
	check("unindexed,")
	before := scores()
	h.index()
	check("indexed,")
	for hash, after := range scores() {
		if math.Abs(after-before[hash]) > 1e-9 {
			t.Errorf("%.8s scores %v unindexed and %v indexed", hash, before[hash], after)
		}
	}
	h.add("work", fields{"content": "white tea"})
	h.finds("half indexed,", memory.Query{Text: "tea", Namespace: ptr("work")}, "green tea in the morning", "black tea at noon", "white tea")
}

func TestHitsAreOrderedByScoreAndCutToTheLimit(t *testing.T) {
	h := open(t)
	h.corpus()
	hits := h.recall(memory.Query{Text: "green tea", Limit: 2})
	if hits.Total != 4 || len(hits.Hits) != 2 || hits.Hits[0].Fields["content"] != "green tea in the morning" {
		t.Errorf("%d of %d: %q", len(hits.Hits), hits.Total, texts(hits))
	}
	for _, hit := range h.recall(memory.Query{Text: "green tea"}).Hits {
		if hit.Score <= 0 || hit.Score > 1 {
			t.Errorf("%q scores %v", hit.Fields["content"], hit.Score)
		}
	}
	best := hits.Hits[0].Score
	if over := h.recall(memory.Query{Text: "green tea", Threshold: best}); len(over.Hits) != 1 {
		t.Errorf("a threshold of the best score leaves %d", len(over.Hits))
	}
	if over := h.recall(memory.Query{Text: "green tea", Threshold: math.Nextafter(best, 2)}); over.Total != 0 {
		t.Errorf("a threshold above it leaves %d", over.Total)
	}
}

func TestAQueryWithoutTextTakesAllThatFitNewestFirst(t *testing.T) {
	h := open(t)
	for i := range 7 {
		w, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "belief", Namespace: "n", Fields: fields{"subject": fmt.Sprint("s", i%2), "relation": "is", "object": fmt.Sprint(i)}})
		h.must(err)
		_ = w
	}
	hits := h.recall(memory.Query{Type: "fact", Subject: "s0", Limit: 2})
	if hits.Total != 4 || len(hits.Hits) != 2 || hits.Hits[0].Fields["object"] != "6" || hits.Hits[1].Fields["object"] != "4" || hits.Hits[0].Score != 1 {
		t.Errorf("%d of %d", len(hits.Hits), hits.Total)
	}
	if n := h.recall(memory.Query{Relation: "is", Object: "3"}).Total; n != 1 {
		t.Errorf("by object: %d", n)
	}
	_, err := h.Search(h.ctx, home, memory.Query{Type: "wish"})
	h.refused(err, fault.InvalidField)
}

func TestScopesAreReadAsPathsAndNamespacesStandIn(t *testing.T) {
	h := open(t)
	for _, s := range []struct{ namespace, path, text string }{
		{"n", "acme/prod", "at"}, {"n", "acme/prod/eu", "below"}, {"n", "acme/production", "beside"}, {"n", "acme", "above"}, {"acme/prod/us", "", "namespace"},
		{"acme/prod", "other", "moved"}, {"n", "", "plain"}, {"n", "Acme/prod", "case"},
	} {
		f := fields{"content": s.text}
		if s.path != "" {
			f["scope_path"] = s.path
		}
		h.add(s.namespace, f)
	}
	h.finds("a subtree", memory.Query{Scope: "acme/prod"}, "at", "below", "namespace")
	h.finds("its slash means nothing", memory.Query{Scope: "acme/prod/"}, "at", "below", "namespace")
	h.finds("a leaf", memory.Query{Scope: "acme/prod/eu"}, "below")
	h.finds("with what is beside it", memory.Query{Scope: "acme/prod", Siblings: true}, "at", "below", "namespace", "beside")
	h.finds("beside a leaf", memory.Query{Scope: "acme/prod/eu", Siblings: true}, "below", "namespace")
	h.finds("nothing", memory.Query{Scope: "acm"})
	h.finds("at the top all are beside each other", memory.Query{Scope: "acme", Siblings: true}, "at", "below", "beside", "above", "namespace", "moved", "plain", "case")
}

func TestWhatWentIsFoundNoMore(t *testing.T) {
	for _, indexed := range []bool{false, true} {
		h := open(t)
		old, _ := h.versions("n", fields{"content": "word one"})
		gone := h.add("n", fields{"content": "word two"})
		h.add("n", fields{"content": "word three", "user_id": "ann"})
		h.add("n", fields{"content": "word stays"})
		if indexed {
			h.index()
		}
		next, err := h.Supersede(h.ctx, home, h.draw(), gone.Grain.Hash, memory.Input{Fields: fields{"content": "word four"}})
		h.must(err)
		h.erase(personSelector("ann"))
		h.finds("superseded and erased", memory.Query{Text: "word"}, "word stays", "word four")
		h.forget(store.Ref{Hash: next.Grain.Hash}, store.Ref{Hash: old.Grain.Hash})
		h.finds("forgotten", memory.Query{Text: "word newer"}, "word stays")
		h.finds("forgotten, without text", memory.Query{}, "word stays")
	}
}

func TestNothingOfAnotherMemoryIsFound(t *testing.T) {
	h := open(t)
	h.corpus()
	other := change.Memory{Tenant: "rival", ID: home.ID}
	h.must(h.cloud.Memories.Put(h.ctx, store.Instance{Memory: other, Version: 1}))
	for _, index := range []func(){func() {}, h.index} {
		index()
		for _, q := range []memory.Query{{Text: "tea"}, {}} {
			if hits, err := h.Search(h.ctx, other, q); err != nil || hits.Total != 0 {
				t.Errorf("%d of another tenant's, %v", hits.Total, err)
			}
		}
	}
}

func TestEachRecallOfACallerRaisesOneChange(t *testing.T) {
	h := open(t)
	h.corpus()
	head := h.head()
	hits, err := h.Recall(h.ctx, home, h.draw(), memory.Query{Text: "tea", Namespace: ptr("work"), Limit: 1})
	h.must(err)
	_, err = h.Recall(h.ctx, home, h.draw(), memory.Query{Text: "nothing"})
	h.must(err)
	h.recall(memory.Query{Text: "tea"}) // the console's raises none
	_, err = h.Recall(h.ctx, home, h.draw(), memory.Query{Text: "tea", Namespace: ptr("\x00hooks")})
	h.refused(err, fault.InvalidField)
	cs := h.raised(head, events.Recalled, events.Recalled)
	if cs[0].Count != 2 || cs[0].Namespace != "work" || cs[0].Lineage != "" || cs[1].Count != 0 || cs[1].Namespace != "" {
		t.Errorf("raised %+v", cs)
	}
	told, err := h.Tell(h.ctx, cs[0])
	h.must(err)
	ids, _ := told.Fields["memory_ids"].([]any)
	if told.Fields["query"] != "tea" || len(ids) != 1 || ids[0] != change.MemoryID(hits.Hits[0].Lineage) {
		t.Errorf("told with %v", told.Fields)
	}
}

func TestIndexingTakesTheOldestAndSaysWhetherThereIsMore(t *testing.T) {
	h := open(t)
	in := make([]memory.Input, 30)
	for i := range in {
		in[i] = memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": fmt.Sprintf("word%d common", i)}}
	}
	for _, r := range h.AddMany(h.ctx, home, h.draw(), in) {
		h.must(r.Err)
	}
	met, more, err := h.IndexSome(h.ctx, change.Memory{})
	if met != 16 || !more || err != nil {
		t.Errorf("first %d, %v, %v", met, more, err)
	}
	h.finds("in the indexed part or not", memory.Query{Text: "word29"}, "word29 common")
	h.finds("in the indexed part or not", memory.Query{Text: "word3"}, "word3 common")
	if n := h.recall(memory.Query{Text: "common"}).Total; n != 30 {
		t.Errorf("%d of 30 found", n)
	}
	met, more, err = h.IndexSome(h.ctx, change.Memory{})
	if met != 14 || more || err != nil {
		t.Errorf("then %d, %v, %v", met, more, err)
	}
	if met, more, err = h.IndexSome(h.ctx, home); met != 0 || more || err != nil {
		t.Errorf("at last %d, %v, %v", met, more, err)
	}
}

// Between the two looks of a recall, upkeep may index what the first one saw.
func TestAGrainThatIsIndexedMeanwhileIsFoundOnce(t *testing.T) {
	h := open(t)
	old := h.add("n", fields{"content": "word one"})
	h.withIndex(func() {
		_, err := h.Supersede(h.ctx, home, h.draw(), old.Grain.Hash, memory.Input{Fields: fields{"content": "word two"}})
		h.must(err)
		h.add("n", fields{"content": "word three"})
		h.index()
	})
	h.finds("once each, and the newest", memory.Query{Text: "word"}, "word two", "word three")
}
