package hook_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	home = change.Memory{Tenant: "main", ID: "default"}
)

// house is the stages on a store of their own, with one memory in it.
type house struct {
	testing.TB
	*road.Stages
	ctx context.Context
}

func open(t testing.TB) *house {
	t.Helper()
	clock := func() time.Time { return noon }
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Wrapper: sealtest.NewWrapper(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	s := road.Settings{Allow: road.Prefixes{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: time.Second}
	h := &house{TB: t, Stages: road.Assemble(c, s, "test", clock, slog.New(slog.DiscardHandler)), ctx: t.Context()}
	h.must(c.Memories.Put(h.ctx, store.Instance{Memory: home, Version: 1}))
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) refused(what string, err error, want fault.Kind) {
	h.Helper()
	if err == nil || fault.KindOf(err) != want {
		h.Errorf("%s: kind %d, want %d: %v", what, fault.KindOf(err), want, err)
	}
}

func draw() change.Draw { return change.NewDraw(noon) }

func ptr[T any](v T) *T { return &v }

// plain is a hook that nothing speaks against.
func plain() hook.Settings {
	return hook.Settings{Name: ptr("plain"), URL: ptr("https://example.com/in"), Dialect: "areev"}
}

func (h *house) create(id string, set hook.Settings) hook.Hook {
	h.Helper()
	made, _, err := h.Hooks.Create(h.ctx, home, draw(), id, "key_1", set)
	h.must(err)
	return made
}

func (h *house) change(id string, set hook.Settings) (hook.Hook, error) {
	return h.Hooks.Change(h.ctx, home, draw(), id, "key_2", set)
}

// policies gives the memory policies, which detect personal data.
func (h *house) policies(names ...string) {
	h.Helper()
	i, err := h.Cloud.Memories.Get(h.ctx, home)
	h.must(err)
	i.Policies = names
	i.Version++
	h.must(h.Cloud.Memories.Put(h.ctx, i))
}

func (h *house) add(content string) memory.Written {
	h.Helper()
	w, err := h.Memory.Remember(h.ctx, home, draw(), memory.Input{Type: "event", Namespace: "n", Fields: map[string]any{"content": content}})
	h.must(err)
	return w
}
