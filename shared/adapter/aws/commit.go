package aws

import (
	"bytes"
	"context"
	"errors"
	"maps"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// refuse is the conflict of a step; there is what stands there, nil where
// nothing does. decide adds which step it was.
func refuse(why store.Reason, there *store.Stored) error {
	e := &store.ConflictError{Reason: why}
	if there != nil {
		e.Current = *there
	}
	return e
}

// decide applies the steps of a write to the draft, one after another, or
// answers with the conflict of the first that does not fit.
func (d *draft) decide(ctx context.Context, steps []store.Step) (store.Committed, error) {
	done := store.Committed{Seq: make([]int64, len(steps)), Existing: make([]bool, len(steps))}
	if err := d.foresee(ctx, steps); err != nil {
		return done, err
	}
	for i := range steps {
		s := &steps[i]
		var err error
		switch {
		case s.Put != nil && s.Expect == "":
			done.Existing[i], err = d.add(ctx, s)
		case s.Put != nil:
			err = d.supersede(ctx, s)
		case s.Forget:
			err = d.forget(ctx, s)
		default:
			err = d.mark(ctx, s)
		}
		if conflict := (*store.ConflictError)(nil); errors.As(err, &conflict) {
			conflict.Step = i
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// foresee reads in one go what the steps are about to need.
func (d *draft) foresee(ctx context.Context, steps []store.Step) error {
	var rows []table.Key
	var keys []string
	for i := range steps {
		s := &steps[i]
		if s.Put != nil || s.Forget {
			rows = append(rows, lineageKey(d.m, s.Lineage))
		}
		if s.Put != nil {
			rows = append(rows, lineageKey(d.m, s.Put.Hash), pointerKey(d.m, s.Put.Hash))
			keys = append(keys, s.Put.KeyID)
			if s.Put.Name != nil && s.Expect == "" {
				rows = append(rows, nameKey(d.m, s.Put.Name))
			}
		}
		if id, err := seal.KeyID(s.Change.Content); err == nil {
			keys = append(keys, id)
		}
	}
	if _, err := d.isLive(ctx, keys...); err != nil {
		return err
	}
	_, err := d.read(ctx, rows...)
	return err
}

// add stores a first grain. It reports true where that very grain is current.
func (d *draft) add(ctx context.Context, s *store.Step) (bool, error) {
	put, at := s.Put, lineageKey(d.m, s.Put.Hash)
	if err := d.needLive(ctx, put.KeyID); err != nil {
		return false, err
	}
	rows, err := d.read(ctx, at)
	if err != nil {
		return false, err
	}
	if isCurrent(rows[0], put.Hash) {
		return d.addAgain(ctx, s, rows[0])
	}
	if err := d.takeName(ctx, put.Name, put.Hash); err != nil {
		return false, err
	}
	if err := d.hashFree(ctx, put.Hash); err != nil {
		return false, err
	}
	if rows[0] != nil {
		if err := d.bury(ctx, rows[0]); err != nil {
			return false, err
		}
	}
	return false, d.tell(ctx, s, at)
}

// addAgain adds a grain that is current: nothing is to be done, unless its key
// is destroyed. Then an erasure is about to take the grain away, and would take
// this one with it, which takes its place instead.
func (d *draft) addAgain(ctx context.Context, s *store.Step, row table.Row) (bool, error) {
	old := storedOf(row)
	if live, err := d.isLive(ctx, old.KeyID); live || err != nil {
		return live, err
	}
	if !bytes.Equal(old.Name, s.Put.Name) {
		if err := d.dropName(ctx, old.Name, old.Lineage); err != nil {
			return false, err
		}
	}
	if err := d.takeName(ctx, s.Put.Name, old.Lineage); err != nil {
		return false, err
	}
	return false, d.tell(ctx, s, lineageKey(d.m, old.Lineage))
}

// supersede replaces a lineage's current grain, which moves to a row of its own.
func (d *draft) supersede(ctx context.Context, s *store.Step) error {
	put, at := s.Put, lineageKey(d.m, s.Lineage)
	row, err := d.expected(ctx, s)
	if err != nil {
		return err
	}
	if err := d.needLive(ctx, put.KeyID); err != nil {
		return err
	}
	old := storedOf(row)
	if !bytes.Equal(old.Name, put.Name) {
		if err := d.takeName(ctx, put.Name, s.Lineage); err != nil {
			return err
		}
		if err := d.dropName(ctx, old.Name, s.Lineage); err != nil {
			return err
		}
	}
	if err := d.hashFree(ctx, put.Hash); err != nil {
		return err
	}
	d.guard(lineageKey(d.m, put.Hash))
	if err := d.put(pointerKey(d.m, put.Hash), d.leadsTo(s.Lineage)); err != nil {
		return err
	}
	if live, err := d.isLive(ctx, old.KeyID); err != nil {
		return err
	} else if !live {
		old.Box = nil
	}
	old.State, old.Subject, old.Name = store.Superseded, nil, nil
	if err := d.put(versionKey(d.m, s.Lineage, old.Hash), rowOf(old)); err != nil {
		return err
	}
	return d.tell(ctx, s, at)
}

// forget takes a lineage's content away and keeps its identifiers.
func (d *draft) forget(ctx context.Context, s *store.Step) error {
	row, err := d.expected(ctx, s)
	if err != nil {
		return err
	}
	told, err := d.told(ctx, s)
	if err != nil {
		return err
	}
	return d.put(lineageKey(d.m, s.Lineage), ended(row, told, d.stamp()))
}

// mark raises a change about no grain.
func (d *draft) mark(ctx context.Context, s *store.Step) error {
	told, err := d.told(ctx, s)
	if err != nil {
		return err
	}
	told[attrExpires] = d.a.cfg.Now().Add(markerKept).Unix()
	return d.put(markerKey(d.m, s.Change.ID), told)
}

// tell stores what a step puts, and its change, as the lineage's row.
func (d *draft) tell(ctx context.Context, s *store.Step, at table.Key) error {
	told, err := d.told(ctx, s)
	if err != nil {
		return err
	}
	current := *s.Put
	current.State = store.Current
	row := rowOf(current)
	maps.Copy(row, told)
	row[grainStamp] = d.stampOver(at)
	return d.put(at, row)
}

// told are the attributes that tell a step's change.
func (d *draft) told(ctx context.Context, s *store.Step) (table.Row, error) {
	c := s.Change
	c.Memory = d.m
	if id, err := seal.KeyID(c.Content); err == nil {
		if err := d.needLive(ctx, id); err != nil {
			return nil, err
		}
	}
	return changeAttrs(c, d.a.cfg.Now()), nil
}

// expected returns the row of the lineage whose current grain a step expects.
func (d *draft) expected(ctx context.Context, s *store.Step) (table.Row, error) {
	rows, err := d.read(ctx, lineageKey(d.m, s.Lineage))
	switch row := rows[0]; {
	case err != nil:
		return nil, err
	case isCurrent(row, s.Expect):
		return row, nil
	case row == nil || stateOf(row) == store.Gone:
		return nil, refuse(store.Moved, nil)
	default:
		there := storedOf(row)
		return nil, refuse(store.Moved, &there)
	}
}

// needLive refuses a step whose key is not live.
func (d *draft) needLive(ctx context.Context, key string) error {
	live, err := d.isLive(ctx, key)
	if err == nil && !live {
		err = refuse(store.KeyGone, nil)
	}
	return err
}

// hashFree refuses a hash under which a grain stands.
func (d *draft) hashFree(ctx context.Context, hash string) error {
	there, err := byHash(ctx, d.read, d.m, hash)
	if err == nil && there != nil && there.State != store.Gone {
		err = refuse(store.Taken, there)
	}
	return err
}

// takeName gives a name, nil for none, to a lineage; it is refused while
// another's current grain has it.
func (d *draft) takeName(ctx context.Context, name []byte, lineage string) error {
	if name == nil {
		return nil
	}
	at := nameKey(d.m, name)
	rows, err := d.read(ctx, at)
	if err != nil {
		return err
	}
	if holder := hashIn(rows[0], grainLineage); holder != "" && holder != lineage {
		heads, err := d.read(ctx, lineageKey(d.m, holder))
		if err != nil {
			return err
		}
		if there := storedOf(heads[0]); heads[0] != nil && bytes.Equal(there.Name, name) {
			return refuse(store.Taken, &there)
		}
	}
	leads := d.leadsTo(lineage)
	leads[grainStamp] = d.stampOver(lineageKey(d.m, lineage))
	return d.put(at, leads)
}

// dropName frees the name, nil for none, that a lineage had.
func (d *draft) dropName(ctx context.Context, name []byte, lineage string) error {
	if name == nil {
		return nil
	}
	at := nameKey(d.m, name)
	rows, err := d.read(ctx, at)
	if err != nil || hashIn(rows[0], grainLineage) != lineage {
		return err
	}
	return d.put(at, nil)
}

// bury makes room for a grain whose lineage is gone: what is unfinished of its
// end is done, and its last version gets a row of its own.
func (d *draft) bury(ctx context.Context, row table.Row) error {
	last := storedOf(row)
	if err := d.a.tidy(ctx, d.m, last.Lineage, row); err != nil || last.Hash == last.Lineage {
		return err
	}
	return d.put(versionKey(d.m, last.Lineage, last.Hash), rowOf(last))
}
