package cloudtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/redact"
)

// answer says what becomes of one job. It may block until a gate opens.
type answer func(r *receiver, j delivery.Job) delivery.Outcome

// receiver is a Handler that notes what it is handed and answers by a script.
type receiver struct {
	b      *bench
	answer answer
	quit   chan struct{} // closed when the receiver is to end
	back   chan error    // what Serve returned
	cancel context.CancelFunc

	mu    sync.Mutex
	hands []hand
	busy  map[string]int64 // hook and group → seq in hand
	wrong error            // the first time that one group was handed out twice at once
}

// hand is one job as it was handed out.
type hand struct {
	delivery.Job
	at int64
}

// serve begins to serve the cloud's queue.
func (b *bench) serve(a answer) *receiver {
	ctx, cancel := context.WithCancel(b.ctx)
	r := &receiver{
		b: b, answer: a, quit: make(chan struct{}), back: make(chan error, 1), cancel: cancel,
		busy: make(map[string]int64),
	}
	queue := b.Queue
	go func() { r.back <- queue.Serve(ctx, r.handle) }()
	b.ends = append(b.ends, r.stop)
	b.idle()
	return r
}

// stop ends the service and what still blocks. It may be called again.
func (r *receiver) stop() {
	select {
	case <-r.quit:
		return
	default:
	}
	close(r.quit)
	r.cancel()
	if err := <-r.back; err != nil && r.b.err == nil && r.wrong == nil {
		r.wrong = fmt.Errorf("serving ended with: %w", err)
	}
	if r.b.err == nil && r.wrong != nil {
		r.b.err = r.wrong
	}
}

// handle is the Handler: all jobs of a batch at once.
func (r *receiver) handle(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
	out := make([]delivery.Outcome, len(jobs))
	for i := range jobs {
		r.take(jobs[i])
	}
	var all sync.WaitGroup
	for i := range jobs {
		all.Go(func() {
			out[i] = r.answer(r, jobs[i])
			r.leave(jobs[i])
		})
	}
	all.Wait()
	return out
}

func line(j delivery.Job) string {
	c := &j.Entry.Change
	return c.Memory.Tenant + "/" + c.Memory.ID + " " + j.Hook + " " + c.Group()
}

func (r *receiver) take(j delivery.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq, there := r.busy[line(j)]; there && r.wrong == nil {
		r.wrong = fmt.Errorf("seq %d was handed out while seq %d of its group was in hand", j.Entry.Seq, seq)
	}
	r.busy[line(j)] = j.Entry.Seq
	r.hands = append(r.hands, hand{j, r.b.now()})
}

func (r *receiver) leave(j delivery.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, line(j))
}

// got returns what a hook was handed so far, "" for all hooks, and ends the
// rule where a group was handed out twice at once.
func (r *receiver) got(hook string) []hand {
	r.b.idle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != nil {
		r.b.fail("%w", r.wrong)
	}
	var all []hand
	for _, h := range r.hands {
		if hook == "" || h.Hook == hook {
			all = append(all, h)
		}
	}
	return all
}

// handed ends the rule unless a hook was handed exactly these seqs, in this
// order.
func (r *receiver) handed(when, hook string, want ...int64) {
	got := seqs(r.got(hook))
	r.b.want(slices.Equal(got, want), "%s, hook %s was handed the seqs %v, not %v", when, hook, got, want)
}

// handedAll is handed for seqs of groups that do not wait for each other.
func (r *receiver) handedAll(when, hook string, want ...int64) {
	got := seqs(r.got(hook))
	slices.Sort(got)
	r.b.want(slices.Equal(got, want), "%s, hook %s was handed the seqs %v, not %v in some order", when, hook, got, want)
}

func seqs(hands []hand) []int64 {
	out := make([]int64, len(hands))
	for i, h := range hands {
		out[i] = h.Entry.Seq
	}
	return out
}

// outcome is what a sender records of an attempt.
func (r *receiver) outcome(j delivery.Job, v delivery.Verdict, delay time.Duration, status int) delivery.Outcome {
	now := r.b.now()
	o := delivery.Outcome{Job: j, Verdict: v, Delay: delay, Status: status, At: now, Took: time.Millisecond}
	if v == delivery.PutBack {
		return o
	}
	o.Job.Attempts++
	o.Job.Redaction = redact.Full
	if o.Job.FirstAt == 0 {
		o.Job.FirstAt = now
	}
	if v != delivery.Delivered {
		o.Error = fmt.Sprint("answered ", status)
	}
	return o
}

func delivered(r *receiver, j delivery.Job) delivery.Outcome {
	return r.outcome(j, delivery.Delivered, 0, 200)
}

func retry(d time.Duration) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		return r.outcome(j, delivery.RetryAfter, d, 503)
	}
}

func giveUp(r *receiver, j delivery.Job) delivery.Outcome {
	return r.outcome(j, delivery.GiveUp, 0, 500)
}

func putBack(d time.Duration) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		return r.outcome(j, delivery.PutBack, d, 0)
	}
}

// hang blocks until the receiver ends, as an attempt does whose process dies.
func hang(r *receiver, j delivery.Job) delivery.Outcome {
	<-r.quit
	return r.outcome(j, delivery.PutBack, 0, 0)
}

// until blocks until a gate opens, then answers.
func until(gate <-chan struct{}, then answer) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		select {
		case <-gate:
			return then(r, j)
		case <-r.quit:
			return r.outcome(j, delivery.PutBack, 0, 0)
		}
	}
}

// bySeq answers some seqs by a script of their own.
func bySeq(some map[int64]answer, rest answer) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		if a, ok := some[j.Entry.Seq]; ok {
			return a(r, j)
		}
		return rest(r, j)
	}
}

// byHook answers some hooks by a script of their own.
func byHook(some map[string]answer, rest answer) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		if a, ok := some[j.Hook]; ok {
			return a(r, j)
		}
		return rest(r, j)
	}
}

// attempts answers the nth attempt by the nth script, later ones by the last.
func attempts(scripts ...answer) answer {
	return func(r *receiver, j delivery.Job) delivery.Outcome {
		return scripts[min(j.Attempts, len(scripts)-1)](r, j)
	}
}

// counts ends the rule unless a hook's changes are in these states, and in no
// other.
func (b *bench) counts(hook string, want map[delivery.Status]int) {
	b.idle()
	got, err := b.Ledger.Counts(b.ctx, b.mem, hook)
	b.done("counting", err)
	for status, n := range got {
		b.want(n == want[status], "hook %s has %d changes %s, not %d: %v", hook, n, status, want[status], got)
	}
	for status, n := range want {
		b.want(n == got[status], "hook %s has %d changes %s, not %d: %v", hook, got[status], status, n, got)
	}
}

// record finds a delivery that has to be there.
func (b *bench) record(hook string, seq int64, redrive int) delivery.Record {
	b.idle()
	rec, err := b.Ledger.Find(b.ctx, b.mem, hook, seq, redrive)
	b.done(fmt.Sprintf("finding delivery %d.%d of hook %s", seq, redrive, hook), err)
	b.want(rec.Job.Hook == hook && rec.Job.Entry.Seq == seq && rec.Job.Redrive == redrive, "delivery %d.%d of hook %s is found as %d.%d of %s",
		seq, redrive, hook, rec.Job.Entry.Seq, rec.Job.Redrive, rec.Job.Hook)
	return rec
}
