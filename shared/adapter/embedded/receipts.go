package embedded

import (
	"context"
	"sync"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/once"
)

// receipts is the port once.Receipts. Nobody but this process works here, so a
// claim that is neither done nor among those begun is that of a process that
// died: it is answered as once.Broken, for whoever repeats the request to take
// over at once.
type receipts struct {
	d     *db
	begun *begun
}

// begun are the claims whose work runs in this process, by their seeds.
type begun struct{ seeds sync.Map }

func (b *begun) add(r once.Receipt)      { b.seeds.Store(r.Seed, true) }
func (b *begun) has(r once.Receipt) bool { _, ok := b.seeds.Load(r.Seed); return ok }
func (b *begun) end(r once.Receipt)      { b.seeds.Delete(r.Seed) }

// sweep is how many receipts that nobody can ask for any more a claim takes
// away on its way.
const sweep = 4

// Claim is the port's.
func (s receipts) Claim(ctx context.Context, r once.Receipt, since int64) (once.Receipt, bool, error) {
	var stands once.Receipt
	var ours bool
	err := s.d.writer.do(ctx, func(t *tx) error {
		ours, stands = false, once.Receipt{Scope: r.Scope, Key: r.Key}
		var body, seed []byte
		there, err := t.row("SELECT body, seed, at, status, answer FROM receipt WHERE scope=? AND key=?", []any{r.Scope, r.Key},
			&body, &seed, &stands.At, &stands.Status, &stands.Answer)
		if err != nil {
			return err
		}
		if there && stands.At >= since {
			copy(stands.Body[:], body)
			copy(stands.Seed[:], seed)
			if stands.Status == once.Claimed && !s.begun.has(stands) {
				stands.Status = once.Broken
			}
			return nil
		}
		ours, stands = true, r
		s.begun.add(r) // before the next claim is looked at
		if _, err := t.exec("INSERT OR REPLACE INTO receipt VALUES (?,?,?,?,?,?,?)",
			r.Scope, r.Key, r.Body[:], r.Seed[:], r.At, r.Status, blob(r.Answer)); err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM receipt WHERE (scope, key) IN
			(SELECT scope, key FROM receipt WHERE at<? AND NOT (scope=? AND key=?) ORDER BY at LIMIT ?)`,
			r.At-once.KeptFor.Milliseconds(), r.Scope, r.Key, sweep)
		return err
	})
	if err != nil {
		s.begun.end(r)
		return once.Receipt{}, false, err
	}
	return stands, ours, nil
}

// Finish is the port's. A receipt that another claim has replaced is left.
func (s receipts) Finish(ctx context.Context, r once.Receipt) error {
	defer s.begun.end(r)
	return s.d.writer.do(ctx, func(t *tx) error {
		done, err := t.exec("UPDATE receipt SET status=?, answer=? WHERE scope=? AND key=? AND seed=?",
			r.Status, blob(r.Answer), r.Scope, r.Key, r.Seed[:])
		if err == nil && done == 0 {
			return fault.New(fault.NotFound, "the idempotency key was claimed by another request meanwhile")
		}
		return err
	})
}
