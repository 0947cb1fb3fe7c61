package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/feed"
)

// tx is a transaction that several requests may share. It is used by the
// writer's goroutine alone. Errors of its methods are returned as they are;
// after one that came from the database nothing of the transaction stands.
type tx struct {
	w       *writer
	d       *db
	changes int   // counts what was changed
	broken  error // the first error of the database
	probe   bool  // asks whether a write can be taken
	afters  []func()
	undos   []func()
	drafts  map[change.Memory]*draft
	order   []*draft // in the order of their first use
	told    []news
}

// news is what one commit added to one memory's log.
type news struct {
	memory  memoryRow
	entries []feed.Entry
}

func newTx(w *writer) *tx {
	return &tx{w: w, d: w.d, drafts: make(map[change.Memory]*draft, 1)}
}

func (t *tx) begin() error {
	_, err := t.run("BEGIN IMMEDIATE", nil)
	return err
}

// finish plans and stores the log entries of what was raised, commits, and
// arranges that the caches learn of it first of all.
func (t *tx) finish() error {
	if t.broken != nil {
		return t.broken
	}
	for i := 0; i < len(t.order); i++ {
		if err := t.settle(t.order[i]); err != nil {
			return err
		}
	}
	if err := t.file(); err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken
	}
	if _, err := t.run("COMMIT", nil); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	t.d.rooms.publish(t.order)
	return nil
}

// rollback ends the transaction without a trace. SQLite has ended it already
// where the disk was full or failed, so an error means nothing here.
func (t *tx) rollback() {
	_, _ = t.w.conn.ExecContext(context.Background(), "ROLLBACK")
	t.takeBack(0)
}

func (t *tx) run(query string, args []any) (sql.Result, error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return nil, t.fail(err)
	}
	r, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return nil, t.fail(err)
	}
	return r, nil
}

func (t *tx) fail(err error) error {
	if t.broken == nil {
		t.broken = err
	}
	return err
}

// exec runs a statement that changes something and returns how many rows it
// changed. The text of a query is its key in the cache of prepared statements:
// it is constant or one of a few.
func (t *tx) exec(query string, args ...any) (int64, error) {
	r, err := t.run(query, args)
	if err != nil {
		t.changes++
		return 0, err
	}
	n, err := r.RowsAffected()
	if n > 0 {
		t.changes++
	}
	return n, err
}

// insert is exec of an INSERT and returns the new row's number.
func (t *tx) insert(query string, args ...any) (int64, error) {
	t.changes++
	r, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// row reads the first row of a query into dest, false where there is none.
func (t *tx) row(query string, args []any, dest ...any) (bool, error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return false, t.fail(err)
	}
	err = s.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, t.fail(err)
	}
	return true, nil
}

// rows hands each row of a query to each, which reads it with scan. All rows
// are read before anything else is asked of the transaction.
func (t *tx) rows(query string, args []any, each func(scan func(...any) error) error) error {
	s, err := t.w.stmt(query)
	if err != nil {
		return t.fail(err)
	}
	found, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return t.fail(err)
	}
	if err := eachRow(found, each); err != nil {
		return t.fail(err)
	}
	return nil
}

// after arranges that f runs once the transaction is durable, before any of
// its callers is answered, in the order of the calls. It is how caches learn.
func (t *tx) after(f func()) { t.afters = append(t.afters, f) }

// undo arranges that f runs where what was done since is rolled back: it takes
// back what the process has to know before the commit.
func (t *tx) undo(f func()) { t.undos = append(t.undos, f) }

// takeBack runs all but the first so many undos, the last first.
func (t *tx) takeBack(but int) {
	for len(t.undos) > but {
		last := len(t.undos) - 1
		t.undos[last]()
		t.undos = t.undos[:last]
	}
}

// nested runs f so that its failure leaves nothing of it, and the rest of the
// transaction as it was. f may raise changes, of one memory only.
func (t *tx) nested(in *draft, f func() error) error {
	if _, err := t.run("SAVEPOINT step", nil); err != nil {
		return err
	}
	changes, afters, undos, was := t.changes, len(t.afters), len(t.undos), in.fork()
	err := f()
	if err != nil && t.broken == nil {
		if _, undo := t.run("ROLLBACK TO step", nil); undo == nil {
			t.takeBack(undos)
			clear(t.afters[afters:])
			t.changes, t.afters, *in = changes, t.afters[:afters], was
		}
	}
	if _, end := t.run("RELEASE step", nil); end != nil && err == nil {
		return end
	}
	return err
}

// raise collects a change of a memory and returns the seq that it will have.
func (t *tx) raise(in *draft, item fanout.Item) int64 {
	t.changes++
	in.items = append(in.items, item)
	return in.row.head + int64(len(in.items))
}

// eachRow reads a result to its end and closes it.
func eachRow(found *sql.Rows, each func(scan func(...any) error) error) error {
	defer found.Close()
	for found.Next() {
		if err := each(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}
