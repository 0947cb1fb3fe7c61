package aws_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/memory/store"
	assembly "github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal"
)

// given is an index that notes what it is given.
type given struct {
	store.Index
	mu   sync.Mutex
	docs []store.Document
}

func (g *given) Put(ctx context.Context, docs []store.Document) error {
	g.mu.Lock()
	g.docs = append(g.docs, docs...)
	g.mu.Unlock()
	return g.Index.Put(ctx, docs)
}

// entry is a term of the index as its segments hold it, and whether it is only
// of what is erased.
type entry struct {
	bytes  []byte
	erased bool
}

// indexed gives the index all that it does not hold, and returns the terms of
// that. The services hold each.
func (s *system) indexed() (all []entry) {
	s.t.Helper()
	c := *s.memories.stages.Cloud
	noted := &given{Index: c.Index}
	c.Index = noted
	stages := assembly.Assemble(&c, assembly.Settings{}, "test", time.Now, slog.New(slog.DiscardHandler))
	for more := true; more; {
		var err error
		_, more, err = stages.Memory.IndexSome(s.t.Context(), s.mem)
		s.must(err)
	}
	staying := map[string]bool{}
	for _, doc := range noted.docs {
		g, err := c.Grains.Load(s.t.Context(), s.mem, store.Ref{Hash: doc.Hash})
		s.must(err)
		at := seal.Pair{Person: g.Person, Scope: g.Scope()}
		erased := seal.Selector{Person: "erased-person"}.Covers(at) || seal.Selector{Scope: "erased/scope"}.Covers(at)
		for _, term := range doc.Terms {
			staying[term] = staying[term] || !erased
		}
	}
	var held []byte
	for _, found := range s.main.Dump() {
		held = append(held, printed(found.Key, found.Row)...)
	}
	for text, stays := range staying {
		one := entry{term(text)[0], !stays}
		if !bytes.Contains(held, one.bytes) {
			s.t.Errorf("a term that the index was given does not stand in the main table")
		}
		all = append(all, one)
	}
	return all
}

// unindexed checks that of these terms those of the erased alone stand in no
// table and no queue, and that the others do. Records of the stream age out.
func (s *system) unindexed(entries []entry, after map[string][]byte) {
	s.t.Helper()
	count := map[bool]int{}
	for _, e := range entries {
		count[e.erased]++
		var in []string
		for name, text := range after {
			if name != "the stream" && bytes.Contains(text, e.bytes) {
				in = append(in, name)
			}
		}
		if slices.Contains(in, "the main table") == e.erased || e.erased && len(in) > 0 {
			s.t.Errorf("a term, of the erased %v, is after the erasure in %v", e.erased, in)
		}
	}
	if count[true] < 10 || count[false] < 10 {
		s.t.Errorf("%d terms of the erased alone, %d others", count[true], count[false])
	}
}
