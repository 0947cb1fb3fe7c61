package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/seal"
)

var (
	bg   = context.Background()
	mem1 = change.Memory{Tenant: "t", ID: "default"}
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// store is an open database in a folder of its own, with one memory and one key.
type store struct {
	*db
	tb    testing.TB
	dir   string
	close func() error
	count atomic.Int64
}

func open(tb testing.TB) *store {
	s := &store{tb: tb, dir: tb.TempDir()}
	s.start()
	s.addMemory(mem1)
	s.addKey(mem1, "k1", seal.Pair{})
	return s
}

func (s *store) start() {
	d, closeAll, err := openDB(bg, Config{Dir: s.dir, Now: func() time.Time { return noon }})
	s.must(err)
	s.db, s.close = d, closeAll
	s.tb.Cleanup(func() { closeAll() })
}

// again closes the store and opens its folder anew.
func (s *store) again() {
	s.must(s.close())
	s.start()
}

func (s *store) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}

func (s *store) addMemory(m change.Memory) {
	s.must(memories{s.db}.Put(bg, memory.Instance{Memory: m, Name: m.ID, Version: 1, CreatedAt: 1}))
}

func (s *store) addKey(m change.Memory, id string, p seal.Pair) {
	k := seal.KeyRecord{ID: id, Pair: p, Cell: "c", Wrapped: []byte("wrapped-" + id), State: seal.Live, CreatedAt: noon}
	_, err := sealKeys{s.db}.CreateKey(bg, seal.Vault{Tenant: m.Tenant, Memory: m.ID}, k, "")
	s.must(err)
}

func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// stored makes a first grain.
func stored(name string) *memory.Stored {
	h := hashOf(name)
	return &memory.Stored{Hash: h, Lineage: h, Type: "belief", Namespace: "default", CreatedAt: 5, FirstAt: 5,
		Version: 1, KeyID: "k1", Box: []byte("box of " + name)}
}

func put(g *memory.Stored, expect string) memory.Step {
	c := change.Change{ID: "ID" + g.Hash[:24], Memory: mem1, Cause: events.Created, At: 7, Lineage: g.Lineage, Hash: g.Hash,
		Superseded: expect, GrainType: g.Type, Namespace: g.Namespace, UserID: g.Person, ScopePath: g.ScopePath, CreatedAt: g.FirstAt}
	if expect != "" {
		c.Cause = events.Superseded
	}
	return memory.Step{Lineage: g.Lineage, Expect: expect, Put: g, Change: c}
}

// newer makes the next version of a grain.
func newer(of *memory.Stored, name string) *memory.Stored {
	g := *of
	g.Hash, g.Version, g.CreatedAt, g.Box = hashOf(name), of.Version+1, of.CreatedAt+1, []byte("box of "+name)
	return &g
}

func forget(g *memory.Stored) memory.Step {
	return memory.Step{Lineage: g.Lineage, Expect: g.Hash, Forget: true,
		Change: change.Change{ID: "F" + g.Hash[:25], Memory: mem1, Cause: events.Forgotten, At: 8, Lineage: g.Lineage, Hash: g.Hash}}
}

func (s *store) commit(steps ...memory.Step) (memory.Committed, error) {
	return grains{s.db}.Commit(bg, memory.Write{Memory: mem1, Steps: steps})
}

func (s *store) add(names ...string) {
	s.tb.Helper()
	for _, n := range names {
		_, err := s.commit(put(stored(n), ""))
		s.must(err)
	}
}

func (s *store) addHook(id string) hook.Hook {
	s.tb.Helper()
	h, err := hooks{s.db}.Put(bg, hook.Hook{ID: id, Memory: mem1, Name: id, Mode: hook.CDC, Dialect: "areev", State: hook.Active, Redaction: "full"})
	s.must(err)
	return h
}

func (s *store) head() int64 {
	s.tb.Helper()
	b, err := logs{s.db}.Bounds(bg, mem1)
	s.must(err)
	return b.Head
}

func (s *store) fresh() *memory.Stored { return stored(fmt.Sprint("fresh ", s.count.Add(1))) }
