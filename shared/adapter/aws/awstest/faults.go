package awstest

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

// Faults lets calls of services fail with fault.Unavailable, as a seed decides:
// before they happened, as where the service throttles for longer than its
// client repeats, or after it, where only the answer is lost. What the service
// itself answers, a refused condition for one, is never made up. It is safe for
// concurrent use; where calls are, which of them fail depends on their order.
type Faults struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64
	failed int
}

// Consumer takes records of a stream, the oldest first, and says how many from
// the front it is done with.
type Consumer func(ctx context.Context, records []table.Record) (done int, err error)

// NewFaults makes faults that let about share of all calls fail, 0 to 1.
func NewFaults(seed uint64, share float64) *Faults {
	return &Faults{random: rand.New(rand.NewPCG(seed, 0)), share: share}
}

// Share sets how many of all calls fail from now on, 0 to 1.
func (f *Faults) Share(share float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.share = share
}

// Failed returns how many calls failed so far.
func (f *Faults) Failed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// Rows puts the faults before a table.
func (f *Faults) Rows(r Rows) Rows { return &faultyRows{r, f} }

// Line puts the faults before a queue. Messages of a reception whose answer is
// lost are in hand until their visibility timeout is over.
func (f *Faults) Line(l Line) Line { return &faultyLine{l, f} }

// Consumer puts the faults before a consumer: a batch does not reach it, or
// the word of what it did is lost, all of it or its end.
func (f *Faults) Consumer(consume Consumer) Consumer {
	return func(ctx context.Context, records []table.Record) (int, error) {
		var done int
		var own error
		err := f.try(func() error { done, own = consume(ctx, records); return own })
		if err != nil && own == nil {
			f.mu.Lock()
			done = f.random.IntN(done + 1)
			f.mu.Unlock()
		}
		return done, err
	}
}

// try does a call or lets it fail, before or after it happened.
func (f *Faults) try(call func() error) error {
	f.mu.Lock()
	fails, happens := f.random.Float64() < f.share, f.random.IntN(2) == 0
	if fails {
		f.failed++
	}
	f.mu.Unlock()
	if fails && !happens {
		return fault.New(fault.Unavailable, "the service throttles: try again")
	}
	if err := call(); err != nil || !fails {
		return err
	}
	return fault.New(fault.Unavailable, "the answer is lost: try again")
}

type faultyRows struct {
	rows   Rows
	faults *Faults
}

func (r *faultyRows) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	var rows []table.Row
	err := r.faults.try(func() (err error) { rows, err = r.rows.Get(ctx, keys...); return })
	return unless(err, rows), err
}

func (r *faultyRows) Query(ctx context.Context, q table.Query) (table.Page, error) {
	var page table.Page
	err := r.faults.try(func() (err error) { page, err = r.rows.Query(ctx, q); return })
	return unless(err, page), err
}

func (r *faultyRows) Write(ctx context.Context, ops ...table.Op) error {
	return r.faults.try(func() error { return r.rows.Write(ctx, ops...) })
}

type faultyLine struct {
	line   Line
	faults *Faults
}

func (l *faultyLine) Send(ctx context.Context, messages []fifo.Message) error {
	return l.faults.try(func() error { return l.line.Send(ctx, messages) })
}

func (l *faultyLine) Receive(ctx context.Context) ([]fifo.Received, error) {
	var got []fifo.Received
	err := l.faults.try(func() (err error) { got, err = l.line.Receive(ctx); return })
	return unless(err, got), err
}

func (l *faultyLine) Settle(ctx context.Context, done []string, later []fifo.Delay) error {
	return l.faults.try(func() error { return l.line.Settle(ctx, done, later) })
}
