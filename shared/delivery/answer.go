package delivery

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/memhooks/memhooks/shared/hook"
)

// answerLimit is how much of an answer's body is read, in bytes. A receiver
// that sends more has answered.
const answerLimit = 4 << 10

var (
	errBadURL   = errors.New("delivery: the hook's URL can't be read")
	errNoSecret = errors.New("delivery: the hook's secret is missing")
)

// answer is what came back of one POST.
type answer struct {
	status     int // 0 where there was none
	retryAfter string
	failure    string // "" where the receiver took the event
	timedOut   bool
	moved      bool // the hook has another address by now
}

// unfinished reports whether the attempt ended before it could be judged.
func (a answer) unfinished() bool {
	return a.failure != "" && (a.status == 0 || a.status/100 == 2)
}

// post makes the POST. It ends when the answer was read, or its context ended.
// The answer's body is dropped, but for its beginning where keep is not nil.
func (s *Sender) post(req *http.Request, keep *string) answer {
	resp, err := s.cfg.Transport.RoundTrip(req) //nolint:bodyclose // drain closes it
	if err != nil {
		return s.unanswered(req, err)
	}
	err = s.drain(resp.Body, keep)
	a := answer{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After")}
	switch {
	case a.status/100 != 2:
		a.failure = refused(a.status)
		a.timedOut = err != nil && isTimeout(err)
	case err != nil:
		broken := s.unanswered(req, err)
		a.failure, a.timedOut = "answered "+strconv.Itoa(a.status)+", then: "+broken.failure, broken.timedOut
	}
	return a
}

func (s *Sender) unanswered(req *http.Request, err error) answer {
	return answer{failure: describe(err, req.URL.Host, s.cfg.Settings.Timeout), timedOut: isTimeout(err)}
}

// drain reads a body to its end or to the limit, so that the connection of a
// short answer can be used again.
func (s *Sender) drain(body io.ReadCloser, keep *string) error {
	defer body.Close()
	buf := s.buffers.Get().(*[answerLimit]byte)
	defer s.buffers.Put(buf)
	for left := buf[:]; len(left) > 0; {
		n, err := body.Read(left)
		left = left[n:]
		if keep != nil {
			*keep = beginning(buf[:len(buf)-len(left)])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// beginning is the first text of a body as it can be shown: no bytes that are
// none, at most as long as an error.
func beginning(body []byte) string {
	return clip(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(body), "")))
}

// verdict is what becomes of a job whose attempt got an answer.
func (s *Sender) verdict(h *hook.Hook, made Job, a answer, start, end time.Time) Outcome {
	o := Outcome{Job: made, Status: a.status, Error: clip(a.failure), At: end.UnixMilli(), Took: end.Sub(start)}
	switch {
	case a.failure == "":
		o.Verdict = Delivered
	case a.status == http.StatusGone && !a.moved:
		o.Verdict, o.Disable = GiveUp, true
	case made.Attempts > h.MaxRetries:
		o.Verdict = GiveUp
	default:
		o.Verdict = RetryAfter
		o.Delay = max(s.cfg.Settings.gap(made.Attempts, s.spread()), asked(a.retryAfter, end))
	}
	return o
}
