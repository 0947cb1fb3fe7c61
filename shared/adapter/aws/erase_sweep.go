package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// eraseWidth is how many rows an erasure writes at once.
const eraseWidth = 16

// doom is what destroyed keys sealed.
type doom struct {
	keys    map[string]bool // destroyed ones of the covered pairs, by id
	rows    []table.Found   // of lineages with such a grain that are not ended, or not to their end
	current []store.Stored  // the grains that still stand, without their boxes
	changes []change.Change // what the plan wants told

	mu       sync.Mutex
	lineages map[string]bool // that may be in the search index, ended ones too
}

// find reads the memory for what the destroyed keys sealed, and has it planned.
func (e *erasure) find(ctx context.Context) error {
	pairs, err := e.pairs(ctx)
	if err != nil {
		return err
	}
	d := &doom{keys: map[string]bool{}, lineages: map[string]bool{}}
	for _, f := range pairs {
		for _, id := range strings.Fields(f.Row.Text(pairGone)) {
			d.keys[id] = true
		}
	}
	err = e.a.lineages(ctx, e.m, func(rows []table.Found) error {
		for _, f := range rows {
			d.take(f)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for what the destroyed keys sealed: %w", err)
	}
	if d.changes, err = e.plan(e.keys, d.current); err != nil {
		return err
	}
	e.doom = d
	return nil
}

// take notes a lineage's row where it is about a grain that is doomed.
func (d *doom) take(f table.Found) {
	if !d.keys[f.Row.Text(grainKey)] {
		return
	}
	s := storedOf(f.Row)
	d.lineages[s.Lineage] = true
	if _, left := f.Row[grainEnding]; s.State == store.Current || left {
		d.rows = append(d.rows, f)
	}
	if s.State == store.Current {
		s.Box = nil
		d.current = append(d.current, s)
	}
}

// sweep raises what is told and takes away what the destroyed keys sealed.
func (e *erasure) sweep(ctx context.Context) error {
	e.told = change.Change(e.fence.Told)
	if e.doom == nil {
		if err := e.find(ctx); err != nil {
			return err
		}
	}
	if err := e.mark(ctx, e.told); err != nil {
		return err
	}
	tells := make(map[string]change.Change, len(e.doom.changes))
	for _, c := range e.doom.changes {
		if c.Cause == events.MemoryErased {
			tells[c.Lineage] = c
		}
	}
	err := abreast(ctx, len(e.doom.rows), eraseWidth, func(ctx context.Context, i int) error {
		f := e.doom.rows[i]
		return e.end(ctx, f, tells[storedOf(f.Row).Lineage])
	})
	if err != nil {
		return fmt.Errorf("end the lineages that were erased: %w", err)
	}
	if err := e.emptyVersions(ctx); err != nil {
		return fmt.Errorf("empty older versions: %w", err)
	}
	if len(e.doom.lineages) > 0 {
		if err := e.a.unindex(ctx, e.m, e.doom.lineages); err != nil {
			return err
		}
	}
	e.over = true
	if !e.upkeep {
		return e.move(ctx, fence{})
	}
	return e.move(ctx, fence{Stage: stageEnded, At: e.now().UnixMilli(), Told: noted(e.told)})
}

// mark raises the Erased change of an erasure, once.
func (e *erasure) mark(ctx context.Context, c change.Change) error {
	if c.ID == "" {
		return nil
	}
	now := e.now()
	c.Memory = e.m
	row := changeAttrs(c, now)
	row[attrExpires] = now.Add(markerKept).Unix()
	if err := unless(ctx, e.a.cfg.Main, table.Op{Key: markerKey(e.m, c.ID), Set: row, If: table.Absent}); err != nil {
		return fmt.Errorf("raise %s: %w", events.Erased, err)
	}
	return nil
}

// end ends a lineage unless it has moved on to another key, and tells c where
// that is a change.
func (e *erasure) end(ctx context.Context, f table.Found, c change.Change) error {
	for row := f.Row; row != nil && e.doom.keys[row.Text(grainKey)]; {
		if stateOf(row) != store.Current {
			return e.a.tidy(ctx, e.m, storedOf(row).Lineage, row)
		}
		var tells table.Row
		if c.ID != "" {
			c.Memory = e.m
			tells = changeAttrs(c, e.now())
		}
		gone := ended(row, tells, e.a.stamp(e.now()))
		err := e.a.cfg.Main.Write(ctx, table.Op{Key: f.Key, Set: gone, If: unchanged(row)})
		var refused *table.ConditionError
		switch {
		case err == nil:
			row = gone
		case errors.As(err, &refused):
			row = refused.Row
		default:
			return err
		}
	}
	return nil
}

// emptyVersions takes the boxes of older versions that destroyed keys sealed,
// in lineages that live on under other keys. The index gets those anew.
func (e *erasure) emptyVersions(ctx context.Context) error {
	return abreast(ctx, len(digits), len(digits), func(ctx context.Context, i int) error {
		q := table.Query{Part: part(e.m)}
		q.From, q.To = table.Prefix(sortVersion + digits[i:i+1])
		return eachPage(ctx, e.a.cfg.Main, q, func(rows []table.Found) (bool, error) {
			for _, f := range rows {
				if err := e.emptyVersion(ctx, f); err != nil {
					return false, err
				}
			}
			return true, nil
		})
	})
}

func (e *erasure) emptyVersion(ctx context.Context, f table.Found) error {
	if !e.doom.keys[f.Row.Text(grainKey)] {
		return nil
	}
	e.doom.mu.Lock()
	e.doom.lineages[storedOf(f.Row).Lineage] = true
	e.doom.mu.Unlock()
	if f.Row.Bytes(grainBox) == nil {
		return nil
	}
	return unless(ctx, e.a.cfg.Main, table.Op{
		Action: table.Update, Key: f.Key, Remove: []string{grainBox, grainSubject, grainName}, If: table.Present,
	})
}

const (
	// untouched is how old an erasure is that nobody works on any more.
	untouched = 2 * time.Minute
	// toldFor is how long an erasure that upkeep ended is kept, to be told to
	// whoever repeats the call.
	toldFor = 24 * time.Hour
	// overdueAfter is how old an erasure is that somebody should look at.
	overdueAfter = time.Hour
)

// continueErasures ends the erasures of all memories that were left half-way,
// and takes fences away that nobody needs. It returns how many of them were
// begun longer ago than overdueAfter.
func (a *Adapter) continueErasures(ctx context.Context) (overdue int, err error) {
	var failed []error
	err = a.allMemories(ctx, func(m change.Memory) error {
		rows, err := a.cfg.Keys.Get(ctx, fenceKey(m))
		if err != nil {
			return fmt.Errorf("read the erasures under way: %w", err)
		}
		all, err := fences(rows[0])
		for _, f := range all {
			if f.Stage != stageEnded && f.age(a.cfg.Now()) >= overdueAfter {
				overdue++
			}
			if err == nil && f.age(a.cfg.Now()) >= untouched {
				err = a.continueErasure(ctx, m, f)
			}
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("continue an erasure in memory %q: %w", m.ID, err))
		}
		return ctx.Err()
	})
	return overdue, errors.Join(append(failed, err)...)
}

func (a *Adapter) continueErasure(ctx context.Context, m change.Memory, f fence) error {
	e := &erasure{a: a, m: m, sel: f.selector(), upkeep: true}
	e.plan = e.remaining
	switch {
	case f.certain():
		return e.run(ctx)
	case f.Stage == stageEnded && f.age(a.cfg.Now()) < toldFor:
		return nil
	}
	err := e.load(ctx)
	if err == nil && e.fence.Stage == f.Stage && e.fence.At == f.At {
		err = e.move(ctx, fence{})
	}
	if errors.Is(err, errContinued) {
		return nil
	}
	return err
}

// remaining is the plan of an erasure whose caller is gone.
func (e *erasure) remaining(_ []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
	changes := make([]change.Change, len(current))
	draw := change.NewDraw(e.now())
	for i, s := range current {
		changes[i] = change.Change{
			ID: draw.ID(), Memory: e.m, Cause: events.MemoryErased, At: draw.At.UnixMilli(), Lineage: s.Lineage, Hash: s.Hash,
			GrainType: s.Type, Namespace: s.Namespace, UserID: s.Person, ScopePath: s.ScopePath, CreatedAt: s.FirstAt,
		}
	}
	return changes, nil
}
