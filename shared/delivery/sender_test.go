package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/sign"
)

// world is all that a Sender asks, as a test wants it.
type world struct {
	mu      sync.Mutex
	hook    hook.Hook
	hookErr error
	fields  map[string]any
	gone    dialect.Gone
	content error
	secrets hook.Secrets
	sealed  error // of the secrets
	mode    error
	answer  func(n int, r *http.Request) (*http.Response, error)
	got     []*http.Request
	bodies  []string
}

func (w *world) find(context.Context, change.Memory, string) (hook.Hook, error) {
	return w.hook, w.hookErr
}

func (w *world) Tell(_ context.Context, c change.Change) (dialect.Event, error) {
	return dialect.Event{Change: c, Fields: w.fields, Gone: w.gone}, w.content
}

func (w *world) Open(context.Context, hook.Hook, time.Time) (hook.Secrets, error) {
	return w.secrets, w.sealed
}

func (w *world) Effective(_ context.Context, h hook.Hook) (redact.Mode, error) {
	return h.Redaction, w.mode
}

// signedBy are secrets of which the first signs the product header.
func signedBy(product *sign.Secret, standard ...*sign.Secret) hook.Secrets {
	s := hook.Secrets{Product: product}
	for _, one := range standard {
		s.Standard = append(s.Standard, *one)
	}
	return s
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.got = append(w.got, r)
	w.bodies = append(w.bodies, string(body))
	n := len(w.got)
	w.mu.Unlock()
	if w.answer == nil {
		return reply(200, ""), nil
	}
	return w.answer(n, r)
}

func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// endless is a body of which nothing comes until its request's context ends.
type endless struct{ ctx context.Context }

func (e endless) Read([]byte) (int, error) { <-e.ctx.Done(); return 0, e.ctx.Err() }
func (endless) Close() error               { return nil }

var memory = change.Memory{Tenant: "t", ID: "default"}

func newWorld() *world {
	return &world{
		hook: hook.Hook{
			ID: "hook-1", Memory: memory, URL: "https://example.com/in?token=hidden", Dialect: dialect.Areev,
			Redaction: redact.Full, MaxRetries: 3, State: hook.Active, Mode: hook.Webhook,
		},
		fields: map[string]any{"subject": "Ada", "tags": []any{}},
	}
}

func (w *world) sender() *Sender {
	return New(Config{
		Hooks: w.find, Teller: w, Secrets: w, Modes: w, Transport: w,
		Settings: Settings{Base: time.Second, Factor: 2, Jitter: 0.2, Timeout: 10 * time.Second, Version: "1.2.3"},
		Rand:     &lockedRand{r: rand.NewChaCha8([32]byte{1})},
	})
}

type lockedRand struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func (l *lockedRand) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func job(seq int64, lineage string) Job {
	return Job{Hook: "hook-1", Prev: seq - 1, Entry: feed.Entry{Seq: seq, Change: change.Change{
		ID: "01JA", Memory: memory, Cause: events.Created, Lineage: lineage, Hash: lineage, GrainType: "belief", Namespace: "default",
	}}}
}

func one(t *testing.T, s *Sender, j Job) Outcome {
	t.Helper()
	out := s.Handle(t.Context(), []Job{j})
	if len(out) != 1 {
		t.Fatalf("%d outcomes for one job", len(out))
	}
	return out[0]
}

func newSecret(text string) (*sign.Secret, error) {
	s, err := sign.NewSecret(text)
	return &s, err
}

func secret(t *testing.T, text string) *sign.Secret {
	t.Helper()
	s, err := newSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestADeliveryCarriesItsHeadersAndIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		shh := secret(t, "shh")
		w.hook.Secret, w.secrets = &hook.SealedSecret{}, signedBy(shh, shh)
		o := one(t, w.sender(), job(7, "aa"))
		if o.Verdict != Delivered || o.Status != 200 || o.Error != "" || o.Job.Attempts != 1 || o.Job.FirstAt == 0 || o.Job.Redaction != redact.Full {
			t.Errorf("outcome %+v", o)
		}
		r := w.got[0]
		for name, want := range map[string]string{
			"Content-Type": "application/json", "User-Agent": "memhooks/1.2.3",
			"X-Memhooks-Hook": "hook-1", "X-Memhooks-Delivery": "dlv_hook-1.7.0", "X-Memhooks-Attempt": "1",
			"X-Memhooks-Seq": "7", "X-Memhooks-Prev-Seq": "6", "X-Memhooks-Test": "", "webhook-id": "evt_01JA", "webhook-timestamp": "946684800",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if r.Method != http.MethodPost || r.ContentLength != int64(len(w.bodies[0])) || len(r.Header.Get("X-Areev-Signature")) != 64 {
			t.Errorf("%s of %d bytes, signed %q", r.Method, r.ContentLength, r.Header.Get("X-Areev-Signature"))
		}
	})
}

