package aws

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// mendedAtOnce is how many worn segments a Put rewrites on its way.
const mendedAtOnce = 4

// worn are the segments of which more than a quarter is out of date.
type worn struct {
	mending sync.Mutex
	lists   map[change.Memory][]string
}

func (w *worn) wear(m change.Memory, sort string) {
	w.mending.Lock()
	defer w.mending.Unlock()
	if w.lists == nil {
		w.lists = map[change.Memory][]string{}
	}
	for _, s := range w.lists[m] {
		if s == sort {
			return
		}
	}
	w.lists[m] = append(w.lists[m], sort)
}

// worst takes some worn segments of a memory off the list.
func (w *worn) worst(m change.Memory) []string {
	w.mending.Lock()
	defer w.mending.Unlock()
	all := w.lists[m]
	some := all[:min(len(all), mendedAtOnce)]
	if len(some) == len(all) {
		delete(w.lists, m)
	} else {
		w.lists[m] = all[len(some):]
	}
	return some
}

// Put is the port's.
func (s index) Put(ctx context.Context, docs []store.Document) error {
	of := map[change.Memory][]store.Document{}
	for _, doc := range docs {
		of[doc.Memory] = append(of[doc.Memory], doc)
	}
	for m, docs := range of {
		if err := s.put(ctx, m, docs); err != nil {
			return fmt.Errorf("index memory %q: %w", m.ID, err)
		}
	}
	return nil
}

// put writes segments and looks again at what they hold: what ended meanwhile
// leaves no terms behind.
func (s index) put(ctx context.Context, m change.Memory, docs []store.Document) error {
	in, err := s.standing(ctx, m, docs)
	if err != nil || len(in) == 0 {
		return err
	}
	sorts := s.a.worst(m)
	for _, data := range packSegments(in) {
		sort, err := s.addSegment(ctx, m, data)
		if err != nil {
			return err
		}
		sorts = append(sorts, sort)
	}
	for _, sort := range sorts {
		if err := s.a.rewrite(ctx, m, sort, s.a.stillCurrent); err != nil {
			return err
		}
	}
	return nil
}

// standing are the documents whose grains are current.
func (s index) standing(ctx context.Context, m change.Memory, docs []store.Document) ([]document, error) {
	keys := make([]table.Key, 0, 2*len(docs))
	for _, doc := range docs {
		keys = append(keys, lineageKey(m, doc.Hash), pointerKey(m, doc.Hash))
	}
	rows, err := s.a.cfg.Main.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var in []document
	for i, doc := range docs {
		d := document{hash: doc.Hash, lineage: doc.Hash, terms: sortedTerms(doc.Terms)}
		if pointer := rows[2*i+1]; !isCurrent(rows[2*i], doc.Hash) && pointer != nil {
			d.lineage = hashIn(pointer, grainLineage)
		}
		if rows[2*i] != nil || rows[2*i+1] != nil {
			in = append(in, d)
		}
	}
	return s.a.stillCurrent(ctx, m, in)
}

// stillCurrent are the documents whose grains are their lineages' current ones.
func (a *Adapter) stillCurrent(ctx context.Context, m change.Memory, docs []document) ([]document, error) {
	keys := make([]table.Key, len(docs))
	for i, doc := range docs {
		keys[i] = lineageKey(m, doc.lineage)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := a.cfg.Main.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var in []document
	for i, doc := range docs {
		if isCurrent(rows[i], doc.hash) {
			in = append(in, doc)
		}
	}
	return in, nil
}

// addSegment puts a new row and returns its sort key.
func (s index) addSegment(ctx context.Context, m change.Memory, data []byte) (string, error) {
	for range commitTries {
		stamp := s.a.stamp(s.a.cfg.Now())
		key := table.Key{Part: indexPart(m), Sort: seqSort(sortSegment, stamp)}
		err := s.a.cfg.Main.Write(ctx, table.Op{Key: key, Set: table.Row{segmentData: data, grainStamp: stamp}, If: table.Absent})
		if refused := (*table.ConditionError)(nil); !errors.As(err, &refused) {
			return key.Sort, err
		}
	}
	return "", errSegment
}

// rewrite keeps of a segment what keep returns; where that is nothing the
// segment goes.
func (a *Adapter) rewrite(ctx context.Context, m change.Memory, sort string,
	keep func(context.Context, change.Memory, []document) ([]document, error)) error {
	key := table.Key{Part: indexPart(m), Sort: sort}
	for range commitTries {
		rows, err := a.cfg.Main.Get(ctx, key)
		if err != nil || rows[0] == nil {
			return err
		}
		docs, err := unpackSegment(rows[0].Bytes(segmentData))
		if err != nil {
			return err
		}
		kept, err := keep(ctx, m, docs)
		if err != nil || len(kept) == len(docs) {
			return err
		}
		op := table.Op{Action: table.Delete, Key: key, If: unchanged(rows[0])}
		if len(kept) > 0 {
			stamp := max(a.stamp(a.cfg.Now()), rows[0].Number(grainStamp)+1)
			op.Action, op.Set = table.Put, table.Row{segmentData: packSegment(kept), grainStamp: stamp}
		}
		err = a.cfg.Main.Write(ctx, op)
		if refused := (*table.ConditionError)(nil); !errors.As(err, &refused) {
			return err
		}
	}
	return errSegment
}

var errSegment = fault.New(fault.Unavailable, "too many writers change the search index at once: try again")

// unindex takes the documents of lineages out of a memory's index.
func (a *Adapter) unindex(ctx context.Context, m change.Memory, gone map[string]bool) error {
	keep := func(_ context.Context, _ change.Memory, docs []document) ([]document, error) {
		var kept []document
		for _, doc := range docs {
			if !gone[doc.lineage] {
				kept = append(kept, doc)
			}
		}
		return kept, nil
	}
	err := a.segments(ctx, m, func(seg segment) error {
		if kept, err := keep(ctx, m, seg.docs); err != nil || len(kept) == len(seg.docs) {
			return err
		}
		return a.rewrite(ctx, m, seg.sort, keep)
	})
	if err != nil {
		return fmt.Errorf("take lineages out of the index of memory %q: %w", m.ID, err)
	}
	return nil
}
