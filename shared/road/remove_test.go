package road_test

import (
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
)

// What is written to a memory that was deleted and made again can be read
// after a restart: nothing of the first one's keys is used on.
func TestAMemoryMadeAgainReadsAfterARestart(t *testing.T) {
	dir := t.TempDir()
	m := change.Memory{Tenant: "t", ID: "again"}
	open := func() (*road.Stages, func()) {
		s, err := road.Load(nil)
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.DiscardHandler)
		c, err := adapter.Open(t.Context(), "embedded", adapter.Config{Dir: dir, Random: rand.Reader, Now: time.Now, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		return road.Assemble(c, s, "test", time.Now, log), func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	st, end := open()
	var last memory.Written
	for range 2 {
		if err := st.Cloud.Memories.Put(t.Context(), store.Instance{Memory: m, Name: "again", Version: 1}); err != nil {
			t.Fatal(err)
		}
		var err error
		last, err = st.Memory.Add(t.Context(), m, change.NewDraw(time.Now()), memory.Input{Type: "event", Namespace: "n", Fields: map[string]any{"content": "kept"}})
		if err != nil {
			t.Fatal(err)
		}
		if last.Seq != 1 || last.Grain.Seq != 0 && last.Grain.Seq != 1 {
			t.Fatalf("the first write of a new memory has seq %d", last.Seq)
		}
		if _, err := st.Memory.Search(t.Context(), m, memory.Query{Text: "kept"}); err != nil {
			t.Fatal(err)
		}
		if err := st.Memory.Remove(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Cloud.Memories.Put(t.Context(), store.Instance{Memory: m, Name: "again", Version: 1}); err != nil {
		t.Fatal(err)
	}
	last, err := st.Memory.Add(t.Context(), m, change.NewDraw(time.Now()), memory.Input{Type: "event", Namespace: "n", Fields: map[string]any{"content": "kept"}})
	if err != nil {
		t.Fatal(err)
	}
	end()
	st, end = open()
	defer end()
	got, err := st.Memory.Get(t.Context(), m, store.Ref{Hash: last.Grain.Hash})
	if err != nil || got.Fields["content"] != "kept" || got.Seq != 1 {
		t.Fatalf("after the restart: %+v, %v", got, err)
	}
}
