package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// grains is the ports store.Store and store.Counter. A lineage is one row,
// which holds its current grain and its last change: an add is one conditional
// put of it. What it supersedes moves to a row of its own, and a newer
// version's hash has a row that leads to its lineage.
type grains struct{ a *Adapter }

const (
	// commitTries bounds how often a write is decided anew because others wrote
	// what it had read: each time one of them got on.
	commitTries = 64
	// writeFor is how long an erasure waits for writes that found their key live.
	writeFor = time.Second
	// tidyWidth is how many rows of a gone lineage are emptied at once.
	tidyWidth = 16
)

// Commit is the port's. The hash of an add that is at the same moment the hash
// of another lineage's newer version may come to stand twice; hashes cover what
// a version was derived from, so that nobody meets this by chance.
func (g grains) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	there, err := g.a.memoryThere(ctx, w.Memory)
	if err != nil {
		return store.Committed{}, err
	}
	if !there {
		return store.Committed{}, &store.ConflictError{Reason: store.NoMemory}
	}
	for range commitTries {
		d := newDraft(g.a, w.Memory)
		done, err := d.decide(ctx, w.Steps)
		if err != nil {
			return store.Committed{}, err
		}
		err = d.write(ctx)
		if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
			if !d.wrote(refused) {
				continue
			}
		} else if err != nil {
			return store.Committed{}, fmt.Errorf("write to memory %q: %w", w.Memory.ID, err)
		}
		if err := d.finish(ctx); err != nil {
			return store.Committed{}, err
		}
		return done, nil
	}
	return store.Committed{}, fault.New(fault.Unavailable, "too many writers change this at once: try again")
}

// wrote says whether a write was refused because it had happened already: it
// was sent twice, and its first answer got lost.
func (d *draft) wrote(refused *table.ConditionError) bool {
	ops := d.ops()
	if len(ops) != 1 || refused.Row == nil {
		return false
	}
	set := ops[0].Set
	return refused.Row.Number(grainStamp) == set.Number(grainStamp) && bytes.Equal(refused.Row.Bytes(attrChange), set.Bytes(attrChange))
}

// finish does what follows a write before it is answered.
func (d *draft) finish(ctx context.Context) error {
	if d.a.cfg.Now().Sub(d.asked) > writeFor {
		if err := d.look(ctx); err != nil {
			return err
		}
	}
	for _, at := range d.order {
		if err := d.a.tidy(ctx, d.m, storedOf(at.now).Lineage, at.now); err != nil {
			return err
		}
	}
	return nil
}

// look asks again for memory and keys after a write that took so long that a
// removal or an erasure may have read the memory before it: the write is taken
// back, or what stands under a destroyed key ends as if it had been met.
func (d *draft) look(ctx context.Context) error {
	d.a.doubt(belief{memory: d.m})
	for id := range d.live {
		d.a.doubt(belief{d.m, id})
	}
	there, err := d.a.memoryThere(ctx, d.m)
	if err != nil {
		return err
	}
	live, err := d.a.liveKeys(ctx, d.m, slices.Collect(maps.Keys(d.live))...)
	if err != nil {
		return err
	}
	for _, at := range d.order {
		var op table.Op
		switch {
		case !at.written || at.now == nil:
			continue
		case !there:
			op, at.now = table.Op{Action: table.Delete, Key: at.key}, nil
		case at.now.Bytes(grainBox) == nil || live[at.now.Text(grainKey)]:
			continue
		case strings.HasPrefix(at.key.Sort, sortLineage):
			gone := ended(at.now, nil, d.stamp())
			op, at.now = table.Op{Key: at.key, Set: gone, If: unchanged(at.now)}, gone
		default:
			op = table.Op{Action: table.Update, Key: at.key, Remove: []string{grainBox}, If: table.Present}
		}
		if err := unless(ctx, d.a.cfg.Main, op); err != nil {
			return fmt.Errorf("take back what was written too late: %w", err)
		}
	}
	if !there {
		return &store.ConflictError{Reason: store.NoMemory}
	}
	return nil
}

// tidy empties what a gone lineage leaves beside its row, which was read: the
// boxes of its older versions and its name. It does nothing where that is done.
func (a *Adapter) tidy(ctx context.Context, m change.Memory, lineage string, row table.Row) error {
	if _, left := row[grainEnding]; !left {
		return nil
	}
	if err := a.emptyVersions(ctx, m, lineage); err != nil {
		return fmt.Errorf("empty older versions: %w", err)
	}
	if name := row.Bytes(grainName); name != nil {
		leads := []table.Clause{ // and did before the end: a lineage that is made again takes its name anew
			{Name: grainLineage, Is: table.Equal, Value: rawHash(lineage)}, {Name: grainStamp, Is: table.Less, Value: row.Number(grainStamp)},
		}
		if err := unless(ctx, a.cfg.Main, table.Op{Action: table.Delete, Key: nameKey(m, name), If: leads, OrAbsent: true}); err != nil {
			return fmt.Errorf("free a name: %w", err)
		}
	}
	err := unless(ctx, a.cfg.Main, table.Op{
		Action: table.Update, Key: lineageKey(m, lineage), Remove: []string{grainEnding, grainName}, If: unchanged(row),
	})
	if err != nil {
		return fmt.Errorf("end a lineage: %w", err)
	}
	return nil
}

func (a *Adapter) emptyVersions(ctx context.Context, m change.Memory, lineage string) error {
	q := table.Query{Part: part(m)}
	q.From, q.To = table.Prefix(sortVersion + lineage + "#")
	return eachPage(ctx, a.cfg.Main, q, func(rows []table.Found) (bool, error) {
		return true, abreast(ctx, len(rows), tidyWidth, func(ctx context.Context, i int) error {
			if stateOf(rows[i].Row) == store.Gone {
				return nil
			}
			return unless(ctx, a.cfg.Main, table.Op{
				Action: table.Update, Key: rows[i].Key, Set: table.Row{grainState: int64(store.Gone)}, Remove: []string{grainBox}, If: table.Present,
			})
		})
	})
}

// unless writes unless the operation's condition does not hold.
func unless(ctx context.Context, rows Rows, op table.Op) error {
	err := rows.Write(ctx, op)
	if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
		return nil
	}
	return err
}
