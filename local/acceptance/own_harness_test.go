package acceptance_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// long reports whether the rows that repeat themselves should do so for long.
func long() bool { return os.Getenv("MEMHOOKS_LONG") == "1" }

// rounds is how often a row that kills processes does so: ROUNDS, or a few in
// an ordinary run and many in a long one.
func rounds(few, many int) int {
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil && n > 0 {
		return n
	}
	if long() {
		return many
	}
	return few
}

// patch changes a hook and returns it.
func (m instance) patch(t testing.TB, hook string, change object) object {
	t.Helper()
	return m.call(t, "PATCH", m.path("/hooks/"+hook), change).want(t, 200)
}

// state is a hook's state.
func (m instance) state(t testing.TB, hook string) string {
	t.Helper()
	return text(t, m.get(t, "/hooks/"+hook).want(t, 200), "state")
}

// counts are a hook's deliveries by their state.
func (m instance) counts(t testing.TB, hook string) map[string]int {
	t.Helper()
	shown, ok := m.get(t, "/hooks/"+hook).want(t, 200)["deliveries"].(object)
	if !ok {
		t.Fatalf("the hook does not show the counts of its deliveries")
	}
	counts := map[string]int{}
	for state, n := range shown {
		counts[state] = int(n.(float64))
	}
	return counts
}

// deliveries lists all of a hook's deliveries, newest first.
func (m instance) deliveries(t testing.TB, hook string) []object {
	t.Helper()
	var all []object
	for cursor := ""; ; {
		p := m.get(t, "/hooks/"+hook+"/deliveries?limit=100"+cursor).want(t, 200)
		all = append(all, objects(t, p, "deliveries")...)
		next, _ := p["next_cursor"].(string)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + next
	}
}

// letters lists a hook's dead letters, or those of all hooks.
func (m instance) letters(t testing.TB, hook string) []object {
	t.Helper()
	return objects(t, m.get(t, "/dead-letters?limit=100&hook="+hook).want(t, 200), "dead_letters")
}

// standard are the values of webhook-signature that a request must have under
// these secrets, newest first, computed from its id, timestamp and body.
func (r request) standard(secrets ...string) string {
	var all []string
	for _, secret := range secrets {
		key := []byte(secret)
		if code, generated := strings.CutPrefix(secret, "whsec_"); generated {
			if raw, err := base64.StdEncoding.DecodeString(code); err == nil {
				key = raw
			}
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(r.header.Get("webhook-id") + "." + r.header.Get("webhook-timestamp") + "."))
		mac.Write(r.body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// ids are the distinct event ids of requests, with how often each came.
func ids(got []request) map[string]int {
	seen := map[string]int{}
	for _, r := range got {
		seen[r.header.Get("webhook-id")]++
	}
	return seen
}

// distinct waits until n different events have come and returns all requests.
func (rx *receiver) distinct(t testing.TB, n int) []request {
	t.Helper()
	return rx.await(t, func(got []request) bool { return len(ids(got)) >= n })
}

// ledger is what callers of a server were told, while it may die.
type ledger struct {
	mu       sync.Mutex
	accepted map[string]string // hash → subject, of answered writes
	asked    map[string]bool   // subjects of all writes, answered or not
	reached  chan struct{}     // closed when `after` writes were answered
	after    int
}

func newLedger() *ledger {
	return &ledger{accepted: map[string]string{}, asked: map[string]bool{}}
}

// expect returns a channel that is closed after n more answers.
func (l *ledger) expect(n int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after, l.reached = len(l.accepted)+n, make(chan struct{})
	return l.reached
}

func (l *ledger) ask(subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[subject] = true
}

func (l *ledger) accept(hash, subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted[hash] = subject
	if len(l.accepted) == l.after && l.reached != nil {
		close(l.reached)
		l.reached = nil
	}
}

// hashes are those of all answered writes.
func (l *ledger) hashes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.accepted))
}

// write adds grains from several goroutines until the server is gone, and
// returns when all of them have noticed. What was answered is in the ledger.
func (l *ledger) write(t *testing.T, m instance, writers int) (wait func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var over atomic.Bool
	for range writers {
		all.Go(func() {
			for ctx.Err() == nil && !over.Load() {
				subject := name("subject")
				l.ask(subject)
				a, err := m.try(ctx, "POST", m.path("/add"), belief(subject))
				if err != nil {
					return // killed
				}
				if deployed() && a.status >= 500 {
					continue // a gateway says in its own words that an instance died
				}
				if a.status != http.StatusOK {
					if a.status != http.StatusServiceUnavailable {
						t.Errorf("%v", a)
					}
					return
				}
				l.accept(fmt.Sprint(a.json(t)["blob_hash"]), subject)
			}
		})
	}
	t.Cleanup(cancel)
	return func() {
		over.Store(deployed()) // other instances go on
		all.Wait()
	}
}
