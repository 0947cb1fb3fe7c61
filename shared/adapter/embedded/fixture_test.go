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
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var (
	bg   = context.Background()
	mem1 = change.Memory{Tenant: "t", ID: "default"}
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// bed is an open database in a folder of its own, with one memory and one key.
type bed struct {
	*db
	tb    testing.TB
	dir   string
	few   int // see Config.Unfiled
	close func() error
	count atomic.Int64
}

func open(tb testing.TB) *bed {
	s := &bed{tb: tb, dir: tb.TempDir()}
	s.start()
	s.addMemory(mem1)
	s.addKey(mem1, "k1", seal.Pair{})
	return s
}

func (s *bed) start() {
	d, closeAll, err := openDB(bg, Config{Dir: s.dir, Now: func() time.Time { return noon }, Unfiled: s.few})
	s.must(err)
	s.db, s.close = d, closeAll
	s.tb.Cleanup(func() { closeAll() })
}

// again closes the store and opens its folder anew.
func (s *bed) again() {
	s.must(s.close())
	s.start()
}

func (s *bed) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}

func (s *bed) addMemory(m change.Memory) {
	s.must(memories{s.db}.Put(bg, store.Instance{Memory: m, Name: m.ID, Version: 1, CreatedAt: 1}))
}

func (s *bed) addKey(m change.Memory, id string, p seal.Pair) {
	k := seal.KeyRecord{ID: id, Pair: p, Cell: "c", Wrapped: []byte("wrapped-" + id), State: seal.Live, CreatedAt: noon}
	_, err := sealKeys{s.db}.CreateKey(bg, seal.Vault{Tenant: m.Tenant, Memory: m.ID}, k, "")
	s.must(err)
}

func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// stored makes a first grain.
func stored(name string) *store.Stored {
	h := hashOf(name)
	return &store.Stored{Hash: h, Lineage: h, Type: "belief", Namespace: "default", CreatedAt: 5, FirstAt: 5,
		Version: 1, KeyID: "k1", Box: []byte("box of " + name)}
}

func put(g *store.Stored, expect string) store.Step {
	c := change.Change{ID: "ID" + g.Hash[:24], Memory: mem1, Cause: events.Created, At: 7, Lineage: g.Lineage, Hash: g.Hash,
		Superseded: expect, GrainType: g.Type, Namespace: g.Namespace, UserID: g.Person, ScopePath: g.ScopePath, CreatedAt: g.FirstAt}
	if expect != "" {
		c.Cause = events.Superseded
	}
	return store.Step{Lineage: g.Lineage, Expect: expect, Put: g, Change: c}
}

// newer makes the next version of a grain.
func newer(of *store.Stored, name string) *store.Stored {
	g := *of
	g.Hash, g.Version, g.CreatedAt, g.Box = hashOf(name), of.Version+1, of.CreatedAt+1, []byte("box of "+name)
	return &g
}

func forget(g *store.Stored) store.Step {
	return store.Step{Lineage: g.Lineage, Expect: g.Hash, Forget: true,
		Change: change.Change{ID: "F" + g.Hash[:25], Memory: mem1, Cause: events.Forgotten, At: 8, Lineage: g.Lineage, Hash: g.Hash}}
}

func (s *bed) commit(steps ...store.Step) (store.Committed, error) {
	return grains{s.db}.Commit(bg, store.Write{Memory: mem1, Steps: steps})
}

func (s *bed) add(names ...string) {
	s.tb.Helper()
	for _, n := range names {
		_, err := s.commit(put(stored(n), ""))
		s.must(err)
	}
}

func (s *bed) addHook(id string) hook.Hook {
	s.tb.Helper()
	h, err := hooks{s.db}.Put(bg, hook.Hook{ID: id, Memory: mem1, Name: id, Mode: hook.CDC, Dialect: "areev", State: hook.Active, Redaction: "full"})
	s.must(err)
	return h
}

func (s *bed) head() int64 {
	s.tb.Helper()
	b, err := logs{s.db}.Bounds(bg, mem1)
	s.must(err)
	return b.Head
}

func (s *bed) fresh() *store.Stored { return stored(fmt.Sprint("fresh ", s.count.Add(1))) }
