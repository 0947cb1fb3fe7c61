package acceptance_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// request is one POST as a receiver got it.
type request struct {
	at     time.Time // when it had been read
	method string
	path   string
	header http.Header
	body   []byte
}

// json is the body's object.
func (r request) json(t testing.TB) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(r.body, &o); err != nil {
		t.Fatalf("a delivered body is no JSON object (%v): %s", err, r.body)
	}
	return o
}

// data is the `data` of a body in the rem or standard dialect.
func (r request) data(t testing.TB) object {
	t.Helper()
	data, ok := r.json(t)["data"].(object)
	if !ok {
		t.Fatalf("no data in %s", r.body)
	}
	return data
}

// number is a header that holds a whole number.
func (r request) number(t testing.TB, name string) int {
	t.Helper()
	n, err := strconv.Atoi(r.header.Get(name))
	if err != nil {
		t.Fatalf("header %s is %q, want a whole number; body %s", name, r.header.Get(name), r.body)
	}
	return n
}

func (r request) seq(t testing.TB) int     { t.Helper(); return r.number(t, "X-Memhooks-Seq") }
func (r request) prev(t testing.TB) int    { t.Helper(); return r.number(t, "X-Memhooks-Prev-Seq") }
func (r request) attempt(t testing.TB) int { t.Helper(); return r.number(t, "X-Memhooks-Attempt") }

// unbroken checks that the hook has no event between those of two requests:
// the log itself says so, whatever may still be on its way.
func unbroken(t testing.TB, earlier, next request) {
	t.Helper()
	if next.prev(t) != earlier.seq(t) {
		t.Errorf("between seq %d and %d the hook has seq %d, which it should not: %s",
			earlier.seq(t), next.seq(t), next.prev(t), next.body)
	}
}

// bySeq puts requests into the log's order; on their way only those of one
// lineage keep theirs.
func bySeq(t testing.TB, got []request) []request {
	t.Helper()
	slices.SortStableFunc(got, func(a, b request) int { return a.seq(t) - b.seq(t) })
	return got
}

// signature is the product signature of a body: 64 hex digits.
func signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// receiver is an HTTP server that keeps every request.
type receiver struct {
	url string

	mu      sync.Mutex
	got     []request
	changed chan struct{} // closed with each request, then replaced
}

// receive starts a receiver that gives its nth answer to the nth request, the
// last one to all that follow, and 200 where there is none. It ends with the
// test, and with it the requests that it still holds.
func receive(t testing.TB, replies ...http.HandlerFunc) *receiver {
	t.Helper()
	host := "127.0.0.1"
	address := "127.0.0.1:0"
	if outside := os.Getenv("MEMHOOKS_RECEIVER_HOST"); outside != "" {
		host, address = outside, ":0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	rx := &receiver{changed: make(chan struct{})}
	srv := httptest.NewUnstartedServer(rx.handler(replies))
	srv.Listener.Close()
	srv.Listener = listener
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	rx.url = "http://" + net.JoinHostPort(host, port) + "/hook"
	return rx
}

func (rx *receiver) handler(replies []http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it broke off: no request
		}
		n := rx.keep(request{time.Now(), r.Method, r.URL.Path, r.Header.Clone(), body})
		r.Body = io.NopCloser(bytes.NewReader(body)) // for a reply that looks into it
		if len(replies) > 0 {
			replies[min(n, len(replies))-1](w, r)
		}
	})
}

// keep records a request and returns how many there are now.
func (rx *receiver) keep(r request) int {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	rx.got = append(rx.got, r)
	close(rx.changed)
	rx.changed = make(chan struct{})
	return len(rx.got)
}

// all returns the requests so far and a channel that is closed at the next.
func (rx *receiver) all() ([]request, <-chan struct{}) {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	return append([]request(nil), rx.got...), rx.changed
}

// wait returns all requests so far as soon as there are n.
func (rx *receiver) wait(t testing.TB, n int) []request {
	t.Helper()
	return rx.await(t, func(got []request) bool { return len(got) >= n })
}

// until returns all requests so far as soon as one of them is as wanted: the
// fence behind which nothing that was written before it should follow.
func (rx *receiver) until(t testing.TB, wanted func(request) bool) []request {
	t.Helper()
	seen := 0
	return rx.await(t, func(got []request) bool {
		for ; seen < len(got); seen++ {
			if wanted(got[seen]) {
				return true
			}
		}
		return false
	})
}

func (rx *receiver) await(t testing.TB, enough func([]request) bool) []request {
	t.Helper()
	deadline := time.After(patience)
	for {
		got, changed := rx.all()
		if enough(got) {
			return got
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the receiver waited %v in vain and has %d requests: %s", patience, len(got), bodies(got))
		}
	}
}

// exactly waits for n requests and checks that there are no more of them yet.
func (rx *receiver) exactly(t testing.TB, n int) []request {
	t.Helper()
	got := rx.wait(t, n)
	if len(got) != n {
		t.Fatalf("%d requests, want %d: %s", len(got), n, bodies(got))
	}
	return got
}

func bodies(requests []request) []string {
	var all []string
	for _, r := range requests {
		text := string(r.body)
		if len(text) > 300 {
			text = text[:300] + "…"
		}
		all = append(all, "\n  "+text)
	}
	return all
}

// status answers with a status and nothing else.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// hang never answers; it ends when the caller gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// dribble begins an answer and never ends it, until the caller gives up.
func dribble(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, "so far")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// eventually asks until the answer is yes, for what nobody signals: that a
// server has written down what it did.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}
