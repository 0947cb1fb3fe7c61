package seal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
	"pgregory.net/rapid"
)

func TestASelectorCoversAtSlashBoundaries(t *testing.T) {
	scope, person := func(s string) seal.Selector { return seal.Selector{Scope: s} }, func(p string) seal.Selector { return seal.Selector{Person: p} }
	for _, c := range []struct {
		sel  seal.Selector
		pair seal.Pair
		want bool
	}{
		{scope("acme/prod"), seal.Pair{Scope: "acme/prod"}, true},
		{scope("acme/prod"), seal.Pair{Person: "alice", Scope: "acme/prod/eu"}, true},
		{scope("acme/prod"), seal.Pair{Scope: "acme/prod/eu/x"}, true},
		{scope("acme/prod/"), seal.Pair{Scope: "acme/prod"}, true},
		{scope("acme/prod/"), seal.Pair{Scope: "acme/prod/eu"}, true},
		{scope("acme"), seal.Pair{Scope: "acme/prod"}, true},
		{scope("acme/prod"), seal.Pair{Scope: "acme/production"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "acme/prod-eu"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "acme/prod0"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "acme"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "Acme/prod"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "acme/PROD/eu"}, false},
		{scope("acme/prod"), seal.Pair{Scope: "x/acme/prod"}, false},
		{scope("acme/%"), seal.Pair{Scope: "acme/prod"}, false},
		{scope("acme/_rod"), seal.Pair{Scope: "acme/prod"}, false},
		{scope("acme"), seal.Pair{}, false},
		{person("alice"), seal.Pair{Person: "alice"}, true},
		{person("alice"), seal.Pair{Person: "alice", Scope: "acme/prod"}, true},
		{person("alice"), seal.Pair{Person: "Alice"}, false},
		{person("alice"), seal.Pair{Person: "alice2"}, false},
		{person("alice"), seal.Pair{Scope: "alice"}, false},
		{seal.Selector{}, seal.Pair{}, false},
		{scope("/"), seal.Pair{}, false},
		{scope("/"), seal.Pair{Scope: "/acme"}, false},
		{seal.Selector{Person: "alice", Scope: "acme"}, seal.Pair{Person: "alice", Scope: "acme"}, false},
	} {
		if got := c.sel.Covers(c.pair); got != c.want {
			t.Errorf("%+v covers %+v: %v, want %v", c.sel, c.pair, got, c.want)
		}
	}
}

func TestAScopeCoversItsSegmentsPrefixOnly(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "A", "b", "ab", "a-", "a0", "é", "%"})
	path := rapid.SliceOfN(segment, 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		sel, scope := path.Draw(t, "selector"), path.Draw(t, "scope")
		want := len(sel) <= len(scope) && slices.Equal(sel, scope[:min(len(sel), len(scope))])
		got := seal.Selector{Scope: strings.Join(sel, "/")}.Covers(seal.Pair{Scope: strings.Join(scope, "/")})
		if got != want {
			t.Fatalf("%v covers %v: %v, want %v", sel, scope, got, want)
		}
	})
}

func TestAnErasureTakesWhatItCoversAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, store := newSealer()
		person := rapid.SampledFrom([]string{"", "alice", "bob"})
		scope := rapid.SampledFrom([]string{"", "acme", "acme/prod", "acme/prod/eu", "acme/production"})
		boxes := map[seal.Pair][][]byte{}
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			p := seal.Pair{Person: person.Draw(t, "person"), Scope: scope.Draw(t, "scope")}
			box, _, err := s.Seal(t.Context(), home, p, []byte("tea"), nil)
			if err != nil {
				t.Fatal(err)
			}
			boxes[p] = append(boxes[p], box)
			if rapid.Bool().Draw(t, "rotate") {
				if _, _, err := s.Rotate(t.Context(), home); err != nil {
					t.Fatal(err)
				}
			}
		}
		sel := seal.Selector{Person: "alice"}
		if rapid.Bool().Draw(t, "by scope") {
			sel = seal.Selector{Scope: "acme/prod"}
		}
		proof, err := s.Erase(t.Context(), store, home, sel)
		if err != nil {
			t.Fatal(err)
		}
		for _, opener := range []*seal.Sealer{s, seal.New(sealtest.Config(store, 2, nil))} {
			for p, sealed := range boxes {
				for _, box := range sealed {
					_, err := opener.Open(t.Context(), home, box, nil)
					id, _ := seal.KeyID(box)
					if erased := err == seal.ErrErased; erased != sel.Covers(p) || (!erased && err != nil) {
						t.Fatalf("%+v after erasing %+v: %v", p, sel, err)
					}
					if slices.Contains(proof.Keys, id) != sel.Covers(p) {
						t.Fatalf("%+v: the proof's keys are %v", p, proof.Keys)
					}
				}
			}
		}
	})
}