func TestRetriesEndInADeadLetter(t *testing.T) {
	w := newWorld()
	w.answer = func(int, *http.Request) (*http.Response, error) { return reply(500, "what I was sent: Ada"), nil }
	s, j := w.sender(), job(1, "aa")
	var last time.Duration
	for n := 1; n <= 4; n++ {
		o := one(t, s, j)
		if o.Job.Attempts != n || o.Status != 500 || o.Error != "answered 500" {
			t.Fatalf("attempt %d: %+v", n, o)
		}
		if n < 4 && (o.Verdict != RetryAfter || o.Delay <= last) || n == 4 && o.Verdict != GiveUp {
			t.Fatalf("attempt %d: verdict %v after %v, delay before %v", n, o.Verdict, o.Delay, last)
		}
		last, j = o.Delay, o.Job
	}
	if w.bodies[0] != w.bodies[3] || w.got[0].Header.Get("webhook-id") != w.got[3].Header.Get("webhook-id") {
		t.Error("attempts of one job differ in body or id")
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	long := strings.Repeat("x", 3*answerLimit)
	for name, c := range map[string]struct {
		answer  func(*http.Request) (*http.Response, error)
		verdict Verdict
		text    string
		delay   time.Duration
		disable bool
	}{
		"204":            {func(*http.Request) (*http.Response, error) { return reply(204, ""), nil }, Delivered, "", 0, false},
		"long body":      {func(*http.Request) (*http.Response, error) { return reply(200, long), nil }, Delivered, "", 0, false},
		"redirect":       {func(*http.Request) (*http.Response, error) { return reply(302, "", "Location", "http://x"), nil }, RetryAfter, "answered 302: redirects are not followed; put the address that it leads to into the hook's url", 0, false},
		"unauthorized":   {func(*http.Request) (*http.Response, error) { return reply(401, ""), nil }, RetryAfter, "answered 401: where the receiver checks the signature, compare its secret, and have it check the bytes as they came", 0, false},
		"not there":      {func(*http.Request) (*http.Response, error) { return reply(404, ""), nil }, RetryAfter, "answered 404: check the path in the hook's url", 0, false},
		"gone":           {func(*http.Request) (*http.Response, error) { return reply(410, ""), nil }, GiveUp, "answered 410", 0, true},
		"asked to wait":  {func(*http.Request) (*http.Response, error) { return reply(503, "", "Retry-After", "60"), nil }, RetryAfter, "answered 503", time.Minute, false},
		"asked for less": {func(*http.Request) (*http.Response, error) { return reply(503, "", "Retry-After", "0"), nil }, RetryAfter, "answered 503", 800 * time.Millisecond, false},
		"hangs":          {func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, RetryAfter, "timed out after 10s", 0, false},
		"hangs in its body": {func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: endless{r.Context()}}, nil
		}, RetryAfter, "answered 200, then: timed out after 10s", 0, false},
		"breaks off":   {func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, RetryAfter, "connection closed by example.com before the answer was complete", 0, false},
		"is no server": {func(*http.Request) (*http.Response, error) { return nil, errors.New("malformed answer: token=hidden") }, RetryAfter, "no HTTP answer from example.com", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.answer = func(_ int, r *http.Request) (*http.Response, error) { return c.answer(r) }
				o := one(t, w.sender(), job(1, "aa"))
				if o.Verdict != c.verdict || o.Error != c.text || o.Delay < c.delay || o.Disable != c.disable {
					t.Errorf("outcome %+v", o)
				}
				if o.Took > 10*time.Second {
					t.Errorf("an attempt took %v", o.Took)
				}
			})
		})
	}
}

func TestJobsThatMayNotBeSentAreNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(*world, *Job)
		verdict Verdict
		posts   int
	}{
		"hook gone":                {func(w *world, _ *Job) { w.hookErr = fault.New(fault.NotFound, "gone") }, Cancelled, 0},
		"hook unreadable":          {func(w *world, _ *Job) { w.hookErr = errors.New("disk") }, PutBack, 0},
		"paused":                   {func(w *world, _ *Job) { w.hook.State = hook.Paused }, PutBack, 0},
		"held":                     {func(w *world, _ *Job) { w.hook.State = hook.Held }, PutBack, 0},
		"held, repeated by hand":   {func(w *world, j *Job) { w.hook.State, j.Redrive = hook.Held, 1 }, Delivered, 1},
		"paused, repeated by hand": {func(w *world, j *Job) { w.hook.State, j.Redrive = hook.Paused, 1 }, PutBack, 0},
		"store busy":               {func(w *world, _ *Job) { w.content = fault.New(fault.Unavailable, "busy") }, PutBack, 0},
		"content's key disabled":   {func(w *world, _ *Job) { w.content = errors.New("the key is disabled") }, PutBack, 0},
		"content broken":           {func(w *world, _ *Job) { w.content = fmt.Errorf("open: %w", seal.ErrBroken) }, RetryAfter, 0},
		"secret's key disabled":    {func(w *world, _ *Job) { w.sealed = errors.New("the key is disabled") }, PutBack, 0},
		"secret broken":            {func(w *world, _ *Job) { w.sealed = fmt.Errorf("open: %w", seal.ErrBroken) }, RetryAfter, 0},
		"secret erased":            {func(w *world, _ *Job) { w.sealed = seal.ErrErased }, RetryAfter, 0},
		"policies unreadable":      {func(w *world, _ *Job) { w.mode = errors.New("no right") }, PutBack, 0},
		"dialect unknown":          {func(w *world, _ *Job) { w.hook.Dialect = "none" }, RetryAfter, 0},
		"secret missing":           {func(w *world, _ *Job) { w.hook.Secret = &hook.SealedSecret{} }, RetryAfter, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, j := newWorld(), job(1, "aa")
			c.set(w, &j)
			o := one(t, w.sender(), j)
			if o.Verdict != c.verdict || len(w.got) != c.posts {
				t.Errorf("verdict %v after %d posts: %+v", o.Verdict, len(w.got), o)
			}
			if o.Verdict == PutBack && o.Job.Attempts != 0 {
				t.Error("a job that was put back counts an attempt")
			}
		})
	}
}

func TestShutdownPutsAnUnfinishedAttemptBack(t *testing.T) {
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	w.answer = func(_ int, r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	}
	if o := w.sender().Handle(ctx, []Job{job(1, "aa")})[0]; o.Verdict != PutBack || o.Job.Attempts != 0 {
		t.Errorf("outcome %+v", o)
	}
}
