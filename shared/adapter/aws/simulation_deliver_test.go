package aws_test

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
)

// maxHooks is how many hooks a schedule makes at most.
const maxHooks = 4

func (s *simulation) subscribe(ctx context.Context) {
	if len(s.hooks) == maxHooks {
		return
	}
	h := &subscriber{Hook: hook.Hook{
		ID: "hook-" + s.id(), Memory: s.mem, Name: "h", Mode: hook.Webhook, URL: "https://receiver.example/", Dialect: dialect.Areev,
		Redaction: "full", MaxRetries: 3, State: hook.Active, CreatedAt: time.Now().UnixMilli(),
	}, begun: time.Now()}
	put, err := s.cloud.Hooks.Put(ctx, h.Hook)
	if err != nil {
		return // if it was made all the same nobody knows of it
	}
	h.Hook, h.made = put, time.Now()
	s.hooks = append(s.hooks, h)
}

// some is a hook that stands.
func (s *simulation) some() (*subscriber, bool) {
	if len(s.hooks) == 0 {
		return nil, false
	}
	h := s.hooks[s.r.IntN(len(s.hooks))]
	return h, !h.removed
}

// turn pauses or resumes a hook.
func (s *simulation) turn(ctx context.Context) {
	h, ok := s.some()
	if !ok {
		return
	}
	now, err := s.cloud.Hooks.Get(ctx, s.mem, h.ID)
	if err != nil {
		return
	}
	if now.State == hook.Active {
		now.State = hook.Paused
	} else {
		now.State = hook.Active
	}
	_, _ = s.cloud.Hooks.Put(ctx, now) // whether it happened or not, all is well
}

func (s *simulation) skip(ctx context.Context) {
	if h, ok := s.some(); ok {
		_, _ = s.cloud.HookMover.SkipToHead(ctx, s.mem, h.ID)
	}
}

func (s *simulation) remove(ctx context.Context) {
	if h, ok := s.some(); ok {
		h.removed = true
		_ = s.cloud.HookRemover.Remove(ctx, s.mem, h.ID)
	}
}

// redrive sends what has ended again, as far as it has.
func (s *simulation) redrive(ctx context.Context) {
	if h, ok := s.some(); ok {
		_, _ = s.cloud.Redriver.Redrive(ctx, s.mem, h.ID, []int64{1 + s.r.Int64N(10), 1 + s.r.Int64N(30)})
	}
}

func (s *simulation) upkeep(ctx context.Context) { _, _ = s.adapter.Upkeep(ctx) }

// deliver is the queue's trigger: one batch.
func (s *simulation) deliver(ctx context.Context) {
	waiting, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	batch, err := s.jobs.Receive(waiting)
	s.must(err)
	if len(batch) == 0 {
		return
	}
	failed, err := s.adapter.Deliver(ctx, s.attempt, batch)
	if err != nil || s.alive.Dead() {
		return // all come again when their time is over
	}
	again := map[string]bool{}
	for _, id := range failed {
		again[id] = true
	}
	var done []string
	for _, m := range batch {
		if !again[m.ID] {
			done = append(done, m.Handle)
		}
	}
	s.must(s.jobs.Settle(ctx, done, nil))
}

// attempt answers jobs as receivers do, and notes which was tried first.
func (s *simulation) attempt(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]delivery.Outcome, len(jobs))
	for i, j := range jobs {
		out[i] = s.answer(j)
		if out[i].Verdict == delivery.PutBack {
			continue
		}
		line := j.Hook + " " + j.Entry.Change.Group()
		if s.ended[j.ID()] == nil {
			s.ended[j.ID()] = map[delivery.Verdict]bool{}
			if j.Redrive == 0 {
				s.first[line] = append(s.first[line], j.Entry.Seq)
			}
		}
		s.ended[j.ID()][out[i].Verdict] = true
		s.tried[j.ID()] = append(s.tried[j.ID()], delivery.Attempt{
			N: out[i].Job.Attempts, At: out[i].At, Took: out[i].Took, Code: out[i].Status, Error: out[i].Error,
		})
	}
	return out
}

func (s *simulation) answer(j delivery.Job) delivery.Outcome {
	now := time.Now().UnixMilli()
	o := delivery.Outcome{Job: j, Verdict: delivery.Delivered, Status: 200, At: now, Took: time.Millisecond}
	chance := s.r.IntN(20)
	switch {
	case s.calmed:
	case chance < 3:
		o.Verdict, o.Delay, o.Status, o.Error = delivery.RetryAfter, time.Duration(1+s.r.IntN(60))*time.Second, 503, "answered 503"
	case chance < 5:
		o.Verdict, o.Status, o.Error = delivery.GiveUp, 500, "answered 500"
	case chance < 6:
		return delivery.Outcome{Job: j, Verdict: delivery.PutBack, Delay: 5 * time.Second, At: now}
	}
	if o.Job.FirstAt == 0 {
		o.Job.FirstAt = now
	}
	o.Job.Attempts++
	return o
}

// calm ends faults and deaths and lets everything come to its end.
func (s *simulation) calm() {
	s.faults.Share(0)
	s.restart()
	s.mu.Lock()
	s.calmed = true
	s.mu.Unlock()
	ctx := s.t.Context()
	for round := range 60 {
		for _, h := range s.hooks {
			if h.removed {
				s.must(s.cloud.HookRemover.Remove(ctx, s.mem, h.ID))
				continue
			}
			now, err := s.cloud.Hooks.Get(ctx, s.mem, h.ID)
			s.must(err)
			if now.State != hook.Active {
				now.State = hook.Active
				_, err = s.cloud.Hooks.Put(ctx, now)
				s.must(err)
			}
		}
		s.drain(ctx)
		if round > 2 && len(s.open(ctx)) == 0 {
			return
		}
		s.pass(10 * time.Minute)
		_, err := s.adapter.Upkeep(ctx)
		s.must(err)
	}
	s.t.Errorf("after hours without faults there is still something to do: %d jobs in line, hooks %v", len(s.jobs.Bodies()), s.open(ctx))
}

// drain runs both triggers until neither finds anything.
func (s *simulation) drain(ctx context.Context) {
	for range 1000 {
		left := 0
		for shard, n := range s.stream.Undone() {
			for left += n; n > 0; n = s.stream.Undone()[shard] {
				batch := s.stream.Next(shard, 100)
				done, err := s.adapter.Fanout(ctx, batch.Records)
				s.must(err)
				s.stream.Done(batch, done)
			}
		}
		before := len(s.jobs.Bodies())
		s.deliver(ctx)
		if left == 0 && len(s.jobs.Bodies()) == before {
			return
		}
	}
	s.t.Fatal("stream and queue do not come to their end")
}

// open counts what hooks have not ended.
func (s *simulation) open(ctx context.Context) map[string]string {
	all := map[string]string{}
	for _, h := range s.hooks {
		if h.removed {
			continue
		}
		counts, err := s.cloud.Ledger.Counts(ctx, s.mem, h.ID)
		s.must(err)
		if counts[delivery.StatusPending]+counts[delivery.StatusHeld] > 0 {
			all[h.ID] = fmt.Sprint(counts)
		}
	}
	return all
}
