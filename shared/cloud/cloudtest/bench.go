package cloudtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// session is one run of a rule: the newest cloud, and the first thing that
// went wrong. Its methods that find something wrong end the rule's goroutine,
// so rules call them from no other.
type session struct {
	ctx context.Context
	*cloud.Cloud
	opened Opened
	drawn  atomic.Int64
	err    error
	ends   []func() // run in reverse order, before a reopening and at the end
}

// bench is a session's view of one memory.
type bench struct {
	*session
	mem change.Memory
}

// home is the memory that rules use when it does not matter which.
var home = change.Memory{Tenant: "acme", ID: "home"}

// run runs a rule in a goroutine of its own and returns what it found wrong.
func run(ctx context.Context, o Opened, rule func(*bench)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := &bench{&session{ctx: ctx, Cloud: o.Cloud, opened: o}, home}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer b.end()
		b.makeMemory()
		rule(b)
	}()
	<-ended
	return b.err
}

// fail ends the rule.
func (s *session) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
	runtime.Goexit()
}

// want ends the rule unless ok.
func (s *session) want(ok bool, format string, args ...any) {
	if !ok {
		s.fail(format, args...)
	}
}

// done ends the rule where a call that had to succeed did not.
func (s *session) done(what string, err error) {
	if err != nil {
		s.fail("%s failed: %w", what, err)
	}
}

// refused ends the rule unless err is a fault of that kind.
func (s *session) refused(what string, err error, kind fault.Kind) {
	s.want(err != nil, "%s succeeded", what)
	s.want(fault.KindOf(err) == kind, "%s failed with a fault of kind %d, not %d: %w", what, fault.KindOf(err), kind, err)
}

// conflict ends the rule unless err is a ConflictError, and returns it.
func (s *session) conflict(what string, err error, step int, reasons ...store.Reason) *store.ConflictError {
	var c *store.ConflictError
	s.want(err != nil, "%s was not refused", what)
	s.want(errors.As(err, &c), "%s failed without saying which condition: %w", what, err)
	s.want(c.Step == step, "%s was refused for step %d, not %d", what, c.Step, step)
	for _, r := range reasons {
		if c.Reason == r {
			return c
		}
	}
	s.fail("%s was refused because %q", what, c.Error())
	return nil
}

// idle waits until everything that was asked for is done.
func (s *session) idle() { s.opened.Idle() }

// pass moves the clock and waits until what came due is done.
func (s *session) pass(d time.Duration) {
	s.opened.Advance(d)
	s.opened.Idle()
}

func (s *session) now() int64 { return s.opened.Now().UnixMilli() }

// id draws a 26-character identifier; later ones sort behind earlier ones.
func (s *session) id() string { return fmt.Sprintf("%026d", s.drawn.Add(1)) }

// end ends what the rule has started, the last first.
func (s *session) end() {
	for len(s.ends) > 0 {
		last := len(s.ends) - 1
		f := s.ends[last]
		s.ends = s.ends[:last]
		f()
	}
}

// reopen starts the cloud anew, as a restart does: what the rule has started
// ends before.
func (s *session) reopen() {
	s.end()
	c, err := s.opened.Reopen(s.ctx)
	s.done("reopening", err)
	s.Cloud = c
}

// crash starts the cloud anew, as if its process had died at this moment.
func (s *session) crash() {
	c, err := s.opened.Crash(s.ctx)
	s.done("reopening after a crash", err)
	s.Cloud = c
}

// in is the bench of another memory, which is made where it is missing.
func (b *bench) in(tenant, id string) *bench {
	other := &bench{b.session, change.Memory{Tenant: tenant, ID: id}}
	if _, err := b.Memories.Get(b.ctx, other.mem); fault.KindOf(err) == fault.NotFound && err != nil {
		other.makeMemory()
	}
	return other
}

func (b *bench) makeMemory() {
	b.done("making a memory", b.Memories.Put(b.ctx, store.Instance{
		Memory: b.mem, Name: b.mem.ID, CreatedAt: b.now(), Version: 1,
	}))
}

// side runs f for 0 to n-1 at the same time and returns their errors.
func side(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errs
}

// succeeded returns how many errors are nil.
func succeeded(errs []error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}
