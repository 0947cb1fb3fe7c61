package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/memhooks/memhooks/shared/change"
)

// filed5 takes the finding of grains by their hashes out of their table. Every
// grain up to the number in filing is in filed, and of the later ones some are.
const filed5 = `
CREATE TABLE filed (
  memory INTEGER, hash BLOB, n INTEGER NOT NULL,
  PRIMARY KEY (memory, hash)
) WITHOUT ROWID;
INSERT INTO filed SELECT memory, hash, n FROM grain ORDER BY memory, hash;
CREATE TABLE filing (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL);
INSERT INTO filing SELECT 1, coalesce(max(n), 0) FROM grain;
CREATE TABLE grain5 (
  n INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL, shelf INTEGER NOT NULL, hash BLOB NOT NULL, lineage BLOB,
  created_at INTEGER NOT NULL, first_at INTEGER, version INTEGER NOT NULL, state INTEGER NOT NULL,
  seq INTEGER NOT NULL, subject BLOB, name BLOB, box BLOB
);
INSERT INTO grain5 SELECT n, memory, shelf, hash, lineage, created_at, first_at, version, state, seq, subject, name, box FROM grain ORDER BY n;
DROP TABLE grain;
ALTER TABLE grain5 RENAME TO grain;
CREATE INDEX grain_shelf   ON grain (shelf);
CREATE INDEX grain_lineage ON grain (memory, lineage, state, version) WHERE lineage IS NOT NULL;
CREATE INDEX grain_subject ON grain (memory, subject) WHERE subject IS NOT NULL AND state = 0;
CREATE UNIQUE INDEX grain_name ON grain (memory, name) WHERE name IS NOT NULL AND state = 0;
`

const (
	maxUnfiled = 16384 // from how many grains on they are filed
	fileAtOnce = 16    // how many one statement files
)

// unfiled finds the newest grains by their hashes. A hash falls anywhere in the
// table filed: filing each with its write changes a page of its own for each.
// So they wait here, and are filed in the order of their hashes, where
// neighbours share a page. After a start they are read again.
type unfiled struct {
	most int // from how many on they are filed
	seed maphash.Seed

	mu sync.RWMutex
	at map[uint64][]numbered // by sums of memory and the hash's first digits: one, hardly ever more

	// The writer's alone.
	due   int        // how many were added and not made up for by filing others
	sweep []numbered // what the current sweep has left, in order
	upTo  int64      // the newest grain's number when it began
}

// numbered is a grain that is to be filed.
type numbered struct {
	sum    uint64
	memory int64
	hash   string
	n      int64
}

func newUnfiled() *unfiled {
	return &unfiled{most: maxUnfiled, seed: maphash.MakeSeed(), at: make(map[uint64][]numbered)}
}

// sum is the key of what begins alike.
func (u *unfiled) sum(m change.Memory, hash string) uint64 {
	return maphash.Comparable(u.seed, boxOf{m, hash[:min(len(hash), change.IDDigits)]})
}

// find returns where a grain may stand: numbers, and nil for what is filed. It
// has to be looked for at each of them, as byNumber does, in that order.
func (u *unfiled) find(m change.Memory, hash string) []any {
	u.mu.RLock()
	defer u.mu.RUnlock()
	at := u.at[u.sum(m, hash)]
	places := make([]any, 0, len(at)+1)
	for _, g := range at {
		places = append(places, g.n)
	}
	return append(places, nil)
}

// holds reports whether a grain of a hash may wait here.
func (u *unfiled) holds(m change.Memory, hash string) bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return len(u.at[u.sum(m, hash)]) > 0
}

func (u *unfiled) add(grains ...numbered) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, g := range grains {
		u.at[g.sum] = append(u.at[g.sum], g)
	}
}

func (u *unfiled) remove(grains ...numbered) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, g := range grains {
		at := u.at[g.sum]
		i := slices.IndexFunc(at, func(there numbered) bool { return there.n == g.n })
		switch {
		case i < 0:
		case len(at) == 1:
			delete(u.at, g.sum)
		default:
			u.at[g.sum] = slices.Concat(at[:i], at[i+1:])
		}
	}
}

// alone reports whether a grain waits here, and no other that begins alike.
func (u *unfiled) alone(g numbered) bool {
	at := u.at[g.sum]
	return len(at) == 1 && at[0].n == g.n
}

