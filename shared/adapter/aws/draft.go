package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// draft is a write that is being decided: the rows that were read for it, and
// what it makes of them. It is written on condition that what it changes, and
// what it guards, is still as it was read; where that is refused, the whole
// write is decided anew.
type draft struct {
	a     *Adapter
	m     change.Memory
	asked time.Time       // before the first key was asked for
	live  map[string]bool // keys
	held  map[table.Key]*holding
	order []*holding
}

// holding is one row in a draft; nil stands for no row.
type holding struct {
	key      table.Key
	was, now table.Row
	read     bool
	written  bool
	guarded  bool
}

func newDraft(a *Adapter, m change.Memory) *draft {
	return &draft{a: a, m: m, asked: a.cfg.Now(), live: map[string]bool{}, held: map[table.Key]*holding{}}
}

func (d *draft) stamp() int64 { return d.a.stamp(d.a.cfg.Now()) }

// stampOver is a stamp above that of a row as it was read.
func (d *draft) stampOver(key table.Key) int64 {
	stamp := d.stamp()
	if at := d.held[key]; at != nil && at.was != nil {
		stamp = max(stamp, at.was.Number(grainStamp)+1)
	}
	return stamp
}

// leadsTo is a row that leads to a lineage.
func (d *draft) leadsTo(lineage string) table.Row {
	return table.Row{grainLineage: rawHash(lineage), grainStamp: d.stamp()}
}

// isLive says whether all of some keys are live.
func (d *draft) isLive(ctx context.Context, keys ...string) (bool, error) {
	var unknown []string
	for _, id := range keys {
		if _, known := d.live[id]; !known {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 {
		live, err := d.a.liveKeys(ctx, d.m, unknown...)
		if err != nil {
			return false, err
		}
		for _, id := range unknown {
			d.live[id] = live[id]
		}
	}
	for _, id := range keys {
		if !d.live[id] {
			return false, nil
		}
	}
	return true, nil
}

// read returns rows as the draft has them by now, nil for those that are not
// there. It returns as many rows as keys even where it fails.
func (d *draft) read(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	var missing []table.Key
	for _, key := range keys {
		if d.held[key] == nil {
			d.hold(&holding{key: key, read: true})
			missing = append(missing, key)
		}
	}
	var err error
	if len(missing) > 0 {
		var got []table.Row
		if got, err = d.a.cfg.Main.Get(ctx, missing...); err != nil {
			err = fmt.Errorf("read memory %q: %w", d.m.ID, err)
		}
		for i, row := range got {
			at := d.held[missing[i]]
			at.was, at.now = row, row
		}
	}
	rows := make([]table.Row, len(keys))
	for i, key := range keys {
		rows[i] = d.held[key].now
	}
	return rows, err
}

func (d *draft) hold(h *holding) *holding {
	d.held[h.key] = h
	d.order = append(d.order, h)
	return h
}

// put makes a row what it is to be, nil to remove it. A row that was not read
// is put whatever stands there.
func (d *draft) put(key table.Key, row table.Row) error {
	at := d.held[key]
	if at == nil {
		at = d.hold(&holding{key: key})
	}
	if at.written && strings.HasPrefix(key.Sort, sortLineage) {
		return fault.New(fault.InvalidField, "one write changes a memory twice: send two")
	}
	at.now, at.written = row, true
	return nil
}

// guard keeps a row that was read from changing until the draft is written.
func (d *draft) guard(key table.Key) { d.held[key].guarded = true }

// ops are the operations of the draft, none where nothing is to be written.
func (d *draft) ops() []table.Op {
	var ops, checks []table.Op
	for _, at := range d.order {
		op := table.Op{Key: at.key, Set: at.now}
		if at.read {
			op.If = unchanged(at.was)
		}
		switch {
		case at.written && at.now == nil:
			op.Action = table.Delete
		case at.written:
		case at.guarded:
			op.Action, op.Set = table.Check, nil
			checks = append(checks, op)
			continue
		default:
			continue
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		return nil
	}
	return append(ops, checks...)
}

// write applies the draft.
func (d *draft) write(ctx context.Context) error {
	ops := d.ops()
	switch {
	case len(ops) == 0:
		return nil
	case len(ops) > table.MaxOps:
		return fault.New(fault.TooLarge, "the write changes %d rows at once, %d are possible: send several", len(ops), table.MaxOps)
	}
	return d.a.cfg.Main.Write(ctx, ops...)
}
