package listen_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/local/listen"
	"github.com/memhooks/memhooks/shared/httpapi/client"
	"github.com/memhooks/memhooks/shared/sign"
)

// errBroken is the error of a connection that breaks.
var errBroken = errors.New("broken pipe")

// line plays a server: each request takes the next answer, the last one again
// and again. An answer is a page of seqs, or what goes wrong.
type line struct {
	answers []any           // []int64, error, or int for a status
	waits   bool            // an empty page takes as long as it may
	asked   []string        // the place of each request
	at      []time.Duration // when, since the beginning
	begun   time.Time
}

// RoundTrip is http.RoundTripper's.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	l.asked = append(l.asked, r.URL.Query().Get("after"))
	l.at = append(l.at, time.Since(l.begun))
	next := l.answers[min(len(l.asked), len(l.answers))-1]
	switch a := next.(type) {
	case error:
		return nil, a
	case int:
		return answer(a, `{"error":{"code":"x","message":"refused"}}`), nil
	}
	seqs := next.([]int64)
	events := []listen.Event{}
	for _, n := range seqs {
		events = append(events, listen.Event{Seq: n, ID: fmt.Sprint("evt_", n), Body: json.RawMessage(`{}`)})
	}
	if len(seqs) == 0 && l.waits {
		limit, _ := time.ParseDuration(r.URL.Query().Get("wait_ms") + "ms")
		select {
		case <-time.After(limit):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	page, err := json.Marshal(map[string]any{"events": events, "next_cursor": fmt.Sprint("c", len(l.asked))})
	return answer(200, string(page)), err
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

// heard is what a follower was told.
type heard struct {
	seqs        []int64
	passed      []string
	lost, found int
}

// follow follows a line for a time, or until seq stop.
func follow(t *testing.T, l *line, span time.Duration, stop int64) (h heard, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l.begun = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), span)
		defer cancel()
		err = listen.Follower{
			Client: &client.Client{Base: "http://server", Transport: l}, Hook: "/hook",
			Handle: func(_ context.Context, e listen.Event) error {
				h.seqs = append(h.seqs, e.Seq)
				if e.Seq == stop {
					return io.EOF
				}
				return nil
			},
			Passed: func(_ context.Context, cursor string) error { h.passed = append(h.passed, cursor); return nil },
			Lost:   func(error) { h.lost++ }, Found: func() { h.found++ },
		}.Follow(ctx, "7")
	})
	return h, err
}

func TestEventsAreFollowedOnceEach(t *testing.T) {
	l := &line{answers: []any{[]int64{8, 9}, []int64{}, []int64{10}, []int64{}}, waits: true}
	h, err := follow(t, l, 59*time.Second, 0)
	if err != nil || !slices.Equal(h.seqs, []int64{8, 9, 10}) || h.lost+h.found > 0 {
		t.Errorf("%v %+v", err, h)
	}
	if !slices.Equal(l.asked, []string{"7", "c1", "c2", "c3", "c4"}) || !slices.Equal(h.passed, []string{"c1", "c3"}) {
		t.Errorf("asked %v, passed %v", l.asked, h.passed)
	}
}

func TestAHandlersErrorEnds(t *testing.T) {
	h, err := follow(t, &line{answers: []any{[]int64{8, 9, 10}}}, time.Minute, 9)
	if err != io.EOF || !slices.Equal(h.seqs, []int64{8, 9}) || len(h.passed) > 0 {
		t.Errorf("%v %+v", err, h)
	}
}

func TestABrokenConnectionIsMended(t *testing.T) {
	l := &line{answers: []any{[]int64{8}, errBroken, 503, 429, errBroken, errBroken, errBroken, errBroken, errBroken, []int64{9}, []int64{}}, waits: true}
	h, err := follow(t, l, time.Minute, 9)
	if err != io.EOF || !slices.Equal(h.seqs, []int64{8, 9}) || h.lost != 1 || h.found != 1 {
		t.Errorf("%v %+v", err, h)
	}
	for i, after := range l.asked[1:] {
		if after != "c1" {
			t.Errorf("request %d asked for what is after %s", i+1, after)
		}
	}
	last, first := l.at[9]-l.at[8], l.at[2]-l.at[1]
	if first < 125*time.Millisecond || first > 250*time.Millisecond || last < 5*time.Second || last > 10*time.Second {
		t.Errorf("the first gap is %v, the last %v", first, last)
	}
}

