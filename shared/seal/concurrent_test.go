package seal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

// side runs n calls at once and waits for them.
func side(n int, call func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { call(i) })
	}
	all.Wait()
}

func TestOfManyFirstWritersOneKeyWins(t *testing.T) {
	store := &sealtest.Store{}
	sealers := []*seal.Sealer{seal.New(sealtest.Config(store, 1, nil)), seal.New(sealtest.Config(store, 2, nil))}
	ids := make([]string, 32)
	side(len(ids), func(i int) {
		_, id, err := sealers[i%2].Seal(context.Background(), home, alice, []byte("tea"), nil)
		if err != nil {
			t.Error(err)
		}
		ids[i] = id
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("keys %s and %s for one pair", id, ids[0])
		}
	}
	if keys, cells := len(store.Keys(home)), len(store.Cells(home)); keys != 1 || cells != 1 {
		t.Errorf("%d keys and %d cells are stored, want 1 and 1", keys, cells)
	}
}

func TestEachRotationIsAGenerationOfItsOwn(t *testing.T) {
	s, store := newSealer()
	mustSeal(t, s, home, alice, "tea")
	ids := make([]string, 8)
	side(len(ids), func(i int) {
		id, _, err := s.Rotate(context.Background(), home)
		if err != nil {
			t.Error(err)
		}
		ids[i] = id
	})
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	cells := store.Cells(home)
	if len(seen) != len(ids) || len(cells) != len(ids)+1 {
		t.Errorf("%d rotations gave %d ids and %d cells", len(ids), len(seen), len(cells))
	}
	for _, cell := range cells {
		if cell.First != cells[0].ID {
			t.Errorf("cell %s says the first is %s, want %s", cell.ID, cell.First, cells[0].ID)
		}
	}
}

func TestNothingErasedOpensWhateverRunsBeside(t *testing.T) {
	s, store := newSealer()
	side(8, func(i int) {
		ctx, p := context.Background(), seal.Pair{Person: fmt.Sprint("p", i%4), Scope: fmt.Sprint("s", i)}
		for round := range 40 {
			box, id, err := s.Seal(ctx, home, p, []byte("tea"), nil)
			if fault.KindOf(err) == fault.Unavailable {
				continue // the others rotated each time that it tried
			}
			if err != nil {
				t.Error(err)
				return
			}
			switch (round + i) % 4 {
			case 0:
				_, _, err = s.Rotate(ctx, home)
			case 1:
				_, err = s.Erase(ctx, store, home, seal.Selector{Scope: p.Scope})
			}
			if err != nil {
				t.Error(err)
			}
			rec, _, _ := store.KeyByID(ctx, home, id) // once destroyed, always destroyed
			_, err = s.Open(ctx, home, box, nil)
			if rec.State == seal.Live && err != nil || (round+i)%4 == 1 && !errors.Is(err, seal.ErrErased) {
				t.Errorf("key %s is %s: %v", id, rec.State, err)
			}
			s.Forget(home, id)
		}
	})
}

// gate lets a test act between a store's answer and the Sealer's next step.
type gate struct {
	*sealtest.Store
	after func()
}

func (g *gate) KeyByID(ctx context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	rec, ok, err := g.Store.KeyByID(ctx, v, id)
	g.after()
	return rec, ok, err
}

func (g *gate) CurrentKey(ctx context.Context, v seal.Vault, p seal.Pair) (seal.KeyRecord, bool, error) {
	rec, ok, err := g.Store.CurrentKey(ctx, v, p)
	g.after()
	return rec, ok, err
}

func TestAKeyReadBeforeAnErasureIsNotCachedAfterIt(t *testing.T) {
	store := &sealtest.Store{}
	g := &gate{Store: store, after: func() {}}
	cfg := sealtest.Config(store, 1, nil)
	cfg.Keys = g
	s := seal.New(cfg)
	box, id := mustSeal(t, s, home, alice, "tea")
	for name, load := range map[string]func(){
		"open": func() { mustOpen(t, s, home, box, "tea") }, // began before the erasure: may still end
		"seal": func() { mustSeal(t, s, home, alice, "tea") },
	} {
		t.Run(name, func(t *testing.T) {
			box, id = mustSeal(t, s, home, alice, "tea")
			s.ForgetAll(home)
			g.after = func() {
				g.after = func() {}
				if _, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); err != nil {
					t.Error(err)
				}
			}
			load()
			mustFail(t, s, home, box, []byte("bind"), seal.ErrErased)
			if _, next := mustSeal(t, s, home, alice, "tea"); next == id {
				t.Error("a destroyed key seals again")
			}
		})
	}
}

