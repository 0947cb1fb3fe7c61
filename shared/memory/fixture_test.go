package memory_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	home = change.Memory{Tenant: "main", ID: "default"}
)

// house is a memory stage on a store of its own, with one memory in it.
type house struct {
	testing.TB
	*memory.Service
	ctx   context.Context
	cloud *cloud.Cloud
	dir   string
	draws atomic.Uint64
}

func open(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Wrapper: sealtest.NewWrapper(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{TB: t, ctx: t.Context(), cloud: c, dir: dir}
	h.on(c.Grains)
	h.must(c.Memories.Put(h.ctx, store.Instance{Memory: home, Name: "default", Version: 1}))
	return h
}

func clock() time.Time { return noon }

// on builds the stage anew over a store of grains that stands before the house's.
func (h *house) on(store store.Store) {
	sealer := seal.New(seal.Config{Keys: h.cloud.Keys, Cells: h.cloud.Cells, Wrapper: h.cloud.Wrapper, Now: clock, CacheTTL: time.Hour})
	h.Service = memory.New(memory.Config{
		Registry: h.cloud.Memories, Store: store, Eraser: h.cloud.Eraser, Index: h.cloud.Index,
		Keys: h.cloud.Keys, Sealer: sealer, Log: slog.New(slog.DiscardHandler),
	})
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) refused(err error, want fault.Kind) {
	h.Helper()
	if err == nil || fault.KindOf(err) != want {
		h.Errorf("refused with kind %d, want %d: %v", fault.KindOf(err), want, err)
	}
}

// draw is one request's; each is a millisecond after the one before, so that
// equal contents of two requests are two grains.
func (h *house) draw() change.Draw {
	n := h.draws.Add(1)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], n)
	return change.Seeded(noon.Add(time.Duration(n)*time.Millisecond), seed)
}

type fields = map[string]any

func (h *house) add(namespace string, f fields) memory.Written {
	h.Helper()
	if f["content"] == nil {
		f["content"] = "something"
	}
	w, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: namespace, Fields: f})
	h.must(err)
	return w
}

func (h *house) get(hash string) (memory.Grain, error) {
	return h.Get(h.ctx, home, store.Ref{Hash: hash})
}

func (h *house) erase(sel seal.Selector) memory.Erasure {
	h.Helper()
	e, err := h.Erase(h.ctx, home, h.draw(), sel)
	h.must(err)
	return e
}

func (h *house) recall(q memory.Query) memory.Hits {
	h.Helper()
	hits, err := h.Search(h.ctx, home, q)
	h.must(err)
	return hits
}

// log is all that was raised so far, after a seq.
func (h *house) log(after int64) []feed.Entry {
	h.Helper()
	entries, err := h.cloud.Log.Read(h.ctx, home, after, 10_000)
	h.must(err)
	return entries
}

func (h *house) head() int64 {
	h.Helper()
	b, err := h.cloud.Log.Bounds(h.ctx, home)
	h.must(err)
	return b.Head
}

// raised fails unless exactly these changes stand after a seq.
func (h *house) raised(after int64, want ...events.Cause) []change.Change {
	h.Helper()
	entries := h.log(after)
	var got []events.Cause
	changes := make([]change.Change, len(entries))
	for i, e := range entries {
		got, changes[i] = append(got, e.Change.Cause), e.Change
	}
	if len(got) != len(want) {
		h.Fatalf("raised %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			h.Fatalf("raised %v, want %v", got, want)
		}
	}
	return changes
}

func number(s string) json.Number { return json.Number(s) }

func ptr[T any](v T) *T { return &v }

// before runs something once, between what a stage planned and its commit.
type before struct {
	store.Store
	once func(store.Write)
}

func (b *before) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	if run := b.once; run != nil {
		b.once = nil
		run(w)
	}
	return b.Store.Commit(ctx, w)
}

// seeded is the randomness of a request, which a repetition gets again.
func (h *house) seeded(n byte) io.Reader { return change.Seeded(noon, [32]byte{n}).Rand }

func personSelector(id string) seal.Selector { return seal.Selector{Person: id} }

// withIndex builds the stage anew over an index that something happens to
// once, between Pending and Find.
func (h *house) withIndex(once func()) {
	plain := h.cloud.Index
	h.cloud.Index = &meanwhile{plain, once}
	h.on(h.cloud.Grains)
}

type meanwhile struct {
	store.Index
	once func()
}

func (m *meanwhile) Find(ctx context.Context, of change.Memory, any, must []string, limit int) (store.Found, error) {
	if run := m.once; run != nil {
		m.once = nil
		run()
	}
	return m.Index.Find(ctx, of, any, must, limit)
}
