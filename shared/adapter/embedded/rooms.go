package embedded

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Bounds of what is held of the database.
const (
	maxRooms     = 4096     // memories
	maxTail      = 2048     // newest log entries of one memory
	maxTailBytes = 32 << 20 // of all tails
)

// memoryRow is a memory as a commit left it; a value, never changed.
type memoryRow struct {
	n int64
	store.Instance
	head, floor int64
}

// hookRow is a hook as a commit left it; never changed, a put makes another.
type hookRow struct {
	n      int64
	memory int64
	hook.Hook
}

// room is what is held of one memory, so that writing to it, reading the end
// of its log and delivering from it need not ask the database. Only the writer
// changes it, after a commit.
type room struct {
	used atomic.Uint64

	mu    sync.RWMutex
	row   memoryRow
	hooks hookList
	seen  map[string]int64 // by hook id: the newest seq it saw
	tail  []feed.Entry     // ends at row.head; a published part is not changed
	bytes int              // of the tail; the writer's alone
	woken chan struct{}    // closed when the head moves or the room is given up
}

// rooms holds the memories in use.
type rooms struct {
	clock atomic.Uint64

	mu     sync.RWMutex
	byName map[change.Memory]*room
	byN    map[int64]*room
	hookAt map[int64]*room // by hook number
	bytes  int             // of all tails; the writer's alone
}

func newRooms() *rooms {
	return &rooms{byName: make(map[change.Memory]*room), byN: make(map[int64]*room), hookAt: make(map[int64]*room)}
}

// peek returns a room that is held, nil where it is not.
func (rs *rooms) peek(m change.Memory) *room {
	rs.mu.RLock()
	r := rs.byName[m]
	rs.mu.RUnlock()
	return rs.touch(r)
}

func (rs *rooms) peekN(n int64) *room {
	rs.mu.RLock()
	r := rs.byN[n]
	rs.mu.RUnlock()
	return rs.touch(r)
}

func (rs *rooms) touch(r *room) *room {
	if r != nil {
		r.used.Store(rs.clock.Add(1))
	}
	return r
}

// publish lets everyone see what a transaction made of its drafts. The writer
// calls it right after the commit.
func (rs *rooms) publish(drafts []*draft) {
	for _, in := range drafts {
		switch {
		case in.removed:
			rs.leave(in.room)
		case in.room.row.n == 0 && in.row.n == 0: // there is no such memory
		default:
			rs.enter(in)
			rs.bytes += in.room.take(in)
		}
	}
	rs.trim()
}

// enter puts a draft's room and its hooks where they are found.
func (rs *rooms) enter(in *draft) {
	r := in.room
	if r.row.n != 0 && !in.hooksMoved {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, h := range r.hooks.rows {
		delete(rs.hookAt, h.n)
	}
	for _, h := range in.hooks.rows {
		rs.hookAt[h.n] = r
	}
	rs.byName[in.row.Memory], rs.byN[in.row.n] = r, r
	rs.touch(r)
}

// take gives a room what a transaction made of it and returns by how many
// bytes its tail has grown.
func (r *room) take(in *draft) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, moved := r.bytes, in.row.head != r.row.head
	r.row, r.hooks, r.seen = in.row, in.hooks, in.seen
	for id, saw := range in.saw {
		r.seen[id] = saw.last
	}
	if len(in.entries) > 0 {
		if len(r.tail)+len(in.entries) > 2*maxTail {
			r.bytes -= sizeOf(r.tail[:max(0, len(r.tail)-maxTail)])
			r.tail = append(make([]feed.Entry, 0, 2*maxTail), r.tail[max(0, len(r.tail)-maxTail):]...)
		}
		r.tail = append(r.tail, in.entries...)
		r.bytes += sizeOf(in.entries)
	}
	if moved {
		close(r.woken)
		r.woken = make(chan struct{})
	}
	return r.bytes - before
}

// sizeOf is about how many bytes entries hold.
func sizeOf(entries []feed.Entry) (n int) {
	const own, match = 400, 48
	for i := range entries {
		c := &entries[i].Change
		n += own + match*len(entries[i].Matches) + len(c.Content) + len(c.Lineage) + len(c.Hash) + len(c.Superseded) +
			len(c.Namespace) + len(c.UserID) + len(c.ScopePath)
	}
	return n
}

// leave gives a room up: it is found no more, and those who wait in it look
// for another.
func (rs *rooms) leave(r *room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.row.n == 0 {
		return
	}
	rs.mu.Lock()
	delete(rs.byName, r.row.Memory)
	delete(rs.byN, r.row.n)
	for _, h := range r.hooks.rows {
		delete(rs.hookAt, h.n)
	}
	rs.mu.Unlock()
	rs.bytes -= r.bytes
	r.tail, r.bytes = nil, 0
	close(r.woken)
	r.woken = make(chan struct{})
}

// trim keeps the bounds: of a few rooms taken at random, the one that was not
// used for longest goes, or its tail does.
func (rs *rooms) trim() {
	for len(rs.byName) > maxRooms {
		rs.leave(rs.oldest(func(*room) bool { return true }))
	}
	for rs.bytes > maxTailBytes {
		r := rs.oldest(func(r *room) bool { return len(r.tail) > 0 })
		r.mu.Lock()
		rs.bytes -= r.bytes
		r.tail, r.bytes = nil, 0
		r.mu.Unlock()
	}
}

func (rs *rooms) oldest(fits func(*room) bool) *room {
	const sample = 8
	var found *room
	looked := 0
	for _, r := range rs.byName {
		if !fits(r) {
			continue
		}
		if found == nil || r.used.Load() < found.used.Load() {
			found = r
		}
		if looked++; looked == sample {
			break
		}
	}
	return found
}

// room returns a memory's room, nil where there is no such memory. It asks the
// writer when the room is not held: never call it from inside a transaction.
func (d *db) room(ctx context.Context, m change.Memory) (*room, error) {
	for {
		if r := d.rooms.peek(m); r != nil {
			return r, nil
		}
		var there bool
		err := d.writer.do(ctx, func(t *tx) error {
			in, err := t.draft(m)
			there = err == nil && in.row.n != 0
			return err
		})
		if err != nil || !there {
			return nil, err
		}
	}
}
