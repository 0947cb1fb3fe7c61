package delivery

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/delivery/guard"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

func TestABatchKeepsTheOrderOfEachGroup(t *testing.T) {
	w := newWorld()
	w.answer = func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Memhooks-Seq") == "3" {
			return reply(500, ""), nil
		}
		return reply(200, ""), nil
	}
	jobs := []Job{job(1, "aa"), job(2, "bb"), job(3, "aa"), job(4, "aa"), job(5, "bb")}
	out := w.sender().Handle(t.Context(), jobs)
	for i, want := range []Verdict{Delivered, Delivered, RetryAfter, PutBack, Delivered} {
		if out[i].Verdict != want || out[i].Job.Entry.Seq != jobs[i].Entry.Seq {
			t.Errorf("job %d: %+v, want verdict %v", i+1, out[i], want)
		}
	}
	if out[3].Delay != out[2].Delay || len(w.got) != 4 {
		t.Errorf("the rest of a group waits %v with its first, not %v; %d posts", out[2].Delay, out[3].Delay, len(w.got))
	}
}

func TestAHangingHookIsPutBackAfterFiveTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.hook.MaxRetries = 20
		hangs := true
		w.answer = func(_ int, r *http.Request) (*http.Response, error) {
			if !hangs {
				return reply(200, ""), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		s := w.sender()
		for range tolerated {
			one(t, s, job(1, "aa"))
		}
		o := one(t, s, job(1, "aa"))
		if o.Verdict != PutBack || o.Delay != 10*time.Second || len(w.got) != tolerated {
			t.Fatalf("after %d posts: %+v", len(w.got), o)
		}
		time.Sleep(o.Delay)
		hangs = false
		if o = one(t, s, job(1, "aa")); o.Verdict != Delivered {
			t.Fatalf("after the pause one is tried: %+v", o)
		}
		if o = one(t, s, job(2, "bb")); o.Verdict != Delivered {
			t.Errorf("a hook that answers again is as before: %+v", o)
		}
	})
}

func TestOneAttemptIsLetThroughAfterEachPause(t *testing.T) {
	b, now := newBreaker(time.Second), time.Unix(0, 0)
	for range tolerated {
		b.record("h", true, now)
	}
	now = now.Add(time.Second)
	if first, second := b.wait("h", now), b.wait("h", now); first != 0 || second != time.Second {
		t.Errorf("waits %v and %v", first, second)
	}
	if b.wait("other", now) != 0 {
		t.Error("another hook waits too")
	}
}

func TestLaterAttemptsShowNoMoreThanEarlierOnes(t *testing.T) {
	w := newWorld()
	s, j := w.sender(), job(1, "aa")
	j.Attempts, j.Redaction = 1, redact.HashOnly
	if o := one(t, s, j); o.Job.Redaction != redact.HashOnly || strings.Contains(w.bodies[0], "Ada") {
		t.Errorf("a loosened redaction showed %s", w.bodies[0])
	}
	w.hook.Redaction, j.Redaction = redact.MetadataOnly, redact.Full
	if o := one(t, s, j); o.Job.Redaction != redact.MetadataOnly || strings.Contains(w.bodies[1], "Ada") {
		t.Errorf("a tightened redaction showed %s", w.bodies[1])
	}
	w.gone = dialect.Erased
	if one(t, s, j); !strings.HasSuffix(w.bodies[2], `"redacted":"erased"}`) {
		t.Errorf("an erased grain showed %s", w.bodies[2])
	}
}

func TestAnAttemptIsSignedByWhatTheHookHasAtThatMoment(t *testing.T) {
	w := newWorld()
	old, fresh := secret(t, "old"), secret(t, "new")
	w.hook.Secret = &hook.SealedSecret{}
	s := w.sender()
	for _, has := range []hook.Secrets{signedBy(old, old), signedBy(old, fresh, old), signedBy(fresh, fresh)} {
		w.secrets = has
		one(t, s, job(1, "aa"))
	}
	product := func(n int) string { return w.got[n].Header.Get("X-Areev-Signature") }
	standard := func(n int) []string { return strings.Fields(w.got[n].Header.Get("webhook-signature")) }
	if product(0) != product(1) || product(1) == product(2) {
		t.Error("the product signature must be made with the product secret")
	}
	if len(standard(0)) != 1 || len(standard(1)) != 2 || len(standard(2)) != 1 {
		t.Errorf("signatures %v, %v, %v", standard(0), standard(1), standard(2))
	}
}

