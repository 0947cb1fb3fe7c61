package memory_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// many adds grains of one word and a number each.
func (h *house) many(n int) {
	h.Helper()
	in := make([]memory.Input, n)
	for i := range in {
		in[i] = memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": fmt.Sprint("tea ", i), "tags": []any{"hot"}}}
	}
	for _, r := range h.AddMany(h.ctx, home, h.draw(), in) {
		h.must(r.Err)
	}
}

// reading counts what is read of a store, and may say no totals.
type reading struct {
	store.Store
	scans int
	blind bool
}

func (r *reading) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	r.scans++
	page, err := r.Store.Scan(ctx, m, f, after, limit)
	if r.blind {
		page.Total = -1
	}
	return page, err
}

func TestTheNewestAreFoundWithoutReadingTheRest(t *testing.T) {
	h := open(t)
	h.many(450)
	last := h.add("n", fields{"content": "last", "scope_path": "acme"})
	grains := &reading{Store: h.cloud.Grains}
	h.on(grains)
	hits := h.recall(memory.Query{Limit: 2})
	if hits.Total != 451 || len(hits.Hits) != 2 || hits.Hits[0].Hash != last.Grain.Hash || hits.Cut || grains.scans != 1 {
		t.Errorf("%d of %d hits, cut %v, after %d scans", len(hits.Hits), hits.Total, hits.Cut, grains.scans)
	}
	if hits = h.recall(memory.Query{Tags: []string{"hot"}, Limit: 2}); hits.Total != 450 || len(hits.Hits) != 2 || hits.Cut {
		t.Errorf("by a tag: %d of %d hits, cut %v", len(hits.Hits), hits.Total, hits.Cut)
	}
	if hits = h.recall(memory.Query{Tags: []string{"hot"}, Limit: 2, Look: 100}); hits.Total != 99 || len(hits.Hits) != 2 || !hits.Cut {
		t.Errorf("of the newest hundred: %d of %d hits, cut %v", len(hits.Hits), hits.Total, hits.Cut)
	}
	grains.blind = true
	if hits = h.recall(memory.Query{Limit: 2}); hits.Total != 451 || len(hits.Hits) != 2 || hits.Hits[0].Hash != last.Grain.Hash {
		t.Errorf("counted here: %d of %d hits", len(hits.Hits), hits.Total)
	}
}

func TestFiltersAreAskedOfTheIndex(t *testing.T) {
	h := open(t)
	h.many(1100)
	long := "tea " + strings.Repeat("and so on ", 40) // the least likely of all
	deep := strings.Repeat("a/", 40) + "end"
	h.set("n", "cup", long+"named")
	h.add("n", fields{"content": long + "scoped", "scope_path": "acme/prod/eu"})
	h.add("n", fields{"content": long + "deep", "scope_path": deep})
	_, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "belief", Namespace: "n", Fields: fields{"subject": "Ann", "relation": "likes", "object": "tea", "content": long + "told"}})
	h.must(err)
	h.index()
	h.finds("by name", memory.Query{Text: "tea", Named: true}, long+"named")
	h.finds("by scope", memory.Query{Text: "tea", Scope: "acme"}, long+"scoped")
	h.finds("beside a scope", memory.Query{Text: "tea", Scope: "acme/prod/us", Siblings: true}, long+"scoped")
	h.finds("deep down", memory.Query{Text: "tea", Scope: deep}, long+"deep")
	h.finds("above it", memory.Query{Text: "tea", Scope: strings.Repeat("a/", 35)}, long+"deep")
	h.finds("by subject", memory.Query{Text: "tea", Subject: "Ann"}, long+"told")
}

// asked keeps what an index was asked for, and hands out damaged grains.
type asked struct {
	store.Index
	terms   []string
	damaged string // a hash
}

func (a *asked) Find(ctx context.Context, m change.Memory, any, must []string, limit int) (store.Found, error) {
	a.terms = any
	return a.Index.Find(ctx, m, any, must, limit)
}

func (a *asked) Pending(ctx context.Context, m change.Memory, limit int) ([]store.Located, error) {
	all, err := a.Index.Pending(ctx, m, limit)
	for i := range all {
		if g := &all[i].Grain; g.Hash == a.damaged {
			g.Box = slices.Clone(g.Box)
			g.Box[len(g.Box)-1] ^= 1
		}
	}
	return all, err
}

func TestAQuerysTermsCountOnceAndTheFirst32(t *testing.T) {
	h := open(t)
	index := &asked{Index: h.cloud.Index}
	h.cloud.Index = index
	h.on(h.cloud.Grains)
	h.add("n", fields{"content": "word31 stands here"})
	h.add("n", fields{"content": "word32 stands here"})
	var query strings.Builder
	for i := range 100 {
		fmt.Fprintf(&query, "word%d word%d word0 ", i, i)
	}
	h.finds("the first 32", memory.Query{Text: query.String()}, "word31 stands here")
	if len(index.terms) != 32 {
		t.Errorf("the index was asked for %d terms", len(index.terms))
	}
	_, err := h.Search(h.ctx, home, memory.Query{Text: "tea", Tags: make([]string, 257)})
	h.refused(err, fault.InvalidField)
}

func TestADamagedGrainHoldsUpNoOther(t *testing.T) {
	h := open(t)
	var log bytes.Buffer
	bad := h.add("n", fields{"content": "tea secretly"})
	h.add("n", fields{"content": "tea openly"})
	index := &asked{Index: h.cloud.Index, damaged: bad.Grain.Hash}
	sealer := seal.New(seal.Config{Keys: h.cloud.Keys, Cells: h.cloud.Cells, Wrapper: h.cloud.Wrapper, Now: clock, CacheTTL: time.Hour})
	h.Service = memory.New(memory.Config{
		Registry: h.cloud.Memories, Store: h.cloud.Grains, Eraser: h.cloud.Eraser, Index: index,
		Keys: h.cloud.Keys, Sealer: sealer, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	h.finds("unindexed", memory.Query{Text: "tea"}, "tea openly")
	met, more, err := h.IndexSome(h.ctx, change.Memory{})
	if met != 2 || more || err != nil {
		t.Errorf("met %d, %v, %v", met, more, err)
	}
	h.finds("indexed", memory.Query{Text: "tea"}, "tea openly")
	if !strings.Contains(log.String(), bad.Grain.Hash) || strings.Contains(log.String(), "secretly") {
		t.Errorf("logged %q", log.String())
	}
	if left, err := h.cloud.Index.Pending(h.ctx, home, 10); len(left) != 0 || err != nil {
		t.Errorf("%d left, %v", len(left), err)
	}
}

// A query may name what was erased: it goes with the scope it was asked in.
func TestARecallsQueryIsErasedWithItsScope(t *testing.T) {
	for _, q := range []memory.Query{{Text: "Ann's tea", Scope: "acme/prod/"}, {Text: "Ann's tea", Scope: "acme/prod", Namespace: ptr("n")}, {Text: "Ann's tea", Namespace: ptr("acme")}} {
		h := open(t)
		_, err := h.Recall(h.ctx, home, h.draw(), q)
		h.must(err)
		c := h.raised(0, events.Recalled)[0]
		h.erase(seal.Selector{Scope: "acme"})
		if told, err := h.Tell(h.ctx, c); err != nil || told.Gone != dialect.Erased || told.Fields != nil {
			t.Errorf("told %+v, %v", told, err)
		}
	}
}
