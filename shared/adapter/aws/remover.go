package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// remover is the port store.Remover.
type remover struct{ a *Adapter }

// The attributes of a removal's row, all in epoch milliseconds.
const (
	removalBegun = "begun" // when a call last began to end it
	removalHeld  = "held"  // until when upkeep is at it
	removalEnded = "ended"
)

const (
	// removalLeft is how long after its last call nobody works on a removal any
	// more: far longer than any process runs for one call.
	removalLeft = time.Hour
	// removalTurn is how long upkeep may take for one removal, and what it
	// leaves for the next turn.
	removalTurn = 5 * time.Minute
)

// removalKept is how long the end of a removal is known: longer than the stream
// may tell of the memory that was removed.
const removalKept = 48 * time.Hour

// removalKey is the row that stands from a memory's end until nothing of it is
// left, so that no memory is made in its place before. For a while it tells
// when that was.
func removalKey(m change.Memory) table.Key {
	return table.Key{Part: tenantPart(m.Tenant), Sort: sortRemoval + m.ID}
}

// Remove is the port's. The memory is gone with the first write; repeating the
// call ends what an interrupted one has left. A hook that is made at the very
// moment goes with the memory.
func (s remover) Remove(ctx context.Context, m change.Memory) error {
	others, err := s.a.hookRows(ctx, m)
	if err != nil {
		return err
	}
	rows, err := s.a.cfg.Main.Get(ctx, memoryKey(m), removalKey(m))
	switch {
	case err != nil:
		return fmt.Errorf("read memory %q: %w", m.ID, err)
	case rows[0] == nil && (rows[1] == nil || rows[1].Number(removalEnded) > 0):
		return noMemory(m)
	case rows[0] != nil && len(others) > 0:
		return fault.New(fault.Conflict, "memory %q has hooks: delete them first", m.ID)
	case rows[0] != nil:
		err := s.a.cfg.Main.Write(ctx,
			table.Op{Action: table.Delete, Key: memoryKey(m), If: table.Present},
			table.Op{
				Key: removalKey(m), Set: table.Row{removalBegun: s.a.cfg.Now().UnixMilli()},
				If: []table.Clause{{Name: removalEnded, Is: table.Exists}}, OrAbsent: true,
			},
		)
		var refused *table.ConditionError
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("remove memory %q: %w", m.ID, err)
		}
	default:
		if err := s.again(ctx, m, rows[1]); err != nil {
			return err
		}
	}
	s.a.doubt(belief{memory: m})
	// No process believes in the memory any more, and what was being written
	// to it is written.
	if err := s.a.cfg.Pause(ctx, fencePause); err != nil {
		return fmt.Errorf("wait until no process writes to memory %q: %w", m.ID, err)
	}
	return s.end(ctx, m)
}

// again notes that a removal is taken up again by a call. It is refused while
// upkeep is at it: whoever makes the memory anew after the one has ended it
// would lose to the other what the memory holds.
func (s remover) again(ctx context.Context, m change.Memory, row table.Row) error {
	now := s.a.cfg.Now().UnixMilli()
	held := row.Number(removalHeld) > now
	var err error
	if !held {
		op := table.Op{Action: table.Update, Key: removalKey(m), Set: table.Row{removalBegun: now}, If: sameTurn(row)}
		err = s.a.cfg.Main.Write(ctx, op)
	}
	var refused *table.ConditionError
	switch {
	case held || errors.As(err, &refused):
		return fault.New(fault.Unavailable, "what memory %q held is being taken away: try again in some minutes", m.ID)
	case err != nil:
		return fmt.Errorf("take up the removal of memory %q: %w", m.ID, err)
	}
	return nil
}

// sameTurn is the condition that no upkeep has taken up a removal, nor has it
// ended, since its row was read.
func sameTurn(row table.Row) []table.Clause {
	held := table.Clause{Name: removalHeld, Is: table.Missing}
	if until := row.Number(removalHeld); until > 0 {
		held = table.Clause{Name: removalHeld, Is: table.Equal, Value: until}
	}
	return []table.Clause{{Is: table.AnyRow}, {Name: removalEnded, Is: table.Missing}, held}
}

