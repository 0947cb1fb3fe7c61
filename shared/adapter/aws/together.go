package aws

import (
	"context"
	"maps"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// together are Rows of which readings of one row that are asked for at the same
// time are done once: the jobs of a batch all look at their hook. Nobody is
// given what was read before they asked: who asks while a reading is under way
// waits for the next.
type together struct {
	Rows
	mu     sync.Mutex
	newest map[table.Key]*look
}

// look is one reading of a row. Others may join it until it has begun.
type look struct {
	begun bool
	done  chan struct{}
	rows  []table.Row
	err   error
}

func newTogether(rows Rows) *together {
	return &together{Rows: rows, newest: make(map[table.Key]*look)}
}

// Get is Rows'.
func (t *together) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	if len(keys) != 1 {
		return t.Rows.Get(ctx, keys...)
	}
	t.mu.Lock()
	before := t.newest[keys[0]]
	if before != nil && !before.begun {
		t.mu.Unlock()
		return t.join(ctx, before, keys[0])
	}
	mine := &look{begun: before == nil, done: make(chan struct{})}
	t.newest[keys[0]] = mine
	t.mu.Unlock()
	if before != nil {
		select {
		case <-before.done:
		case <-ctx.Done():
		}
		t.mu.Lock()
		mine.begun = true
		t.mu.Unlock()
	}
	mine.rows, mine.err = t.Rows.Get(ctx, keys[0])
	t.mu.Lock()
	if t.newest[keys[0]] == mine {
		delete(t.newest, keys[0])
	}
	t.mu.Unlock()
	close(mine.done)
	return mine.own()
}

// join waits for a reading that another makes. Where that fails it may be for
// the other's own reasons: then the row is read alone.
func (t *together) join(ctx context.Context, r *look, key table.Key) ([]table.Row, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if r.err != nil {
		return t.Rows.Get(ctx, key)
	}
	return r.own()
}

// own is what was read, for one of its askers alone.
func (r *look) own() ([]table.Row, error) {
	if r.err != nil {
		return r.rows, r.err
	}
	return []table.Row{maps.Clone(r.rows[0])}, nil
}
