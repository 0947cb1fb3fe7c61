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
func (s eraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) (told change.Change, err error) {
	if err := sel.Validate(); err != nil {
		return told, err
	}
	err = s.d.writer.do(ctx, func(t *tx) error {
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
		changes, err := plan(keys, current)
		if err != nil {
			return err
		}
		if err := t.destroy(in, numbers); err != nil {
			return err
		}
		told = change.Change{}
		for i, c := range changes {
			if c.Memory = m; i == 0 {
				told = c
			}
			t.raise(in, fanout.Item{Change: c})
		}
		return nil
	})
	if err != nil {
		return change.Change{}, err
	}
	// What is erased is erased, whether the caller still waits or not: only the
	// service's end, or a reader that never ends, leaves the log to the next
	// erasure or the next start.
	held, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrubFor)
	defer cancel()
	return told, s.d.scrub(held)
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
// writing within a key, without their boxes.
func (t *tx) sealedUnder(keys []int64) ([]store.Stored, error) {
	var all []store.Stored
	for _, key := range keys {
		err := t.rows("SELECT "+boxless+"NULL FROM shelf s CROSS JOIN grain g ON g.shelf = s.n JOIN seal_key k ON k.n = s.key WHERE s.key=? AND g.state=0 ORDER BY g.n", []any{key}, func(scan func(...any) error) error {
			var r row
			err := r.scan(scan)
			all = append(all, r.Stored)
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
// box. It takes a few statements a key, however many grains there are.
func (t *tx) destroy(in *draft, keys []int64) error {
	if len(keys) == 0 {
		return nil
	}
	if _, err := t.exec("CREATE TEMP TABLE IF NOT EXISTS ending (n INTEGER PRIMARY KEY)"); err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := t.exec("INSERT INTO ending SELECT g.n FROM shelf s CROSS JOIN grain g ON g.shelf=s.n WHERE s.key=? AND g.state=0", key); err != nil {
			return err
		}
		if err := t.uncount(in, key); err != nil {
			return err
		}
	}
	if err := t.endAll(in); err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := t.exec("UPDATE grain SET box=NULL, subject=NULL, name=NULL WHERE shelf IN (SELECT n FROM shelf WHERE key=?) AND box IS NOT NULL", key); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE seal_key SET state='destroyed', wrapped=NULL WHERE n=?", key); err != nil {
			return err
		}
	}
	t.dropKeys(in)
	return nil
}

// uncount empties the counts of a key's shelves.
func (t *tx) uncount(in *draft, key int64) error {
	err := t.rows("SELECT n FROM shelf WHERE key=?", []any{key}, func(scan func(...any) error) error {
		var shelf int64
		err := scan(&shelf)
		delete(in.counts, shelf)
		return err
	})
	if err == nil {
		_, err = t.exec("UPDATE shelf SET grains=0, named=0, bytes=0 WHERE key=?", key)
	}
	return err
}

// endAll ends the lineages of the grains whose numbers are in ending: all their
// versions, as endLineage does with one.
func (t *tx) endAll(in *draft) error {
	if err := t.pickLineages(in); err != nil {
		return err
	}
	var indexed int
	if _, err := t.row("SELECT count(*) FROM doc WHERE rowid IN (SELECT n FROM ending)", nil, &indexed); err != nil {
		return err
	}
	for query, args := range map[string][]any{
		"DELETE FROM doc WHERE rowid IN (SELECT n FROM ending)":                                         nil,
		"UPDATE docs SET count=count-? WHERE memory=?":                                                  {indexed, in.row.n},
		"UPDATE grain SET state=2, box=NULL, subject=NULL, name=NULL WHERE n IN (SELECT n FROM ending)": nil,
	} {
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
	}
	_, err := t.exec("DELETE FROM ending")
	return err
}

// pickLineages adds to ending the other versions of the grains in it.
func (t *tx) pickLineages(in *draft) error {
	const later = " FROM ending e CROSS JOIN grain g ON g.n=e.n "
	type first struct{ n, hash any }
	var firsts []first // where those may stand that are not filed
	err := t.rows("SELECT DISTINCT g.lineage"+later+"WHERE g.lineage IS NOT NULL", nil, func(scan func(...any) error) error {
		var lineage hex64
		err := scan(&lineage)
		at := t.d.unfiled.find(in.row.Memory, string(lineage))
		for _, n := range at[:len(at)-1] { // what is filed is found below
			firsts = append(firsts, first{n, lineage.value()})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, query := range [...]string{
		"INSERT OR IGNORE INTO ending SELECT o.n" + later +
			"CROSS JOIN grain o ON o.memory=g.memory AND o.lineage=g.lineage AND o.lineage IS NOT NULL WHERE g.lineage IS NOT NULL",
		"INSERT OR IGNORE INTO ending SELECT o.n" + later +
			"CROSS JOIN filed f ON f.memory=g.memory AND f.hash=g.lineage CROSS JOIN grain o ON o.n=f.n AND o.lineage IS NULL WHERE g.lineage IS NOT NULL",
	} {
		if _, err := t.exec(query); err != nil {
			return err
		}
	}
	for _, f := range firsts {
		if _, err := t.exec("INSERT OR IGNORE INTO ending SELECT n FROM grain WHERE n=? AND memory=? AND hash=? AND lineage IS NULL", f.n, in.row.n, f.hash); err != nil {
			return err
		}
	}
	return nil
}

// scrubFor bounds how long an erasure waits for readers.
const scrubFor = 30 * time.Second

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
