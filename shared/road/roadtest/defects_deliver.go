package roadtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// every changes the outcomes that it is about.
func every(h delivery.Handler, about func(*delivery.Outcome) bool, wrong func(*delivery.Outcome)) delivery.Handler {
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		out := h(ctx, jobs)
		for i := range out {
			if about(&out[i]) {
				wrong(&out[i])
			}
		}
		return out
	}
}

func givesUp(o *delivery.Outcome) bool    { return o.Verdict == delivery.GiveUp }
func retries(o *delivery.Outcome) bool    { return o.Verdict == delivery.RetryAfter }
func redirected(o *delivery.Outcome) bool { return o.Status/100 == 3 }
func delivered(o *delivery.Outcome) {
	o.Verdict, o.Delay, o.Error, o.Disable = delivery.Delivered, 0, "", false
}
func muchLater(o *delivery.Outcome) { o.Delay = 12 * time.Hour }
func hurried(o *delivery.Outcome)   { o.Delay = 0 }
func dead(o *delivery.Outcome)      { o.Verdict, o.Delay = delivery.GiveUp, 0 }
func untouched(o *delivery.Outcome) { o.Disable = false }
func unmindful(o *delivery.Outcome) { o.Job.Redaction = "" }
func again(o *delivery.Outcome) {
	o.Verdict, o.Delay, o.Disable = delivery.RetryAfter, time.Duration(1<<min(o.Job.Attempts, 10))*time.Second, false
}

// taken is the outcome of a job that nobody was sent.
func taken(j delivery.Job) delivery.Outcome {
	j.Attempts++
	if j.FirstAt == 0 {
		j.FirstAt = time.Now().UnixMilli()
	}
	return delivery.Outcome{Job: j, Verdict: delivery.Delivered, Status: 200, At: time.Now().UnixMilli()}
}

// dropsJobs sends no fifth event.
func dropsJobs(h delivery.Handler) delivery.Handler {
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		out := h(ctx, jobs)
		for i, j := range jobs {
			if j.Entry.Seq%5 == 0 && out[i].Verdict != delivery.Delivered {
				out[i] = taken(j)
			}
		}
		return out
	}
}

// twice makes each first attempt two times.
func twice(h delivery.Handler) delivery.Handler {
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		h(ctx, slices.DeleteFunc(slices.Clone(jobs), func(j delivery.Job) bool { return j.Attempts > 0 }))
		return h(ctx, jobs)
	}
}

// overtaking holds a lineage's first event back until its second was sent.
func overtaking(held map[string]delivery.Job, h delivery.Handler) delivery.Handler {
	var mu sync.Mutex
	one := func(ctx context.Context, j delivery.Job) delivery.Outcome {
		line := j.Hook + j.Entry.Change.Group()
		mu.Lock()
		first, there := held[line]
		holds := !there && j.Attempts == 0 && j.Redrive == 0
		if holds {
			held[line] = j
		}
		mu.Unlock()
		if holds {
			return taken(j)
		}
		o := h(ctx, []delivery.Job{j})[0]
		if first.Hook != "" && first.Entry.Seq != j.Entry.Seq {
			h(ctx, []delivery.Job{first})
			mu.Lock()
			held[line] = delivery.Job{}
			mu.Unlock()
		}
		return o
	}
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		out := make([]delivery.Outcome, len(jobs))
		for i, j := range jobs {
			out[i] = one(ctx, j)
		}
		return out
	}
}

// miscounting counts one state wrong where there are any.
type miscounting struct {
	delivery.Ledger
	status delivery.Status
	by     int
}

func (l miscounting) Counts(ctx context.Context, m change.Memory, id string) (map[delivery.Status]int, error) {
	counts, err := l.Ledger.Counts(ctx, m, id)
	if counts[l.status] > 0 {
		counts[l.status] += l.by
	}
	return counts, err
}

// shortTrail forgets the first of several attempts.
type shortTrail struct{ delivery.Ledger }

func (l shortTrail) Find(ctx context.Context, m change.Memory, id string, seq int64, redrive int) (delivery.Record, error) {
	rec, err := l.Ledger.Find(ctx, m, id, seq, redrive)
	if len(rec.Trail) > 1 {
		rec.Trail = rec.Trail[1:]
	}
	return rec, err
}

// lazyMover skips nothing.
type lazyMover struct{ hook.Mover }

func (lazyMover) SkipToHead(context.Context, change.Memory, string) (int, error) { return 0, nil }

// lazyRemover deletes nothing.
type lazyRemover struct{}

func (lazyRemover) Remove(context.Context, change.Memory, string) error { return nil }

// wakefulHooks pauses none.
type wakefulHooks struct{ hook.Store }

func (s wakefulHooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	if h.State == hook.Paused {
		h.State = hook.Active
	}
	return s.Store.Put(ctx, h)
}

// frankHooks says of every hook that it may see all.
type frankHooks struct{ hook.Store }

func (s frankHooks) Get(ctx context.Context, m change.Memory, id string) (hook.Hook, error) {
	h, err := s.Store.Get(ctx, m, id)
	h.Redaction = redact.Full
	return h, err
}

// leakyHooks shows metadata where only hashes may be seen.
type leakyHooks struct{ hook.Store }

func (s leakyHooks) Get(ctx context.Context, m change.Memory, id string) (hook.Hook, error) {
	h, err := s.Store.Get(ctx, m, id)
	if h.Redaction == redact.HashOnly {
		h.Redaction = redact.MetadataOnly
	}
	return h, err
}

// eagerHooks writes a hook ten times whenever it is read.
type eagerHooks struct{ hook.Store }

func (s eagerHooks) Get(ctx context.Context, m change.Memory, id string) (hook.Hook, error) {
	h, err := s.Store.Get(ctx, m, id)
	for n := 0; err == nil && n < 10; n++ {
		if now, lost := s.Put(ctx, h); lost == nil {
			h = now
		}
	}
	return h, err
}
