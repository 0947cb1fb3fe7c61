package embedded

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// db is the open database: one writer, a few readers, and what is held of it.
type db struct {
	now     func() time.Time
	log     *slog.Logger
	writer  *writer
	readers *sql.DB
	reading sync.Map // query → *sql.Stmt of the readers

	rooms   *rooms
	shelves shelves
	boxes   *rowCache
	unfiled *unfiled
	lastN   int64 // the newest grain's number; the writer's alone

	rankable int // how many documents a search ranks at most

	listeners []func(mem memoryRow, entries []feed.Entry)

	// What the dispatcher does when others end its work; it sets them.

	// hookMoved learns of a hook that was made or changed, after the commit and
	// before the entries that it sees; it must not wait.
	hookMoved func(h *hookRow)
	// dropHook takes away all that is held for a hook that is being deleted.
	dropHook func(t *tx, hook int64) error
	// expire ends the jobs of a memory that wait below a floor.
	expire func(t *tx, memory, floor int64) error
	// needed returns the lowest seq of each memory that an unfinished job of an
	// active or resting hook still waits for; memories without are left out.
	needed func(ctx context.Context) (map[int64]int64, error)

	ages ages
}

func newDB(now func() time.Time, log *slog.Logger) *db {
	return &db{
		now: now, log: log, rooms: newRooms(), shelves: make(shelves), boxes: newRowCache(), unfiled: newUnfiled(), rankable: rankable,
		hookMoved: func(*hookRow) {},
		dropHook:  func(*tx, int64) error { return nil },
		expire:    func(*tx, int64, int64) error { return nil },
		needed:    func(context.Context) (map[int64]int64, error) { return nil, nil },
	}
}

// onCommit adds a listener to what is committed: it is called with the new
// entries of one memory's log, in the order of commits, outside of any
// transaction, on the writer's goroutine: it must not wait, least of all for
// the writer. It is called while the database is being opened only.
func (d *db) onCommit(f func(mem memoryRow, entries []feed.Entry)) {
	d.listeners = append(d.listeners, f)
}

func (d *db) tell(all []news) {
	for _, n := range all {
		for _, f := range d.listeners {
			f(n.memory, n.entries)
		}
	}
}

// row reads the first row of a query into dest, false where there is none. It
// sees every commit that was answered before the call.
func (d *db) row(query string, args []any, dest ...any) (bool, error) {
	s, err := d.reader(query)
	if err != nil {
		return false, err
	}
	// A context that can end would cost a goroutine a query; this one is short.
	err = s.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, storeError(err)
}

// rows hands each row of a query to each, which reads it with scan, until the
// context ends.
func (d *db) rows(ctx context.Context, query string, args []any, each func(scan func(...any) error) error) error {
	s, err := d.reader(query)
	if err != nil {
		return err
	}
	found, err := s.QueryContext(ctx, args...)
	if err != nil {
		return storeError(err)
	}
	return storeError(eachRow(found, each))
}

// reader returns the prepared form of a query for the readers.
func (d *db) reader(query string) (*sql.Stmt, error) {
	if s, ok := d.reading.Load(query); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := d.readers.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, storeError(err)
	}
	if first, there := d.reading.LoadOrStore(query, s); there {
		s.Close()
		return first.(*sql.Stmt), nil
	}
	return s, nil
}

// atMost bounds a query by its last argument. As an expression, for SQLite plans
// a query with a bare parameter there anew each time that it is run.
const atMost = " LIMIT +?"

// memoryN is a memory's row number as a subquery of two arguments, so that one
// statement serves a read that has only the name.
const memoryN = "(SELECT n FROM memory WHERE tenant=? AND id=?)"

// named gives memoryN's arguments, followed by others.
func named(m change.Memory, more ...any) []any {
	return append([]any{m.Tenant, m.ID}, more...)
}
