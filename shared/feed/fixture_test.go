package feed_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/feed/cursor"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	home = change.Memory{Tenant: "main", ID: "default"}
)

// house is the stages on a store of their own, with one memory in it, and a
// clock that the test moves.
type house struct {
	testing.TB
	*road.Stages
	ctx  context.Context
	past atomic.Int64 // noon, in nanoseconds
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, ctx: t.Context()}
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Wrapper: sealtest.NewWrapper(), Now: h.now})
	h.must(err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	h.Stages = road.Assemble(c, road.Settings{Timeout: time.Second}, "test", h.now, slog.New(slog.DiscardHandler))
	h.must(c.Memories.Put(h.ctx, store.Instance{Memory: home, Version: 1}))
	return h
}

func (h *house) now() time.Time { return noon.Add(time.Duration(h.past.Load())) }

func (h *house) later(d time.Duration) { h.past.Add(int64(d)) }

func (h *house) draw() change.Draw {
	h.later(time.Millisecond)
	return change.NewDraw(h.now())
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

// over is the feed stage over another log than the cloud's.
func (h *house) over(log feed.Log) *feed.Service {
	c := h.config()
	c.Log = log
	return feed.New(c)
}

// config is that of the feed stage.
func (h *house) config() feed.Config {
	return feed.Config{
		Log: h.Cloud.Log, Compactor: h.Cloud.Compactor, Consumers: h.Cloud.Consumers, Current: h.Memory,
		Teller: h.Memory, Modes: h.Hooks, Cursors: cursor.New(h.sealer()), Now: h.now,
	}
}

func (h *house) sealer() *seal.Sealer {
	return seal.New(seal.Config{Keys: h.Cloud.Keys, Cells: h.Cloud.Cells, Wrapper: h.Cloud.Wrapper, Now: h.now})
}

// polled makes a hook that is polled.
func (h *house) polled(id string, edit func(*hook.Settings)) hook.Hook {
	h.Helper()
	set := hook.Settings{Mode: ptr(hook.CDC), Dialect: "areev"}
	if edit != nil {
		edit(&set)
	}
	made, _, err := h.Hooks.Create(h.ctx, home, h.draw(), id, "key_1", set)
	h.must(err)
	return made
}

func ptr[T any](v T) *T { return &v }

func (h *house) add(namespace, content string) memory.Written {
	h.Helper()
	w, err := h.Memory.Remember(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: namespace, Fields: map[string]any{"content": content, "user_id": "u-" + content}})
	h.must(err)
	return w
}

func (h *house) page(of hook.Hook, after string, limit int) feed.Page {
	h.Helper()
	p, err := h.Feed.Events(h.ctx, of, feed.Request{After: after, Limit: limit})
	h.must(err)
	return p
}

func seqs(items []feed.Item) []int64 {
	out := []int64{}
	for _, i := range items {
		out = append(out, i.Seq)
	}
	return out
}

func (h *house) decoded(body []byte) map[string]any {
	h.Helper()
	var out map[string]any
	h.must(json.Unmarshal(body, &out))
	return out
}

// content is what the body of an event says in its fields.
func (h *house) content(body []byte) string {
	h.Helper()
	f, _ := h.decoded(body)["fields"].(map[string]any)
	s, _ := f["content"].(string)
	return s
}
