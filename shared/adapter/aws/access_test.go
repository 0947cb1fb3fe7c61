package aws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/once"
)

func TestAReceiptKeepsLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newErasing(t).process(forever).Cloud().Receipts
		noise := make([]byte, 400<<10)
		random := rand.NewChaCha8([32]byte{})
		_, _ = random.Read(noise) // never fails
		r := once.Receipt{Scope: "acme/key_1", Key: "k", Seed: [32]byte{1}, At: 1000}
		_, mine, err := s.Claim(t.Context(), r, 0)
		if err != nil || !mine {
			t.Fatalf("claimed: %v, %v", mine, err)
		}
		for _, answer := range [][]byte{bytes.Repeat([]byte(`{"blob_hash":"0123456789abcdef"}`), 100_000), noise[:600], []byte("{}"), noise[:370<<10]} {
			r.Status, r.Answer = 201, answer
			if err := s.Finish(t.Context(), r); err != nil {
				t.Fatalf("an answer of %d bytes: %v", len(answer), err)
			}
			stands, mine, err := s.Claim(t.Context(), once.Receipt{Scope: r.Scope, Key: r.Key, Seed: [32]byte{2}, At: 2000}, 500)
			if err != nil || mine || !bytes.Equal(stands.Answer, answer) || stands.Seed != r.Seed || stands.Status != 201 {
				t.Errorf("an answer of %d bytes came back with %d, %v, %v", len(answer), len(stands.Answer), mine, err)
			}
		}
		if r.Answer = noise; s.Finish(t.Context(), r) == nil {
			t.Error("an answer that fits into no row was kept")
		}
	})
}

func TestARevokedKeyCannotBePutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newErasing(t)
		s := h.process(forever).Cloud().Auth
		k := auth.Key{ID: "key_1", Tenant: "acme", Name: "ops", Scopes: []auth.Scope{auth.Admin}, Hash: sha256.Sum256([]byte("raw"))}
		h.must(s.Put(t.Context(), k))
		h.must(s.Revoke(t.Context(), "acme", "key_1"))
		if err := s.Put(t.Context(), k); fault.KindOf(err) != fault.Conflict {
			t.Errorf("put again: %v", err)
		}
		if err := s.Revoke(t.Context(), "acme", "key_1"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("revoked again: %v", err)
		}
		if row := h.main.Dump()[0]; row.Part != "A#"+hex.EncodeToString(k.Hash[:]) || len(row.Row) != 1 {
			t.Errorf("of a revoked key row %v keeps %v", row.Key, row.Row)
		}
	})
}

func TestARemovalThatDiedAnywhereIsEndedByItsRepetition(t *testing.T) {
	for dies, done := int64(0), false; !done; dies++ {
		synctest.Test(t, func(t *testing.T) {
			h, what := newErasing(t), fmt.Sprint("after ", dies, " writes")
			done = h.process(dies).Cloud().Remover.Remove(t.Context(), mem) == nil
			c, again := h.process(forever).Cloud(), store.Instance{Memory: mem, Version: 1}
			if !done {
				if err := c.Memories.Put(t.Context(), again); err == nil {
					t.Errorf("%s: a memory was made over what is left", what)
				}
				h.must(c.Remover.Remove(t.Context(), mem))
			}
			if err := c.Remover.Remove(t.Context(), mem); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: removed again: %v", what, err)
			}
			h.main.Expire("ttl", time.Now().Add(49*time.Hour)) // until then it is known when the removal ended
			if keys, rows := h.keys.Dump(), h.main.Dump(); len(keys) > 0 || len(rows) != 1 || rows[0].Part != "tenants" {
				t.Errorf("%s: %d keys and %d rows are left", what, len(keys), len(rows)-1)
			}
			h.must(c.Memories.Put(t.Context(), again))
		})
	}
}

func TestUpkeepEndsARemovalThatNobodyRepeats(t *testing.T) {
	for dies, done := int64(1), false; !done; dies++ {
		synctest.Test(t, func(t *testing.T) {
			h, what := newErasing(t), fmt.Sprint("after ", dies, " writes and upkeep")
			done = h.process(dies).Cloud().Remover.Remove(t.Context(), mem) == nil
			a := h.process(forever)
			for _, later := range []time.Duration{0, 2 * time.Hour} {
				time.Sleep(later)
				if _, err := a.Upkeep(t.Context()); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if err := a.Cloud().Memories.Put(t.Context(), store.Instance{Memory: mem, Version: 1}); !done && (err == nil) != (later > 0) {
					t.Errorf("%s, %v later: a memory in its place: %v", what, later, err)
				}
			}
			if keys := h.keys.Dump(); len(keys) > 0 || holding(h.main.Dump(), "box of") > 0 {
				t.Errorf("%s: %d keys and boxes are left", what, len(keys))
			}
		})
	}
}

func TestARemovalThatUpkeepIsAtWaitsForItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newErasing(t)
		if h.process(3).Cloud().Remover.Remove(t.Context(), mem) == nil {
			t.Fatal("it ended")
		}
		time.Sleep(2 * time.Hour)
		if _, err := h.process(2).Upkeep(t.Context()); err == nil {
			t.Fatal("upkeep ended it")
		}
		c := h.process(forever).Cloud()
		if err := c.Remover.Remove(t.Context(), mem); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("repeated while upkeep is at it: %v", err)
		}
		time.Sleep(time.Hour)
		h.must(c.Remover.Remove(t.Context(), mem))
	})
}
