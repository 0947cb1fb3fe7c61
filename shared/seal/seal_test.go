package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var (
	home  = seal.Vault{Tenant: "t1", Memory: "default"}
	alice = seal.Pair{Person: "alice", Scope: "acme/prod"}
	bob   = seal.Pair{Person: "bob", Scope: "acme/prod"}
)

// clock is a clock that moves by hand.
type clock struct{ at time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func newSealer() (*seal.Sealer, *sealtest.Store) {
	store := &sealtest.Store{}
	return seal.New(sealtest.Config(store, 1, nil)), store
}

func mustSeal(t testing.TB, s *seal.Sealer, v seal.Vault, p seal.Pair, plain string) ([]byte, string) {
	t.Helper()
	box, id, err := s.Seal(t.Context(), v, p, []byte(plain), []byte("bind"))
	if err != nil {
		t.Fatalf("seal %q: %v", plain, err)
	}
	return box, id
}

func mustOpen(t testing.TB, s *seal.Sealer, v seal.Vault, box []byte, want string) {
	t.Helper()
	got, err := s.Open(t.Context(), v, box, []byte("bind"))
	if err != nil || string(got) != want {
		t.Fatalf("open: got %q, %v; want %q", got, err, want)
	}
}

func mustFail(t testing.TB, s *seal.Sealer, v seal.Vault, box, bind []byte, want error) {
	t.Helper()
	got, err := s.Open(t.Context(), v, box, bind)
	if !errors.Is(err, want) {
		t.Fatalf("open: got %q, %v; want %v", got, err, want)
	}
}

func TestABoxOpensToWhatWasSealed(t *testing.T) {
	s, store := newSealer()
	for _, plain := range []string{"", "x", strings.Repeat("tea ", 5000)} {
		box, id := mustSeal(t, s, home, alice, plain)
		if len(box) != len(plain)+seal.Overhead {
			t.Errorf("a box of %d bytes has %d bytes, want %d more", len(plain), len(box), seal.Overhead)
		}
		if got, err := seal.KeyID(box); err != nil || got != id {
			t.Errorf("KeyID = %q, %v; want %q", got, err, id)
		}
		if len(id) != 26 {
			t.Errorf("key id %q is no ULID", id)
		}
		mustOpen(t, s, home, box, plain)
		mustOpen(t, seal.New(sealtest.Config(store, 2, nil)), home, box, plain)
	}
	if n := len(store.Keys(home)); n != 1 {
		t.Errorf("one pair has %d keys, want 1", n)
	}
}

func TestEqualContentsSealToDifferentBoxes(t *testing.T) {
	s, _ := newSealer()
	a, _ := mustSeal(t, s, home, alice, "tea")
	b, _ := mustSeal(t, s, home, alice, "tea")
	if bytes.Equal(a, b) {
		t.Error("two boxes of the same content are equal")
	}
}

func TestEachPairAndMemoryHasItsOwnKey(t *testing.T) {
	s, _ := newSealer()
	seen := map[string]string{}
	for _, v := range []seal.Vault{home, {Tenant: "t1", Memory: "other"}, {Tenant: "t2", Memory: "default"}} {
		for _, p := range []seal.Pair{{}, alice, bob, {Person: "alice"}, {Scope: "acme/prod"}, {Person: "alice", Scope: "acme"}} {
			_, id := mustSeal(t, s, v, p, "tea")
			if before, ok := seen[id]; ok {
				t.Errorf("%v %v has the key of %s", v, p, before)
			}
			seen[id] = fmt.Sprint(v, p)
		}
	}
}

func TestABoxIsBoundToWhatItWasSealedFor(t *testing.T) {
	s, _ := newSealer()
	box, _ := mustSeal(t, s, home, alice, "tea")
	other := seal.Vault{Tenant: "t1", Memory: "other"}
	mustSeal(t, s, other, alice, "tea")
	mustFail(t, s, home, box, []byte("bind2"), seal.ErrBroken)
	mustFail(t, s, home, box, nil, seal.ErrBroken)
	mustFail(t, s, other, box, []byte("bind"), seal.ErrBroken)
}

func TestAnAlteredBoxNeverOpens(t *testing.T) {
	s, _ := newSealer()
	box, _ := mustSeal(t, s, home, alice, "tea")
	for i := range box {
		for bit := range 8 {
			bad := bytes.Clone(box)
			bad[i] ^= 1 << bit
			mustFail(t, s, home, bad, []byte("bind"), seal.ErrBroken)
		}
		mustFail(t, s, home, box[:i], []byte("bind"), seal.ErrBroken)
	}
	mustFail(t, s, home, append(bytes.Clone(box), 0), []byte("bind"), seal.ErrBroken)
	mustOpen(t, s, home, box, "tea")
}

func TestARecordMovedToAnotherPairOrMemoryUnwrapsNoKey(t *testing.T) {
	s, store := newSealer()
	box, id := mustSeal(t, s, home, alice, "tea")
	mine, _, _ := store.KeyByID(t.Context(), home, id)
	thief := &sealtest.Store{}
	for _, cell := range store.Cells(home) {
		if _, err := thief.AddCell(t.Context(), home, cell, ""); err != nil {
			t.Fatal(err)
		}
	}
	mine.Pair = bob
	if _, err := thief.CreateKey(t.Context(), home, mine, ""); err != nil {
		t.Fatal(err)
	}
	mustFail(t, seal.New(sealtest.Config(thief, 3, nil)), home, box, []byte("bind"), seal.ErrBroken)
}

func TestAFailingStoreIsNeitherErasedNorBroken(t *testing.T) {
	_, store := newSealer()
	box, _ := mustSeal(t, seal.New(sealtest.Config(store, 1, nil)), home, alice, "tea")
	cold := seal.New(sealtest.Config(store, 2, nil))
	down := fault.New(fault.Unavailable, "try again")
	store.Fail(down)
	_, err := cold.Open(t.Context(), home, box, []byte("bind"))
	if !errors.Is(err, down) || errors.Is(err, seal.ErrErased) || errors.Is(err, seal.ErrBroken) {
		t.Errorf("open on a failing store: %v", err)
	}
	if _, _, err := cold.Seal(t.Context(), home, alice, nil, nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("seal on a failing store: %v", err)
	}
	store.Fail(nil)
	mustOpen(t, cold, home, box, "tea")
}

func TestRotationKeepsAllReadableAndNewWritesGetNewKeys(t *testing.T) {
	clock := newClock()
	store := &sealtest.Store{}
	s := seal.New(sealtest.Config(store, 1, clock.now))
	token, err := s.Blind(t.Context(), home, "word", "tea")
	if err != nil {
		t.Fatal(err)
	}
	boxes, seen := [][]byte{}, map[string]bool{}
	for range 4 {
		box, id := mustSeal(t, s, home, alice, "tea")
		if seen[id] {
			t.Error("a write after a rotation has an older key")
		}
		seen[id] = true
		boxes = append(boxes, box)
		clock.advance(time.Minute)
		cell, at, err := s.Rotate(t.Context(), home)
		if err != nil || !at.Equal(clock.now()) {
			t.Fatalf("rotate: %v at %v, want at %v", err, at, clock.now())
		}
		if newest, _, _ := store.NewestCell(t.Context(), home); newest.ID != cell {
			t.Errorf("rotate returned %s, the newest is %s", cell, newest.ID)
		}
	}
	for _, opener := range []*seal.Sealer{s, seal.New(sealtest.Config(store, 2, clock.now))} {
		for _, box := range boxes {
			mustOpen(t, opener, home, box, "tea")
		}
		if again, err := opener.Blind(t.Context(), home, "word", "tea"); err != nil || !bytes.Equal(again, token) {
			t.Errorf("a blind token changed over rotations: %x, %v; want %x", again, err, token)
		}
	}
}

func TestAnotherProcessNoticesARotationWithinTwoTTLs(t *testing.T) {
	clock := newClock()
	store := &sealtest.Store{}
	a, b := seal.New(sealtest.Config(store, 1, clock.now)), seal.New(sealtest.Config(store, 2, clock.now))
	_, before := mustSeal(t, b, home, alice, "tea")
	cell, _, err := a.Rotate(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	_, fresh := mustSeal(t, a, home, alice, "tea")
	clock.advance(4 * time.Second)
	_, after := mustSeal(t, b, home, alice, "tea")
	if fresh == before || after != fresh {
		t.Errorf("keys: %s before, %s here after, %s there", before, fresh, after)
	}
	// A stale process never goes back to an older cell.
	_, other := mustSeal(t, b, home, bob, "tea")
	if rec, _, _ := store.KeyByID(t.Context(), home, other); rec.Cell != cell {
		t.Errorf("a new key is wrapped by cell %s, want %s", rec.Cell, cell)
	}
}

func TestACellPlannedOnAnOlderStateIsNotAdded(t *testing.T) {
	s, store := newSealer()
	mustSeal(t, s, home, alice, "tea")
	late, replaces, err := s.NextCell(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := s.Rotate(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	won, err := store.AddCell(t.Context(), home, late, replaces)
	if err != nil || won.ID != first {
		t.Errorf("a late cell: %s, %v; want the newest, %s", won.ID, err, first)
	}
}

func TestCancelledContextEndsAColdSeal(t *testing.T) {
	s, _ := newSealer()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Seal(ctx, home, alice, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