func TestATestSendIsMarkedAndObeysTheHook(t *testing.T) {
	for _, d := range dialect.Names() {
		t.Run(d, func(t *testing.T) {
			w, ns := newWorld(), "mine"
			w.hook.Dialect, w.hook.Redaction, w.hook.Namespace, w.hook.State = d, redact.MetadataOnly, &ns, hook.Held
			w.hook.Causes = []events.Cause{events.Superseded}
			o := w.sender().Test(t.Context(), w.hook)
			if o.Verdict != Delivered || o.Job.Entry.Change.Cause != events.Superseded {
				t.Fatalf("outcome %+v", o)
			}
			h, body := w.got[0].Header, w.bodies[0]
			if h.Get("X-Memhooks-Test") != "true" || !strings.HasPrefix(h.Get("webhook-id"), "evt_test_") || h.Get("X-Memhooks-Hook") != "hook-1" ||
				h["X-Memhooks-Seq"] != nil || h["X-Memhooks-Prev-Seq"] != nil || h.Get("X-Memhooks-Attempt") != "1" {
				t.Errorf("headers %v", h)
			}
			if strings.Contains(body, "tea") || !strings.Contains(body, `"namespace":"mine"`) {
				t.Errorf("body %s", body)
			}
		})
	}
	w := newWorld()
	w.answer = func(int, *http.Request) (*http.Response, error) { return reply(410, ""), nil }
	if o := w.sender().Test(t.Context(), w.hook); o.Verdict != GiveUp || o.Disable || o.Error != "answered 410" {
		t.Errorf("a test counts nowhere: %+v", o)
	}
}

// A hook that was given another address while its old one was asked is not
// disabled by what the old one says: the event goes to the new one.
func TestA410OfAnOldAddressDisablesNothing(t *testing.T) {
	w := newWorld()
	w.hook.MaxRetries = 1
	w.answer = func(n int, r *http.Request) (*http.Response, error) {
		w.hook.URL = "https://new.example.com/"
		return reply(410, ""), nil
	}
	s := w.sender()
	first := one(t, s, job(1, "aa"))
	if first.Verdict != RetryAfter || first.Disable {
		t.Errorf("the old address gave %+v", first)
	}
	if last := one(t, s, first.Job); last.Verdict != GiveUp || !last.Disable || w.got[1].URL.Host != "new.example.com" {
		t.Errorf("the new address gave %+v, asked was %s", last, w.got[1].URL)
	}
}

// What a receiver says of a sample is told as text, and of an event never.
func TestATestSendTellsWhatTheReceiverSaid(t *testing.T) {
	for said, want := range map[string]string{
		"": "", "thanks": "thanks", "bad \x00\xff\x1b[31msignature\n\tsee log": "bad [31msignature\n\tsee log",
		strings.Repeat("é", 4000): strings.Repeat("é", 150),
	} {
		w := newWorld()
		w.answer = func(int, *http.Request) (*http.Response, error) { return reply(400, said), nil }
		if o := w.sender().Test(t.Context(), w.hook); o.Answer != want {
			t.Errorf("%.60q is told as %.60q", said, o.Answer)
		}
		if o := one(t, w.sender(), job(1, "aa")); o.Answer != "" || strings.Contains(o.Error, "signature") {
			t.Errorf("an event's attempt keeps what the receiver said: %+v", o)
		}
	}
}

func TestATestSendKeepsWhatAnInsideReceiverSaid(t *testing.T) {
	for _, is := range []bool{false, true} {
		w, want := newWorld(), "said"
		w.answer = func(int, *http.Request) (*http.Response, error) { return reply(200, "said"), nil }
		s := w.sender()
		s.cfg.Inside = func(ctx context.Context) (context.Context, func() bool) { return ctx, func() bool { return is } }
		if is {
			want = ""
		}
		if o := s.Test(t.Context(), w.hook); o.Answer != want || o.Status != 200 {
			t.Errorf("inside %v: %+v", is, o)
		}
	}
}

func TestFailuresOnARealNetworkAreSaidClearly(t *testing.T) {
	redirected := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { redirected++ }))
	defer target.Close()
	server := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusFound))
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	host := func(url string) string { return url[strings.Index(url, "//")+2:] }
	for url, want := range map[string]string{
		server.URL + "/a":                refused(302),
		"http://" + closed:               "connection refused by " + closed,
		secure.URL:                       "the certificate of " + host(secure.URL) + " is not signed by a known authority",
		"https://" + host(server.URL):    host(server.URL) + " does not speak TLS; check whether the URL should begin with http://",
		"http://10.0.0.1:9/?token=xyzzy": "10.0.0.1:9: forbidden destination: its address is private, local or reserved; the operator can allow it with MEMHOOKS_ALLOW_DESTINATIONS",
	} {
		w := newWorld()
		w.hook.URL = url
		s := w.sender()
		s.cfg.Transport = guard.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Transport(0, 2)
		if o := one(t, s, job(1, "aa")); o.Verdict != RetryAfter || o.Error != want {
			t.Errorf("%s: %+v, want %q", url, o, want)
		}
	}
	if redirected > 0 {
		t.Error("a redirect was followed")
	}
}

func TestErrorTextsAreCutAtACharacter(t *testing.T) {
	if got := clip(strings.Repeat("é", 151)); len(got) != 300 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes", len(got))
	}
	if got := describe(context.DeadlineExceeded, strings.Repeat("h", 400), time.Second); got != "timed out after 1s" {
		t.Errorf("%q", got)
	}
	if got := describe(net.ErrClosed, strings.Repeat("h", 400), time.Second); len(got) != maxError {
		t.Errorf("%d bytes", len(got))
	}
}