func TestAfterAnErasureWritingGoesOnUnderANewKey(t *testing.T) {
	s, store := newSealer()
	old, id := mustSeal(t, s, home, alice, "tea")
	keep, _ := mustSeal(t, s, home, bob, "coffee")
	if _, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	box, next := mustSeal(t, s, home, alice, "water")
	if next == id {
		t.Error("a destroyed key seals again")
	}
	mustOpen(t, s, home, box, "water")
	mustOpen(t, s, home, keep, "coffee")
	mustFail(t, s, home, old, []byte("bind"), seal.ErrErased)
	if rec, ok, _ := store.KeyByID(t.Context(), home, id); !ok || rec.State != seal.Destroyed || rec.Wrapped != nil {
		t.Errorf("the destroyed key is stored as %+v, %v", rec, ok)
	}
	if kind := fault.KindOf(seal.ErrErased); kind != fault.NotFound {
		t.Errorf("ErrErased is of kind %v", kind)
	}
}

func TestAKeyThatIsNotLiveAnyMoreIsForgottenBeforeSealingAgain(t *testing.T) {
	s, store := newSealer()
	_, id := mustSeal(t, s, home, alice, "tea")
	elsewhere := seal.New(sealtest.Config(store, 2, nil))
	if _, err := elsewhere.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	if _, stale := mustSeal(t, s, home, alice, "tea"); stale != id {
		t.Fatal("the cache did not answer: the test shows nothing")
	}
	s.Forget(home, id)
	if _, next := mustSeal(t, s, home, alice, "tea"); next == id {
		t.Error("a forgotten key seals again")
	}
}

// tape records what is read through it.
type tape struct {
	from io.Reader
	read [][]byte
}

func (r *tape) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.read = append(r.read, slices.Clone(p[:n]))
	return n, err
}

func TestTheFingerprintIsOverTheRawKeysInOrderOfTheirIDs(t *testing.T) {
	store := &sealtest.Store{}
	cfg := sealtest.Config(store, 1, nil)
	random := &tape{from: cfg.Random}
	cfg.Random = random
	s := seal.New(cfg)
	raw := map[string][]byte{} // key id → raw key
	for _, scope := range []string{"a", "b", "c", "d"} {
		random.read = nil
		_, id := mustSeal(t, s, home, seal.Pair{Person: "alice", Scope: scope}, "tea")
		for i, drawn := range random.read { // the last 32 bytes drawn are the subject key's
			if len(drawn) == 32 {
				raw[id] = random.read[i]
			}
		}
	}
	mustSeal(t, s, home, bob, "tea")
	proof, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, id := range proof.Keys {
		sum.Write(raw[id])
	}
	if want := hex.EncodeToString(sum.Sum(nil))[:16]; proof.Fingerprint != want {
		t.Errorf("fingerprint %s, want %s", proof.Fingerprint, want)
	}
	if len(proof.Keys) != 4 || !slices.IsSorted(proof.Keys) {
		t.Errorf("keys %v", proof.Keys)
	}
	again, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"})
	if err != nil || again.Fingerprint != "" || len(again.Keys) != 0 || again.At.IsZero() {
		t.Errorf("an erasure of nothing: %+v, %v", again, err)
	}
}

func TestRawKeysAreNeverStored(t *testing.T) {
	store := &sealtest.Store{}
	cfg := sealtest.Config(store, 1, nil)
	random := &tape{from: cfg.Random}
	cfg.Random = random
	s := seal.New(cfg)
	box, _ := mustSeal(t, s, home, alice, "tea")
	if _, _, err := s.Rotate(t.Context(), home); err != nil {
		t.Fatal(err)
	}
	mustSeal(t, s, home, alice, "tea")
	proof, err := s.Prove(t.Context(), home, store.Keys(home))
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%x %x %+v %s %+v", store.Keys(home), store.Cells(home), proof, box, s)
	shown += string(box)
	for _, rec := range store.Keys(home) {
		shown += string(rec.Wrapped)
	}
	for _, cell := range store.Cells(home) {
		shown += string(cell.Wrapped)
	}
	found := 0
	for _, drawn := range random.read {
		if len(drawn) != 32 {
			continue
		}
		found++
		if strings.Contains(shown, string(drawn)) || strings.Contains(shown, hex.EncodeToString(drawn)) || strings.Contains(shown, fmt.Sprint(drawn)) {
			t.Error("a raw key is in a record, a proof or a box")
		}
	}
	if found != 4 { // two cells, two subject keys
		t.Errorf("%d raw keys were drawn, want 4", found)
	}
}

func TestOneErasureNamesOneThing(t *testing.T) {
	s, store := newSealer()
	for _, sel := range []seal.Selector{{}, {Scope: "//"}, {Person: "alice", Scope: "acme"}} {
		if _, err := s.Erase(t.Context(), store, home, sel); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%+v: %v", sel, err)
		}
	}
}

func TestAFailedErasureSaysSoAndCanBeRepeated(t *testing.T) {
	s, store := newSealer()
	box, _ := mustSeal(t, s, home, alice, "tea")
	store.Fail(fault.New(fault.Unavailable, "try again"))
	if _, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	store.Fail(nil)
	if _, err := s.Erase(t.Context(), store, home, seal.Selector{Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	mustFail(t, s, home, box, []byte("bind"), seal.ErrErased)
}
