package aws_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/seal"
)

const (
	lanes    = 16          // calls side by side
	patience = time.Minute // for one call
)

// outside does calls outside of all bubbles, each on a lane of its own. Who
// waits for a call waits for something that is not of the bubble: until the
// answer is there the bubble is not at rest and its clock stands still.
type outside struct{ free chan *lane }

// lane does one call at a time.
type lane struct {
	calls chan func()
	done  chan struct{}
}

// newOutside makes lanes that last as long as the test. It is called outside
// of bubbles.
func newOutside(t *testing.T) *outside {
	o := &outside{make(chan *lane, lanes)}
	for range lanes {
		l := &lane{make(chan func()), make(chan struct{})}
		go func() {
			for call := range l.calls {
				call()
				l.done <- struct{}{}
			}
		}()
		o.free <- l
	}
	t.Cleanup(func() {
		for range lanes {
			close((<-o.free).calls)
		}
	})
	return o
}

// do does a call and returns its error. The call's context has ended if ctx
// has; beside that nothing of a bubble reaches outside.
func (o *outside) do(ctx context.Context, call func(context.Context) error) (err error) {
	ended := ctx.Err() != nil
	l := <-o.free
	l.calls <- func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if ended {
			cancel()
		}
		err = call(ctx)
	}
	<-l.done
	o.free <- l
	return err
}

// distant is a table outside.
type distant struct {
	rows  awstest.Rows
	calls *outside
}

func (d distant) Get(ctx context.Context, keys ...table.Key) (rows []table.Row, err error) {
	err = d.calls.do(ctx, func(ctx context.Context) error { rows, err = d.rows.Get(ctx, keys...); return err })
	return rows, err
}

func (d distant) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	err = d.calls.do(ctx, func(ctx context.Context) error { page, err = d.rows.Query(ctx, q); return err })
	return page, err
}

func (d distant) Write(ctx context.Context, ops ...table.Op) error {
	return d.calls.do(ctx, func(ctx context.Context) error { return d.rows.Write(ctx, ops...) })
}

// followed is a table outside whose stream is read after every write. What it
// tells is kept for the world's pump, which therefore wakes and rests as a
// trigger does that never looks in vain.
type followed struct {
	distant
	t    *testing.T
	from *table.Stream
	to   *awstest.Stream

	mu sync.Mutex // one reads at a time
}

func (f *followed) Write(ctx context.Context, ops ...table.Op) error {
	err := f.distant.Write(ctx, ops...)
	f.follow(context.WithoutCancel(ctx))
	return err
}

func (f *followed) follow(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		var records []table.Record
		err := f.calls.do(ctx, func(ctx context.Context) (err error) { records, err = f.from.Next(ctx); return })
		if err != nil {
			f.t.Errorf("the stream can't be read: %v", err)
		}
		if len(records) == 0 {
			return
		}
		for _, r := range records {
			f.to.Append(r)
		}
		f.from.Done(len(records))
	}
}

// master is a master key outside.
type master struct {
	key   seal.Wrapper
	calls *outside
}

func (m master) Wrap(ctx context.Context, about map[string]string, raw []byte) (wrapped []byte, err error) {
	err = m.calls.do(ctx, func(ctx context.Context) error { wrapped, err = m.key.Wrap(ctx, about, raw); return err })
	return wrapped, err
}

func (m master) Unwrap(ctx context.Context, about map[string]string, wrapped []byte) (raw []byte, err error) {
	err = m.calls.do(ctx, func(ctx context.Context) error { raw, err = m.key.Unwrap(ctx, about, wrapped); return err })
	return raw, err
}
