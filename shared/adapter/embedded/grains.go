package embedded

import (
	"context"
	"errors"

	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// grains is the port store.Store.
type grains struct{ d *db }

// Commit is the port's.
func (s grains) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	var done store.Committed
	err := s.d.writer.do(ctx, func(t *tx) error {
		done = store.Committed{Seq: make([]int64, len(w.Steps)), Existing: make([]bool, len(w.Steps))}
		in, err := t.draft(w.Memory)
		switch {
		case err != nil:
			return err
		case in.row.n == 0:
			return &store.ConflictError{Reason: store.NoMemory}
		case len(w.Steps) == 1: // it refuses before it changes anything
			return t.step(in, &w, 0, &done)
		}
		return t.nested(in, func() error {
			for i := range w.Steps {
				if err := t.step(in, &w, i, &done); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return store.Committed{}, err
	}
	return done, nil
}

// step applies one step of a write, or refuses it with nothing changed.
func (t *tx) step(in *draft, w *store.Write, i int, done *store.Committed) error {
	step := &w.Steps[i]
	refuse := func(why store.Reason, there *store.Stored) error {
		e := &store.ConflictError{Step: i, Reason: why}
		if there != nil {
			e.Current = *there
		}
		return e
	}
	var err error
	switch {
	case step.Put != nil && step.Expect == "":
		done.Existing[i], err = t.add(in, step.Put, refuse)
	case step.Put != nil:
		err = t.supersede(in, step, refuse)
	case step.Forget:
		err = t.forget(in, step, refuse)
	}
	if err != nil || done.Existing[i] {
		return err
	}
	item := fanout.Item{Change: step.Change, View: step.View}
	item.Change.Memory = w.Memory
	done.Seq[i] = t.raise(in, item)
	return nil
}

// refusal makes the conflict of a step out of what stands there.
type refusal func(store.Reason, *store.Stored) error

// add stores a first grain. It reports true where that very grain is current.
func (t *tx) add(in *draft, put *store.Stored, refuse refusal) (bool, error) {
	shelf, live, err := t.shelf(in, put)
	if err != nil {
		return false, err
	}
	if !live {
		return false, refuse(store.KeyGone, nil)
	}
	if put.Name != nil {
		if err := t.nameFree(in, put, "", refuse); err != nil {
			if !errors.As(err, new(*store.ConflictError)) {
				return false, err
			}
			// The very grain may hold its own name.
			if there, same := t.grain(in, put.Hash); same == nil && there != nil && isSame(&there.Stored, put) {
				return true, nil
			}
			return false, err
		}
	}
	return t.insertGrain(in, put, shelf, refuse)
}

func isSame(there, put *store.Stored) bool {
	return there.State == store.Current && there.Hash == put.Hash && there.Lineage == put.Lineage
}

// supersede replaces a lineage's current grain.
func (t *tx) supersede(in *draft, step *store.Step, refuse refusal) error {
	put := step.Put
	old, err := t.expected(in, step, refuse)
	if err != nil {
		return err
	}
	shelf, live, err := t.shelf(in, put)
	if err != nil {
		return err
	}
	if !live {
		return refuse(store.KeyGone, nil)
	}
	if put.Name != nil {
		if err := t.nameFree(in, put, step.Lineage, refuse); err != nil {
			return err
		}
	}
	there, err := t.grain(in, put.Hash)
	if err != nil {
		return err
	}
	if there != nil && there.State != store.Gone {
		return refuse(store.Taken, &there.Stored)
	}
	if _, err := t.exec("UPDATE grain SET state=1 WHERE n=?", old.n); err != nil {
		return err
	}
	if err := t.unindex("SELECT ?", old.n); err != nil {
		return err
	}
	in.count(old.shelf, &old.Stored, -1)
	t.after(func() { t.d.boxes.forget(boxOf{in.row.Memory, old.Hash}) })
	_, err = t.insertGrain(in, put, shelf, refuse)
	return err
}

// forget takes a lineage's content away and keeps its identifiers.
func (t *tx) forget(in *draft, step *store.Step, refuse refusal) error {
	old, err := t.expected(in, step, refuse)
	if err != nil {
		return err
	}
	in.count(old.shelf, &old.Stored, -1)
	return t.endLineage(in, step.Lineage)
}

// endLineage makes all versions of a lineage gone: boxes, blinds and search
// entries are overwritten. The counts are the caller's.
func (t *tx) endLineage(in *draft, lineage string) error {
	first, err := t.grain(in, lineage)
	if err != nil {
		return err
	}
	if first != nil && first.Lineage == lineage {
		if err := t.endRows(in, " WHERE n=?", first.n); err != nil {
			return err
		}
	}
	return t.endRows(in, " WHERE memory=? AND lineage=? AND lineage IS NOT NULL", in.row.n, hex64(lineage).value())
}

// endRows makes the grains gone that a condition picks: one that an index
// follows.
func (t *tx) endRows(in *draft, where string, args ...any) error {
	var hashes []string
	err := t.rows("SELECT hash FROM grain"+where, args, func(scan func(...any) error) error {
		var h hex64
		err := scan(&h)
		hashes = append(hashes, string(h))
		return err
	})
	if err != nil || len(hashes) == 0 {
		return err
	}
	if err := t.unindex("SELECT n FROM grain"+where, args...); err != nil {
		return err
	}
	if _, err := t.exec("UPDATE grain SET state=2, box=NULL, subject=NULL, name=NULL"+where, args...); err != nil {
		return err
	}
	t.after(func() {
		for _, h := range hashes {
			t.d.boxes.forget(boxOf{in.row.Memory, h})
		}
	})
	return nil
}

// expected returns the current grain that a step expects.
func (t *tx) expected(in *draft, step *store.Step, refuse refusal) (*row, error) {
	there, err := t.grain(in, step.Expect)
	if err != nil {
		return nil, err
	}
	if there != nil && there.State == store.Current && there.Lineage == step.Lineage {
		return there, nil
	}
	now, err := t.current(in, step.Lineage)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return nil, refuse(store.Moved, nil)
	}
	return nil, refuse(store.Moved, &now.Stored)
}

// nameFree refuses a memory-set key that another lineage holds.
func (t *tx) nameFree(in *draft, put *store.Stored, lineage string, refuse refusal) error {
	holder, err := t.oneGrain("WHERE g.memory=? AND g.name=? AND g.state=0", in.row.n, put.Name)
	if err != nil || holder == nil || holder.Lineage == lineage {
		return err
	}
	return refuse(store.Taken, &holder.Stored)
}

// insertGrain stores a new current grain, in the place of a gone one with its
// hash. It reports true where that very grain is current already.
func (t *tx) insertGrain(in *draft, put *store.Stored, shelf int64, refuse refusal) (bool, error) {
	hash := hex64(put.Hash).value()
	for waits := t.d.unfiled.holds(in.row.Memory, put.Hash); ; waits = false {
		if !waits {
			t.d.lastN++
			inserted, err := t.exec(insertGrain, t.d.lastN, in.row.n, shelf, hash, lineageOf(put),
				put.CreatedAt, firstAtOf(put), put.Version, in.head()+1, blob(put.Subject), blob(put.Name), blob(put.Box))
			if err != nil {
				return false, err
			}
			if inserted == 1 {
				break
			}
		}
		there, err := t.grain(in, put.Hash)
		switch {
		case err != nil:
			return false, err
		case there == nil && waits: // another that begins alike
			continue
		case there == nil: // what is filed leads nowhere
		case isSame(&there.Stored, put):
			return true, nil
		case there.State != store.Gone:
			return false, refuse(store.Taken, &there.Stored)
		default:
			if _, err := t.exec("DELETE FROM grain WHERE n=?", there.n); err != nil {
				return false, err
			}
			old := numbered{t.d.unfiled.sum(in.row.Memory, put.Hash), in.row.n, put.Hash, there.n}
			t.after(func() { t.d.unfiled.remove(old) })
		}
		if _, err := t.exec("DELETE FROM filed WHERE memory=? AND hash=?", in.row.n, hash); err != nil {
			return false, err
		}
	}
	t.addUnfiled(in, put.Hash, t.d.lastN)
	in.count(shelf, put, 1)
	stored := *put
	stored.State, stored.Seq = store.Current, in.head()+1
	t.after(func() { t.d.boxes.put(boxOf{in.row.Memory, stored.Hash}, stored) })
	return false, nil
}

// insertGrain stores nothing where a grain of that hash is filed.
const insertGrain = `INSERT INTO grain (n, memory, shelf, hash, lineage, created_at, first_at, version, state, seq, subject, name, box)
	SELECT ?1,?2,?3,?4,?5,?6,?7,?8,0,?9,?10,?11,?12 WHERE NOT EXISTS (SELECT 1 FROM filed WHERE memory=?2 AND hash=?4)`

func lineageOf(s *store.Stored) any {
	if s.Lineage == s.Hash {
		return nil
	}
	return hex64(s.Lineage).value()
}

func firstAtOf(s *store.Stored) any {
	if s.FirstAt == s.CreatedAt {
		return nil
	}
	return s.FirstAt
}
