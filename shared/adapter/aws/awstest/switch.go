package awstest

import (
	"context"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

// Switch cuts one process off from its services, as its death does: every call
// fails from then on, and nothing changes. The zero value is on; it is safe for
// concurrent use.
type Switch struct {
	running sync.RWMutex // held for reading by calls that never wait

	mu     sync.Mutex
	dead   bool
	calls  int // that changed something
	last   int // of those, the one that the process does not outlive; 0: none
	nextID int
	ends   map[int]context.CancelFunc // of calls that wait
}

// Kill cuts the process off. Calls under way end first, those that wait for
// messages end without any, and when it returns no call of the process changes
// anything any more.
func (s *Switch) Kill() {
	s.die()
	s.running.Lock()
	defer s.running.Unlock()
}

// KillAfter cuts the process off when so many more calls that change something
// (Write, Send, Settle) were made, so that a test can try its death between any
// two of them; the answer of the last one is lost. 0 takes it back.
func (s *Switch) KillAfter(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = 0
	if calls > 0 {
		s.last = s.calls + calls
	}
}

// Calls returns how many calls that change something were made.
func (s *Switch) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Dead reports whether the process is cut off.
func (s *Switch) Dead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// Rows puts the switch before a table.
func (s *Switch) Rows(r Rows) Rows { return &gatedRows{r, s} }

// Line puts the switch before a queue.
func (s *Switch) Line(l Line) Line { return &gatedLine{l, s} }

func (s *Switch) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	for _, end := range s.ends {
		end()
	}
}

// alive is the error of every call of a dead process.
func (s *Switch) alive() error {
	if s.Dead() {
		return fault.New(fault.Unavailable, "the process was killed")
	}
	return nil
}

// read passes on a call that changes nothing.
func (s *Switch) read(call func() error) error {
	if err := s.alive(); err != nil {
		return err
	}
	err := call()
	if s.alive() != nil {
		return s.alive()
	}
	return err
}

// change passes on a call that changes something.
func (s *Switch) change(call func() error) error {
	s.running.RLock()
	defer s.running.RUnlock()
	return s.read(func() error {
		err := call()
		s.mu.Lock()
		s.calls++
		last := s.calls == s.last
		s.mu.Unlock()
		if last {
			s.die()
		}
		return err
	})
}

// waiting returns a context that ends with the process too.
func (s *Switch) waiting(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	id := s.nextID
	if s.ends == nil {
		s.ends = map[int]context.CancelFunc{}
	}
	s.ends[id] = end
	if s.dead {
		end()
	}
	return ctx, func() {
		end()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ends, id)
	}
}

type gatedRows struct {
	rows Rows
	gate *Switch
}

func (r *gatedRows) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	var rows []table.Row
	err := r.gate.read(func() (err error) { rows, err = r.rows.Get(ctx, keys...); return })
	return unless(err, rows), err
}

func (r *gatedRows) Query(ctx context.Context, q table.Query) (table.Page, error) {
	var page table.Page
	err := r.gate.read(func() (err error) { page, err = r.rows.Query(ctx, q); return })
	return unless(err, page), err
}

func (r *gatedRows) Write(ctx context.Context, ops ...table.Op) error {
	return r.gate.change(func() error { return r.rows.Write(ctx, ops...) })
}

type gatedLine struct {
	line Line
	gate *Switch
}

func (l *gatedLine) Send(ctx context.Context, messages []fifo.Message) error {
	return l.gate.change(func() error { return l.line.Send(ctx, messages) })
}

func (l *gatedLine) Receive(ctx context.Context) ([]fifo.Received, error) {
	ctx, end := l.gate.waiting(ctx)
	defer end()
	var got []fifo.Received
	err := l.gate.read(func() (err error) { got, err = l.line.Receive(ctx); return })
	return unless(err, got), err
}

func (l *gatedLine) Settle(ctx context.Context, done []string, later []fifo.Delay) error {
	return l.gate.change(func() error { return l.line.Settle(ctx, done, later) })
}

// unless drops an answer that was lost.
func unless[T any](err error, answer T) T {
	if err != nil {
		var none T
		return none
	}
	return answer
}
