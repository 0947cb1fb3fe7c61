package road_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
	"github.com/memhooks/memhooks/shared/sign"
)

var home = change.Memory{Tenant: "main", ID: "default"}

// received is a POST as its receiver has it.
type received struct {
	header http.Header
	body   []byte
}

// house is the whole road on a store of its own, and a receiver at its end.
type house struct {
	testing.TB
	*road.Stages
	ctx  context.Context
	url  string
	took chan received
}

func open(t *testing.T, allow ...string) *house {
	t.Helper()
	h := &house{TB: t, ctx: t.Context(), took: make(chan received, 64)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.took <- received{r.Header.Clone(), body}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Wrapper: sealtest.NewWrapper()})
	h.must(err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := road.Load([]string{"MEMHOOKS_ALLOW_DESTINATIONS=" + strings.Join(allow, ",")})
	h.must(err)
	h.Stages = road.Assemble(c, s, "1.2.3", time.Now, slog.New(slog.DiscardHandler))
	h.must(c.Memories.Put(h.ctx, store.Instance{Memory: home, Version: 1}))
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func draw() change.Draw { return change.NewDraw(time.Now()) }

func ptr[T any](v T) *T { return &v }

func (h *house) hook(id, dialect, secret string) hook.Hook {
	h.Helper()
	made, _, err := h.Hooks.Create(h.ctx, home, draw(), id, "key_1", hook.Settings{URL: &h.url, Dialect: dialect, Secret: &secret})
	h.must(err)
	return made
}

func (h *house) add(content string) memory.Written {
	h.Helper()
	w, err := h.Memory.Remember(h.ctx, home, draw(), memory.Input{Type: "event", Namespace: "n", Fields: map[string]any{"content": content, "user_id": "ann"}})
	h.must(err)
	return w
}

// deliver runs the queue until n POSTs have come, and returns them by hook.
func (h *house) deliver(n int) map[string][]received {
	h.Helper()
	ctx, end := context.WithCancel(h.ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.Cloud.Queue.Serve(ctx, h.Sender.Handle) }()
	out := map[string][]received{}
	for range n {
		r := <-h.took
		id := r.header.Get("X-Memhooks-Hook")
		out[id] = append(out[id], r)
	}
	end()
	if err := <-ended; err != nil {
		h.Errorf("the queue ends with %v", err)
	}
	return out
}

func secretOf(t testing.TB, text string) sign.Secret {
	t.Helper()
	s, err := sign.NewSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAWriteReachesItsReceiversSigned(t *testing.T) {
	h := open(t, "127.0.0.0/8")
	h.hook("wh_1", "rem", "rem secret")
	h.hook("hook-2", "areev", "areev secret")
	h.hook("hook-3", "standard", "standard secret")
	w := h.add("the sky is blue")
	got := h.deliver(3)
	for id, tc := range map[string]struct{ secret, header, event, at string }{
		"wh_1":   {"rem secret", "X-REM-Signature", "memory.created", "event"},
		"hook-2": {"areev secret", "X-Areev-Signature", "grain_created", "event_type"},
		"hook-3": {"standard secret", "", "grain_created", "type"},
	} {
		if len(got[id]) != 1 {
			t.Fatalf("%s got %d POSTs", id, len(got[id]))
		}
		r, secret := got[id][0], secretOf(t, tc.secret)
		if tc.header != "" {
			if err := sign.VerifyProduct(secret, r.body, r.header.Get(tc.header)); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if err := sign.VerifyStandard(secret, r.body, r.header, time.Now(), time.Minute); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		var body map[string]any
		h.must(json.Unmarshal(r.body, &body))
		if body[tc.at] != tc.event || !strings.Contains(string(r.body), "the sky is blue") {
			t.Errorf("%s got %s", id, r.body)
		}
		if r.header.Get("User-Agent") != "memhooks/1.2.3" || r.header.Get("X-Memhooks-Seq") != "1" || r.header.Get("X-Memhooks-Attempt") != "1" {
			t.Errorf("%s got the headers %v", id, r.header)
		}
	}
	if id := got["wh_1"][0].header.Get("webhook-id"); id == "" || id != got["hook-2"][0].header.Get("webhook-id") {
		t.Errorf("one event has the ids %q and %q", id, got["hook-2"][0].header.Get("webhook-id"))
	}
	if !strings.Contains(string(got["wh_1"][0].body), change.MemoryID(w.Grain.Lineage)) {
		t.Errorf("the memory's id is not in %s", got["wh_1"][0].body)
	}
}

func TestWhatWasErasedMeanwhileGoesOutWithoutContent(t *testing.T) {
	h := open(t, "127.0.0.0/8")
	h.hook("hook-1", "areev", "s")
	h.add("sentinel")
	_, err := h.Memory.Erase(h.ctx, home, draw(), seal.Selector{Person: "ann"})
	h.must(err)
	marked := 0
	for _, r := range h.deliver(2)["hook-1"] {
		if strings.Contains(string(r.body), "sentinel") {
			t.Errorf("it got %s", r.body)
		}
		if strings.Contains(string(r.body), `"redacted":"erased"`) {
			marked++
		}
	}
	if marked != 1 {
		t.Errorf("%d of the two say why content is missing", marked)
	}
}

func TestDuringARotationBothSecretsVerify(t *testing.T) {
	h := open(t, "127.0.0.0/8")
	h.hook("hook-1", "areev", "old")
	_, _, err := h.Hooks.Rotate(h.ctx, home, draw(), "hook-1", ptr("new"), time.Hour)
	h.must(err)
	h.add("x")
	r := h.deliver(1)["hook-1"][0]
	for _, s := range []string{"old", "new"} {
		if err := sign.VerifyStandard(secretOf(t, s), r.body, r.header, time.Now(), time.Minute); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := sign.VerifyProduct(secretOf(t, "old"), r.body, r.header.Get("X-Areev-Signature")); err != nil {
		t.Errorf("the product header is the old secret's during the overlap: %v", err)
	}
}

func TestAPolicyThatComesLaterHoldsForDeliveries(t *testing.T) {
	h := open(t, "127.0.0.0/8")
	h.hook("hook-1", "areev", "s")
	h.must(h.Cloud.Memories.Put(h.ctx, store.Instance{Memory: home, Policies: []string{"hipaa"}, Version: 2}))
	h.add("sentinel")
	if body := string(h.deliver(1)["hook-1"][0].body); strings.Contains(body, "sentinel") || !strings.Contains(body, `"hash"`) {
		t.Errorf("it got %s", body)
	}
}

func TestAnAddressThatIsNotAllowedIsRefused(t *testing.T) {
	h := open(t)
	_, _, err := h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", hook.Settings{URL: &h.url, Dialect: "areev"})
	if fault.KindOf(err) != fault.InvalidField {
		t.Errorf("%v", err)
	}
}
