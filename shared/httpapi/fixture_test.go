package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

const adminKey = "ar_the-first-admin-key-of-the-tests"

// service is a whole API on an embedded store in a folder of its own.
type service struct {
	tb     testing.TB
	api    *httpapi.API
	cloud  *cloud.Cloud
	stages *road.Stages
	log    bytes.Buffer
	clock  clock
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// choose changes the configuration before the API is made.
type choose func(*httpapi.Config)

func authOff(c *httpapi.Config) { c.Settings.AuthOff = true }

func limited(rate float64, burst int) choose {
	return func(c *httpapi.Config) { c.Limiter = auth.NewLimiter(rate, burst, nil) }
}

func open(tb testing.TB, with ...choose) *service {
	s := &service{tb: tb, clock: clock{at: time.Date(2026, 4, 13, 10, 30, 0, 0, time.UTC)}}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	c, err := embedded.Open(context.Background(), embedded.Config{Dir: tb.TempDir(), Wrapper: sealtest.NewWrapper(), Now: s.clock.now, Log: log})
	s.must(err)
	tb.Cleanup(func() { s.must(c.Close()) })
	settings, err := road.Load([]string{"MEMHOOKS_ALLOW_DESTINATIONS=127.0.0.0/8", "MEMHOOKS_RETRY_BASE=1ms"})
	s.must(err)
	s.cloud, s.stages = c, road.Assemble(c, settings, "test", s.clock.now, log)
	cfg := httpapi.Config{
		Cloud: c, Memory: s.stages.Memory, Hooks: s.stages.Hooks, Feed: s.stages.Feed, Inspect: s.stages.Inspect, Tester: s.stages.Sender,
		Keys: auth.New(c.Auth, c.AuthList), Limiter: auth.NewLimiter(0, 0, nil), Once: once.New(c.Receipts), Cursors: s.stages.Cursors,
		Settings: httpapi.Settings{Version: "test"}, Log: log,
		Draw: func() change.Draw { return change.NewDraw(s.clock.now()) },
	}
	for _, w := range with {
		w(&cfg)
	}
	_, err = cfg.Keys.Bootstrap(context.Background(), cfg.Draw(), auth.FirstKey{Raw: adminKey})
	s.must(err)
	s.api, err = httpapi.New(cfg)
	s.must(err)
	return s
}

func (s *service) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}

// said is an answer as a caller sees it.
type said struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// code is the error's code, "" where there is none.
func (a said) code() string {
	e, _ := a.body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

// str is a member's string.
func (a said) str(name string) string {
	v, _ := a.body[name].(string)
	return v
}

// list is a member's list of objects.
func (a said) list(name string) []map[string]any {
	all, _ := a.body[name].([]any)
	out := make([]map[string]any, len(all))
	for i := range all {
		out[i], _ = all[i].(map[string]any)
	}
	return out
}

// request makes a request with the admin key; headers come in pairs, and an
// empty value takes a header away.
func request(method, target, body string, headers ...string) *http.Request {
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, from)
	r.Host = "127.0.0.1"
	r.Header.Set("Authorization", "Bearer "+adminKey)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func (s *service) serve(r *http.Request) said {
	s.tb.Helper()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	a := said{status: w.Code, header: w.Result().Header, text: w.Body.String()}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			s.tb.Fatalf("%s %s: the answer is no JSON object: %v: %q", r.Method, r.URL, err, a.text)
		}
	}
	return a
}

// do makes a request and wants a status.
func (s *service) do(status int, method, target, body string, headers ...string) said {
	s.tb.Helper()
	a := s.serve(request(method, target, body, headers...))
	if a.status != status {
		s.tb.Fatalf("%s %s %.200s: status %d, want %d: %.400s", method, target, body, a.status, status, a.text)
	}
	return a
}

// refused makes a request and wants a code.
func (s *service) refused(status int, code, method, target, body string, headers ...string) said {
	s.tb.Helper()
	a := s.do(status, method, target, body, headers...)
	if a.code() != code {
		s.tb.Fatalf("%s %s %.200s: code %q, want %q: %s", method, target, body, a.code(), code, a.text)
	}
	return a
}

// deliver runs the delivery stage until the test ends.
func (s *service) deliver() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.cloud.Queue.Serve(ctx, s.stages.Sender.Handle) }()
	s.tb.Cleanup(func() {
		cancel()
		<-ended
	})
}

// head is the newest seq of the default memory's log.
func (s *service) head() int64 {
	s.tb.Helper()
	b, err := s.cloud.Log.Bounds(context.Background(), change.Memory{Tenant: "default", ID: "default"})
	s.must(err)
	return b.Head
}
