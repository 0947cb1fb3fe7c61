package embedded

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// eraser is the port store.Eraser.
type eraser struct{ d *db }

// Erase is the port's. Keys, boxes, blinds and search entries go in one
// transaction with the changes that it raises; then the write-ahead log is
// emptied, so that no file keeps what the database no longer holds.
func (s eraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) error {
	if err := sel.Validate(); err != nil {
		return err
	}
	err := s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(m)
		if err != nil {
			return err
		}
		numbers, keys, err := t.coveredKeys(in, sel)
		if err != nil {
			return err
		}
		current, err := t.sealedUnder(numbers)
		if err != nil {
			return err
		}
		grains := make([]store.Stored, len(current))
		for i := range current {
			grains[i] = current[i].Stored
		}
		changes, err := plan(keys, grains)
		if err != nil {
			return err
		}
		if err := t.destroy(in, numbers, current); err != nil {
			return err
		}
		for _, c := range changes {
			c.Memory = m
			t.raise(in, fanout.Item{Change: c})
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Also where there was nothing to erase: an earlier call may have failed here.
	return s.d.scrub(ctx)
}

// coveredKeys lists the live keys that a selector covers, by their ids.
func (t *tx) coveredKeys(in *draft, sel seal.Selector) ([]int64, []seal.KeyRecord, error) {
	query, args := "person=?", []any{in.row.n, sel.Person}
	if sel.Person == "" {
		at, from, to := sel.Span()
		query, args = "(scope=? OR scope>=? AND scope<?)", []any{in.row.n, at, from, to}
	}
	var numbers []int64
	var keys []seal.KeyRecord
	err := t.rows("SELECT n, "+keyColumns+" FROM seal_key WHERE memory=? AND state='live' AND "+query+" ORDER BY id", args,
		func(scan func(...any) error) error {
			var n int64
			k, err := scanKey(scan, &n)
			numbers, keys = append(numbers, n), append(keys, k)
			return err
		})
	return numbers, keys, err
}

// sealedUnder lists the current grains under some keys, in the order of their
// writing within a key.
func (t *tx) sealedUnder(keys []int64) ([]row, error) {
	var all []row
	for _, key := range keys {
		err := t.rows("SELECT "+grainColumns+" FROM shelf s CROSS JOIN grain g ON g.shelf = s.n JOIN seal_key k ON k.n = s.key WHERE s.key=? AND g.state=0 ORDER BY g.n", []any{key}, func(scan func(...any) error) error {
			var r row
			err := r.scan(scan)
			all = append(all, r)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// destroy ends keys and the lineages of the current grains under them. Older
// versions under them, of lineages that live on under other keys, lose their
// box.
func (t *tx) destroy(in *draft, keys []int64, current []row) error {
	for i := range current {
		in.count(current[i].shelf, &current[i].Stored, -1)
		if err := t.endLineage(in, current[i].Lineage); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if _, err := t.exec("UPDATE grain SET box=NULL, subject=NULL, name=NULL WHERE shelf IN (SELECT n FROM shelf WHERE key=?) AND box IS NOT NULL", key); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE seal_key SET state='destroyed', wrapped=NULL WHERE n=?", key); err != nil {
			return err
		}
	}
	if len(keys) > 0 {
		t.dropKeys(in)
	}
	return nil
}

// scrub brings all that was committed into the database's file and empties the
// write-ahead log. Readers hold it up for as long as their queries last.
func (d *db) scrub(ctx context.Context) error {
	pause := time.Millisecond
	for {
		var busy bool
		err := d.writer.between(ctx, func(conn *sql.Conn) (err error) {
			busy, err = truncateLog(conn)
			return err
		})
		if err != nil || !busy {
			return err
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, 100*time.Millisecond)
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, ctx.Err(), "the erased content still stands in the database's log, because a reader holds it: repeat the request")
		}
	}
}

// truncateLog reports whether readers were in the way. It waits for them for
// moments only, since nobody can write meanwhile.
func truncateLog(conn *sql.Conn) (busy bool, err error) {
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout=20"); err != nil {
		return false, err
	}
	var log, moved int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	_, back := conn.ExecContext(ctx, "PRAGMA busy_timeout=5000")
	return busy, errors.Join(err, back)
}