func TestCachedKeysAskNobodyUntilTheirTimeIsUp(t *testing.T) {
	clock := newClock()
	store, wrapper := &sealtest.Store{}, sealtest.NewWrapper()
	cfg := sealtest.Config(store, 1, clock.now)
	cfg.Wrapper, cfg.CacheTTL, cfg.CellTTL = wrapper, 2*time.Second, time.Minute
	s := seal.New(cfg)
	box, _ := mustSeal(t, s, home, alice, "tea")
	asked := store.Calls()
	clock.advance(2*time.Second - 1)
	for range 100 {
		mustOpen(t, s, home, box, "tea")
		mustSeal(t, s, home, alice, "tea")
	}
	if now := store.Calls(); now != asked {
		t.Errorf("cached keys asked the store %d times", now-asked)
	}
	clock.advance(1)
	mustOpen(t, s, home, box, "tea")
	if now := store.Calls(); now != asked+1 {
		t.Errorf("an expired key asked the store %d times, want once", now-asked)
	}
	if wraps, unwraps := wrapper.Calls(); wraps != 1 || unwraps != 1 {
		t.Errorf("the master key was used for %d wraps and %d unwraps, want 1 and 1", wraps, unwraps)
	}
	clock.advance(time.Minute)
	mustOpen(t, s, home, box, "tea")
	if _, unwraps := wrapper.Calls(); unwraps != 2 {
		t.Errorf("after CellTTL the cell key was unwrapped %d times, want 2", unwraps)
	}
}

func TestTheCacheStaysBoundedAndAllStillOpens(t *testing.T) {
	store := &sealtest.Store{}
	cfg := sealtest.Config(store, 1, nil)
	cfg.CacheSize = 3
	s := seal.New(cfg)
	var boxes [][]byte
	for i := range 20 {
		box, _ := mustSeal(t, s, home, seal.Pair{Person: fmt.Sprint(i)}, "tea")
		boxes = append(boxes, box)
	}
	asked := store.Calls()
	for _, box := range boxes {
		mustOpen(t, s, home, box, "tea")
	}
	if n := store.Calls() - asked; n < len(boxes)-cfg.CacheSize {
		t.Errorf("%d keys were opened with %d questions and room for %d", len(boxes), n, cfg.CacheSize)
	}
}

func TestAStaleProcessNeverGoesBackToAnOlderCell(t *testing.T) {
	store := &sealtest.Store{}
	a, b := seal.New(sealtest.Config(store, 1, nil)), seal.New(sealtest.Config(store, 2, nil))
	mustSeal(t, b, home, bob, "tea") // b now knows the first cell as the newest
	if _, _, err := a.Rotate(t.Context(), home); err != nil {
		t.Fatal(err)
	}
	_, fresh := mustSeal(t, a, home, alice, "tea")
	if _, id := mustSeal(t, b, home, alice, "tea"); id != fresh {
		t.Errorf("a stale process seals under %s, want the newer %s", id, fresh)
	}
}

func TestAnotherProcessNoticesAnErasureWithinOneTTL(t *testing.T) {
	clock := newClock()
	store := &sealtest.Store{}
	a, b := seal.New(sealtest.Config(store, 1, clock.now)), seal.New(sealtest.Config(store, 2, clock.now))
	box, id := mustSeal(t, a, home, alice, "tea")
	mustOpen(t, b, home, box, "tea")
	if _, err := a.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	clock.advance(2 * time.Second)
	mustFail(t, b, home, box, []byte("bind"), seal.ErrErased)
	if _, next := mustSeal(t, b, home, alice, "tea"); next == id {
		t.Error("a destroyed key seals again")
	}
}

// cutOff destroys, and then fails.
type cutOff struct{ seal.Eraser }

func (c cutOff) DestroyKeys(ctx context.Context, v seal.Vault, sel seal.Selector, prove func([]seal.KeyRecord) (seal.Erasure, error)) (seal.Erasure, error) {
	_, err := c.Eraser.DestroyKeys(ctx, v, sel, prove)
	return seal.Erasure{}, errors.Join(err, errors.New("cut off"))
}

func TestWhatAFailedErasureDestroyedIsGoneHereToo(t *testing.T) {
	s, store := newSealer()
	box, _ := mustSeal(t, s, home, alice, "tea")
	if _, err := s.Erase(t.Context(), cutOff{store}, home, seal.Selector{Person: "alice"}); err == nil {
		t.Fatal("the failure was not told")
	}
	mustFail(t, s, home, box, []byte("bind"), seal.ErrErased)
}
