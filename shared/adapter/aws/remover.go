package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// remover is the port store.Remover.
type remover struct{ a *Adapter }

// removalKey is the row that stands from a memory's end until nothing of it is
// left, so that no memory is made in its place before.
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
	case rows[0] == nil && rows[1] == nil:
		return noMemory(m)
	case rows[0] != nil && len(others) > 0:
		return fault.New(fault.Conflict, "memory %q has hooks: delete them first", m.ID)
	case rows[0] != nil:
		err := s.a.cfg.Main.Write(ctx,
			table.Op{Action: table.Delete, Key: memoryKey(m), If: table.Present},
			table.Op{Key: removalKey(m), If: table.Absent},
		)
		var refused *table.ConditionError
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("remove memory %q: %w", m.ID, err)
		}
	}
	s.a.doubt(belief{memory: m})
	// No process believes in the memory any more, and what was being written
	// to it is written.
	if err := s.a.cfg.Pause(ctx, fencePause); err != nil {
		return fmt.Errorf("wait until no process writes to memory %q: %w", m.ID, err)
	}
	if err := s.clear(ctx, m); err != nil {
		return fmt.Errorf("remove what memory %q holds: %w", m.ID, err)
	}
	if err := s.a.cfg.Main.Write(ctx, table.Op{Action: table.Delete, Key: removalKey(m)}); err != nil {
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
