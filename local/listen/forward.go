package listen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/sign"
)

// How long an attempt may take, and how much of an answer is read, as for a
// delivery; and how long one that is under way may go on at the end, so that
// what the receiver has taken is not sent again.
const (
	attemptLimit = 10 * time.Second
	answerLimit  = 4 << 10
	grace        = time.Second
)

// Forwarder posts events as deliveries are posted: the same bytes, headers and
// signatures, other delivery ids aside.
type Forwarder struct {
	To        string // where to
	Hook      string // whose events they are, by id
	Dialect   sign.Dialect
	Secret    sign.Secret // the zero secret signs nothing
	UserAgent string
	Retries   int // how often a failed attempt is repeated, after 1 s, 2 s, 4 s, … at most maxGap
	Transport http.RoundTripper

	Failed func(attempt int, why string, again time.Duration) // told each failed attempt that is repeated
}

// Outcome is how forwarding one event went.
type Outcome struct {
	Status   int           `json:"status,omitempty"` // of the last attempt, where it was answered
	Error    string        `json:"error,omitempty"`  // "" = the receiver took it
	Attempts int           `json:"attempts"`
	Took     time.Duration `json:"-"` // the last attempt
	TookMS   int64         `json:"took_ms"`
}

// Forward posts one event until the receiver takes it, the retries are used
// up, or the context ends.
func (f Forwarder) Forward(ctx context.Context, e Event) Outcome {
	gap := time.Second
	for attempt := 1; ; attempt++ {
		o := f.attempt(ctx, e, attempt)
		if o.Error == "" || attempt > f.Retries || ctx.Err() != nil {
			return o
		}
		f.Failed(attempt, o.Error, gap)
		if pause(ctx, gap); ctx.Err() != nil {
			return o
		}
		gap = min(2*gap, maxGap)
	}
}

func (f Forwarder) attempt(ctx context.Context, e Event, n int) Outcome {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptLimit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	begun := time.Now()
	status, err := f.post(limited, e, n, begun)
	o := Outcome{Status: status, Attempts: n, Took: time.Since(begun)}
	o.TookMS = o.Took.Milliseconds()
	switch {
	case err != nil:
		o.Error = describe(err)
	case status/100 != 2:
		o.Error = fmt.Sprintf("answered %d", status)
	}
	return o
}

func (f Forwarder) post(ctx context.Context, e Event, n int, at time.Time) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.To, bytes.NewReader(e.Body))
	if err != nil {
		return 0, err
	}
	job := delivery.Job{Hook: f.Hook, Entry: feed.Entry{Seq: e.Seq}}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": f.UserAgent,
		"X-Memhooks-Hook": f.Hook, "X-Memhooks-Delivery": job.ID(), "X-Memhooks-Attempt": strconv.Itoa(n),
		"X-Memhooks-Seq": strconv.FormatInt(e.Seq, 10), "X-Memhooks-Prev-Seq": strconv.FormatInt(e.Prev, 10),
	} {
		request.Header.Set(name, value)
	}
	sign.Apply(request.Header, f.Dialect, &f.Secret, []sign.Secret{f.Secret}, sign.Message{ID: e.ID, At: at, Body: e.Body})
	response, err := f.Transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, answerLimit))
	return response.StatusCode, err
}

// describe says why there was no answer.
func describe(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: nothing listens there"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + attemptLimit.String()
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return err.Error()
}
