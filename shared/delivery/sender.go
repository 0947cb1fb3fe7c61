package delivery

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// Teller reads what may be said about a change at this moment: its content, or
// why there is none any more. It is safe for concurrent use and strongly
// consistent with erasures. What it fails with is asked again later, without an
// attempt that counts, but for a seal.ErrBroken: that content is damaged.
type Teller interface {
	Tell(ctx context.Context, c change.Change) (dialect.Event, error)
}

// Secrets opens what signs for a hook at a moment. A rotation's overlap is its
// to know: the previous secret is there only while it signs.
type Secrets interface {
	Open(ctx context.Context, h hook.Hook, at time.Time) (hook.Secrets, error)
}

// Modes says how much of its events a hook may see at this moment, the
// memory's policies (COMP-H1) counted in.
type Modes interface {
	Effective(ctx context.Context, h hook.Hook) (redact.Mode, error)
}

// Settings are what an operator chooses.
type Settings struct {
	Base    time.Duration // first retry delay
	Factor  float64       // growth of the delay, 1 or more
	Jitter  float64       // 0 to 1: how far a delay may be off
	Timeout time.Duration // one attempt's limit, more than 0
	Version string        // of the product, for User-Agent
}

// Config is what a Sender works with. All of it is safe for concurrent use.
type Config struct {
	// Hooks returns a hook as it is now, fault.NotFound where it is gone.
	Hooks   func(ctx context.Context, m change.Memory, id string) (hook.Hook, error)
	Teller  Teller
	Secrets Secrets
	Modes   Modes
	// Transport makes the POSTs: the address guard's. It is never asked to
	// follow a redirect.
	Transport http.RoundTripper
	// Inside watches requests under a context: did one lead where only the
	// operator's list of destinations lets it? nil = nothing does.
	Inside   func(ctx context.Context) (watched context.Context, inside func() bool)
	Settings Settings
	Now      func() time.Time // nil = time.Now
	Rand     io.Reader        // for jitter and test ids; nil = crypto/rand
}

// Sender makes attempts: one POST for each job, one verdict.
type Sender struct {
	cfg       Config
	userAgent []string
	breaker   *breaker
	buffers   sync.Pool // *[answerLimit]byte
}

// New makes a Sender.
func New(cfg Config) *Sender {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Sender{
		cfg:       cfg,
		userAgent: []string{userAgent(cfg.Settings.Version)},
		breaker:   newBreaker(cfg.Settings.Timeout),
		buffers:   sync.Pool{New: func() any { return new([answerLimit]byte) }},
	}
}

// atOnce is how many of a batch's POSTs are made at the same time.
const atOnce = 64

// Handle is a Handler. Jobs of one hook and group are attempted one after
// another in the order of the batch; after one that did not end, the rest of
// its group is put back for as long. Attempts that the end of ctx cut off are
// put back too.
func (s *Sender) Handle(ctx context.Context, jobs []Job) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	if len(jobs) == 1 {
		outcomes[0] = s.attempt(ctx, jobs[0])
		return outcomes
	}
	chains := chain(jobs)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(len(chains), atOnce) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(chains)); i = next.Add(1) - 1 {
				s.follow(ctx, chains[i], jobs, outcomes)
			}
		})
	}
	all.Wait()
	return outcomes
}

// chain parts a batch into the jobs that may not overtake each other.
func chain(jobs []Job) [][]int {
	type line struct{ hook, group string }
	var chains [][]int
	at := make(map[line]int, len(jobs))
	for i := range jobs {
		of := line{jobs[i].Hook, jobs[i].Entry.Change.Group()}
		n, ok := at[of]
		if !ok {
			n = len(chains)
			at[of] = n
			chains = append(chains, nil)
		}
		chains[n] = append(chains[n], i)
	}
	return chains
}

// follow attempts the jobs of one chain until one does not end.
func (s *Sender) follow(ctx context.Context, chain []int, jobs []Job, outcomes []Outcome) {
	for n, i := range chain {
		o := s.attempt(ctx, jobs[i])
		outcomes[i] = o
		if o.Verdict == RetryAfter || o.Verdict == PutBack {
			for _, later := range chain[n+1:] {
				outcomes[later] = Outcome{Job: jobs[later], Verdict: PutBack, Delay: o.Delay, At: o.At}
			}
			return
		}
	}
}

// attempt is one job's whole road: may it be sent, what is sent, the POST, the
// verdict.
func (s *Sender) attempt(ctx context.Context, j Job) Outcome {
	h, err := s.cfg.Hooks(ctx, j.Entry.Change.Memory, j.Hook)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return Outcome{Job: j, Verdict: Cancelled, At: s.cfg.Now().UnixMilli()}
	case err != nil:
		return s.putBack(j, unprepared)
	case !takes(&h, &j):
		return s.putBack(j, 0)
	}
	start := s.cfg.Now()
	if wait := s.breaker.wait(h.ID, start); wait > 0 {
		return s.putBack(j, wait)
	}
	limited, cancel := context.WithTimeout(ctx, s.cfg.Settings.Timeout)
	defer cancel()
	made := counted(j, start)
	var a answer
	req, err := s.request(limited, &h, &made, start)
	switch {
	case errors.Is(err, errAsking):
		return s.putBack(j, unprepared)
	case err != nil:
		a.failure = unreadable
	default:
		a = s.post(req, nil)
	}
	if ctx.Err() != nil && a.unfinished() {
		return s.putBack(j, 0)
	}
	a.moved = a.status == http.StatusGone && s.moved(ctx, &h)
	end := s.cfg.Now()
	s.breaker.record(h.ID, a.timedOut, end)
	return s.verdict(&h, made, a, start, end)
}

// moved says whether a hook has another address by now: what the old one says
// of it does not count for the new one. Where that can't be read it has not.
func (s *Sender) moved(ctx context.Context, h *hook.Hook) bool {
	now, err := s.cfg.Hooks(ctx, h.Memory, h.ID)
	return err == nil && now.URL != h.URL
}

// unreadable is the failure of an attempt that ended before its POST.
const unreadable = "the event could not be prepared: its content, its shape or the hook's secret can't be read"

// counted is the job with one more attempt.
func counted(j Job, start time.Time) Job {
	j.Attempts++
	if j.FirstAt == 0 {
		j.FirstAt = start.UnixMilli()
	}
	return j
}

// unprepared is how long a hook's jobs are put back when what is needed for a
// POST could not be read just now.
const unprepared = time.Second

func (s *Sender) putBack(j Job, delay time.Duration) Outcome {
	return Outcome{Job: j, Verdict: PutBack, Delay: delay, At: s.cfg.Now().UnixMilli()}
}

// takes says whether a hook's state lets a job be sent. What a person repeats
// by hand is sent to a held hook too, to see whether its receiver is back.
func takes(h *hook.Hook, j *Job) bool {
	return h.State == hook.Active || h.State == hook.Held && j.Redrive > 0
}

// spread is a random number from 0 to less than 1, 0.5 where none can be had.
func (s *Sender) spread() float64 {
	var b [8]byte
	if _, err := io.ReadFull(s.cfg.Rand, b[:]); err != nil {
		return 0.5
	}
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}