// continueRemovals ends the removals of memories that nobody has worked on for
// removalLeft.
func (a *Adapter) continueRemovals(ctx context.Context) error {
	var failed []error
	err := eachPage(ctx, a.cfg.Main, table.Query{Part: partTenants}, func(tenants []table.Found) (bool, error) {
		for _, tenant := range tenants {
			q := table.Query{Part: tenantPart(tenant.Sort)}
			q.From, q.To = table.Prefix(sortRemoval)
			err := eachPage(ctx, a.cfg.Main, q, func(rows []table.Found) (bool, error) {
				for _, f := range rows {
					m := change.Memory{Tenant: tenant.Sort, ID: f.Sort[len(sortRemoval):]}
					failed = append(failed, a.continueRemoval(ctx, m, f.Row))
				}
				return true, ctx.Err()
			})
			if err != nil {
				return false, fmt.Errorf("list the removals of tenant %q: %w", tenant.Sort, err)
			}
		}
		return true, nil
	})
	return errors.Join(append(failed, err)...)
}

// continueRemoval ends one removal, unless somebody works on it.
func (a *Adapter) continueRemoval(ctx context.Context, m change.Memory, row table.Row) error {
	now := a.cfg.Now()
	if row.Number(removalEnded) > 0 || row.Number(removalHeld) > now.UnixMilli() || now.Sub(time.UnixMilli(row.Number(removalBegun))) < removalLeft {
		return nil
	}
	op := table.Op{
		Action: table.Update, Key: removalKey(m), Set: table.Row{removalHeld: now.Add(2 * removalTurn).UnixMilli()},
		If: append(sameTurn(row), table.Clause{Name: removalBegun, Is: table.Equal, Value: row.Number(removalBegun)}),
	}
	err := a.cfg.Main.Write(ctx, op)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil:
		return fmt.Errorf("take up the removal of memory %q: %w", m.ID, err)
	}
	turn, cancel := context.WithTimeout(ctx, removalTurn)
	defer cancel()
	return remover{a}.end(turn, m)
}

// end takes away what a removed memory holds, and notes that it is done.
func (s remover) end(ctx context.Context, m change.Memory) error {
	if err := s.clear(ctx, m); err != nil {
		return fmt.Errorf("remove what memory %q holds: %w", m.ID, err)
	}
	now := s.a.cfg.Now()
	ended := table.Row{removalEnded: now.UnixMilli(), attrExpires: now.Add(removalKept).Unix()}
	if err := s.a.cfg.Main.Write(ctx, table.Op{Key: removalKey(m), Set: ended}); err != nil {
		return fmt.Errorf("end the removal of memory %q: %w", m.ID, err)
	}
	return nil
}

// clear empties all partitions of a memory, its keys first.
func (s remover) clear(ctx context.Context, m change.Memory) error {
	if err := s.a.empty(ctx, s.a.cfg.Keys, part(m), ""); err != nil {
		return err
	}
	late, err := s.a.hookRows(ctx, m)
	if err != nil {
		return err
	}
	parts := []string{indexPart(m), logPart(m), part(m)}
	for _, h := range late {
		parts = append([]string{hookPart(m, h.ID)}, parts...)
	}
	for _, p := range parts {
		if err := s.a.empty(ctx, s.a.cfg.Main, p, ""); err != nil {
			return err
		}
	}
	return nil
}

// empty deletes all rows of a partition whose sort keys begin with prefix.
func (a *Adapter) empty(ctx context.Context, rows Rows, part, prefix string) error {
	q := table.Query{Part: part}
	if prefix != "" {
		q.From, q.To = table.Prefix(prefix)
	}
	return eachPage(ctx, rows, q, func(page []table.Found) (bool, error) {
		return true, abreast(ctx, len(page), eraseWidth, func(ctx context.Context, i int) error {
			return rows.Write(ctx, table.Op{Action: table.Delete, Key: page[i].Key})
		})
	})
}