func TestWhatTryingAgainDoesNotMend(t *testing.T) {
	for name, answers := range map[string][]any{
		"the beginning": {errBroken}, "a hook that is gone": {[]int64{}, 404}, "a place that is gone": {[]int64{}, errBroken, 410}, "a key that is gone": {[]int64{}, 401},
	} {
		l := &line{answers: answers}
		if _, err := follow(t, l, time.Minute, 0); err == nil || len(l.asked) != len(answers) {
			t.Errorf("%s: %v after %d requests", name, err, len(l.asked))
		}
	}
}

func TestAServerThatDoesNotWaitIsAskedOnceASecond(t *testing.T) {
	l := &line{answers: []any{[]int64{}}}
	if _, err := follow(t, l, 10*time.Second, 0); err != nil || len(l.asked) > 12 || len(l.asked) < 9 {
		t.Errorf("%v: %d requests in 10 s", err, len(l.asked))
	}
}

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// forward forwards one event to a receiver that answers with these statuses.
func forward(t *testing.T, retries int, statuses ...int) (o listen.Outcome, got []*http.Request, bodies []string, took time.Duration) {
	t.Helper()
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, bodies = append(got, r), append(bodies, string(body))
		w.WriteHeader(statuses[min(len(got), len(statuses))-1])
	})
	s, err := sign.NewSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		o = listen.Forwarder{
			To: "http://receiver/hook", Hook: "hook-1", Dialect: sign.REM, Secret: s, UserAgent: "memhooks/test", Retries: retries,
			Transport: client.InProcess(receiver), Failed: func(int, string, time.Duration) {},
		}.Forward(t.Context(), listen.Event{Seq: 9, Prev: 7, ID: "evt_9", Body: json.RawMessage(`{"id":"evt_9","n":1e2}`)})
		took = time.Since(begun)
	})
	return o, got, bodies, took
}

func TestWhatIsForwardedIsADelivery(t *testing.T) {
	o, got, bodies, took := forward(t, 3, 500, 503, 204)
	if o.Error != "" || o.Status != 204 || o.Attempts != 3 || took != 3*time.Second || len(got) != 3 {
		t.Fatalf("%+v, %d requests in %v", o, len(got), took)
	}
	s, _ := sign.NewSecret(secret)
	for i, r := range got {
		body := []byte(bodies[i])
		if !bytes.Equal(body, []byte(`{"id":"evt_9","n":1e2}`)) {
			t.Errorf("the body is %s", body)
		}
		at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a bubble's clock begins
		if err := sign.VerifyProduct(s, body, r.Header.Get("X-REM-Signature")); err != nil {
			t.Error(err)
		}
		if err := sign.VerifyStandard(s, body, r.Header, at, time.Minute); err != nil {
			t.Error(err)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "User-Agent": "memhooks/test", "webhook-id": "evt_9", "X-Memhooks-Hook": "hook-1",
			"X-Memhooks-Seq": "9", "X-Memhooks-Prev-Seq": "7", "X-Memhooks-Attempt": fmt.Sprint(i + 1), "X-Memhooks-Delivery": "dlv_hook-1.9.0",
		} {
			if r.Header.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, r.Header.Get(name), want)
			}
		}
	}
}

func TestForwardingGivesUp(t *testing.T) {
	o, got, _, took := forward(t, 1, 302)
	if o.Error != "answered 302" || o.Status != 302 || len(got) != 2 || took != time.Second {
		t.Errorf("%+v, %d requests in %v", o, len(got), took)
	}
}

func TestGapsBetweenAttemptsEndGrowing(t *testing.T) {
	o, _, _, took := forward(t, 7, 503)
	if want := (1 + 2 + 4 + 8 + 10 + 10 + 10) * time.Second; o.Attempts != 8 || took != want {
		t.Errorf("%d attempts in %v, want 8 in %v", o.Attempts, took, want)
	}
}

// What a receiver takes while the listener is interrupted counts; what it does
// not take within a second does not, and is not tried again.
func TestAnInterruptLetsAnAttemptEnd(t *testing.T) {
	for took, want := range map[time.Duration]string{time.Second / 2: "", 5 * time.Second: "interrupted"} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				requests++
				select {
				case <-time.After(took):
				case <-r.Context().Done():
				}
			})
			ctx, interrupt := context.WithCancel(t.Context())
			interrupt()
			o := listen.Forwarder{To: "http://receiver/hook", Retries: 3, Transport: cut{client.InProcess(slow)}}.Forward(ctx, listen.Event{Seq: 1, Body: []byte("{}")})
			if o.Error != want || requests != 1 {
				t.Errorf("after %v: %+v, %d requests", took, o, requests)
			}
		})
	}
}

// cut is a connection that ends with its request's context.
type cut struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (c cut) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.RoundTripper.RoundTrip(r)
	if ended := r.Context().Err(); ended != nil {
		return nil, ended
	}
	return answer, err
}
