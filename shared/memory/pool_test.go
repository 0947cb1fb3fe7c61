package memory_test

import (
	"context"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// putting is an index that something happens to each time it is given documents.
type putting struct {
	store.Index
	each func(docs []store.Document)
}

func (p putting) Put(ctx context.Context, docs []store.Document) error {
	p.each(docs)
	return p.Index.Put(ctx, docs)
}

func TestUpkeepStandsAsideWhileARecallIndexes(t *testing.T) {
	h := open(t)
	h.many(1500)
	given := 0
	h.cloud.Index = putting{h.cloud.Index, func(docs []store.Document) {
		given += len(docs)
		if met, more, err := h.IndexSome(h.ctx, change.Memory{}); met != 0 || more || err != nil {
			t.Errorf("upkeep met %d, %v, %v", met, more, err)
		}
	}}
	h.on(h.cloud.Grains)
	h.recall(memory.Query{Text: "nothing"})
	if given != 1000 {
		t.Errorf("a recall gave the index %d of 1500 grains, want the 1000 oldest", given)
	}
	if met, more, err := h.IndexSome(h.ctx, change.Memory{}); met != 16 || !more || err != nil {
		t.Errorf("afterwards upkeep met %d, %v, %v", met, more, err)
	}
}

// What a recall asks for exactly narrows the choice of what it opens, so that it
// is found however many other grains hold the words.
func TestExactFieldsAreFoundAmongManyThatHoldTheWords(t *testing.T) {
	h := open(t)
	in := memory.Input{Type: "belief", Namespace: "n", Fields: fields{
		"subject": "cup 7", "relation": "stands on", "object": "a shelf", "content": "tea " + strings.Repeat("beside others ", 40),
	}}
	_, err := h.Add(h.ctx, home, h.draw(), in)
	h.must(err)
	h.many(2600)
	for _, q := range []memory.Query{{Relation: "stands on"}, {Object: "a shelf"}, {Subject: "cup 7"}, {Relation: "stands on", Object: "a shelf"}} {
		q.Text = "tea"
		if hits := h.recall(q); len(hits.Hits) != 1 {
			t.Errorf("%+v: %d hits, want 1", q, len(hits.Hits))
		}
	}
	if hits := h.recall(memory.Query{Text: "tea", Relation: "stands"}); len(hits.Hits) != 0 {
		t.Errorf("a part of a relation has %d hits", len(hits.Hits))
	}
}