// list returns what is not filed of a memory, 0 = all, in the order in which
// the table has it.
func (u *unfiled) list(memory int64) []numbered {
	list := make([]numbered, 0, len(u.at))
	for _, at := range u.at {
		for _, g := range at {
			if memory == 0 || g.memory == memory {
				list = append(list, g)
			}
		}
	}
	slices.SortFunc(list, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(a.memory, b.memory), cmp.Compare(a.hash, b.hash))
	})
	return list
}

// byNumber is the condition on the grain g of a hash at a place that find
// returned; its arguments are the place, the memory's number, and twice the hash.
const byNumber = "g.n=coalesce(?, (SELECT n FROM filed WHERE memory=? AND hash=?)) AND g.hash=?"

// addUnfiled makes a new grain found by its hash. Until the transaction is
// durable its number leads others to no row.
func (t *tx) addUnfiled(in *draft, hash string, n int64) {
	g := numbered{t.d.unfiled.sum(in.row.Memory, hash), in.row.n, hash, n}
	t.d.unfiled.add(g)
	t.d.unfiled.due++
	t.undo(func() {
		t.d.unfiled.remove(g)
		t.d.unfiled.due--
	})
}

var (
	fileSome = "INSERT OR REPLACE INTO filed VALUES (?,?,?)" + strings.Repeat(",(?,?,?)", fileAtOnce-1)
	fileOne  = "INSERT OR REPLACE INTO filed SELECT memory, hash, n FROM grain WHERE n=?" // where it still stands
)

// file files a few more than have come, where too many wait. It goes through
// the hashes in their order, again and again.
func (t *tx) file() error {
	u := t.d.unfiled
	if u.due < fileAtOnce {
		return nil
	}
	left, upTo := u.sweep, u.upTo
	if len(left) == 0 {
		if len(u.at) < u.most {
			u.due = 0
			return nil
		}
		left, upTo = u.list(0), t.d.lastN
	}
	all, due := left, u.due
	t.undo(func() { u.due = due })
	for ; u.due > 0 && len(left) > 0; u.due -= fileAtOnce * 3 / 4 {
		n := min(fileAtOnce, len(left))
		if err := t.fileRun(left[:n]); err != nil {
			return err
		}
		left = left[n:]
	}
	if len(left) == 0 {
		if _, err := t.exec("UPDATE filing SET n=?", upTo); err != nil {
			return err
		}
	}
	t.after(func() {
		u.remove(all[:len(all)-len(left)]...)
		u.sweep, u.upTo = left, upTo
	})
	return nil
}

// stands reports whether a grain that waits has its row for sure.
func (t *tx) stands(g numbered) bool {
	return t.d.unfiled.alone(g) && !slices.ContainsFunc(t.order, func(in *draft) bool { return in.removed && in.row.n == g.memory })
}

func (t *tx) fileRun(grains []numbered) error {
	if len(grains) == fileAtOnce && !slices.ContainsFunc(grains, func(g numbered) bool { return !t.stands(g) }) {
		args := make([]any, 0, 3*fileAtOnce)
		for _, g := range grains {
			args = append(args, g.memory, hex64(g.hash).value(), g.n)
		}
		_, err := t.exec(fileSome, args...)
		return err
	}
	for _, g := range grains {
		if _, err := t.exec(fileOne, g.n); err != nil {
			return err
		}
	}
	return nil
}

// readUnfiled finds what was not filed when the database was closed.
func (d *db) readUnfiled(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "UPDATE filing SET n=min(n, ?)", d.lastN); err != nil {
		return err
	}
	found, err := conn.QueryContext(ctx, `SELECT m.tenant, m.id, g.hash, g.memory, g.n FROM grain g NOT INDEXED JOIN memory m ON m.n = g.memory
		WHERE g.n > (SELECT n FROM filing) AND NOT EXISTS (SELECT 1 FROM filed f WHERE f.memory=g.memory AND f.hash=g.hash AND f.n=g.n)`)
	if err != nil {
		return fmt.Errorf("find the newest grains: %w", err)
	}
	return eachRow(found, func(scan func(...any) error) error {
		var m change.Memory
		var g numbered
		err := scan(&m.Tenant, &m.ID, (*hex64)(&g.hash), &g.memory, &g.n)
		g.sum = d.unfiled.sum(m, g.hash)
		d.unfiled.add(g)
		return err
	})
}
