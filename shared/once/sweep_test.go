package once_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/once"
)

// A key that is taken over must not cost other keys their receipts.
func TestATakeoverLeavesOtherReceipts(t *testing.T) {
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := once.New(c.Receipts)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := func(key string, at time.Time) once.Receipt {
		seed, err := once.NewSeed(at, bytes.NewReader(bytes.Repeat([]byte(key), 24)))
		if err != nil {
			t.Fatal(err)
		}
		return once.Receipt{Scope: "t", Key: key, Seed: seed, At: at.UnixMilli()}
	}
	first, err := s.Begin(t.Context(), want("a", at))
	if err != nil {
		t.Fatal(err)
	}
	first.Status, first.Answer = 201, []byte(`{"id":1}`)
	if err := c.Receipts.Finish(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // each refused request frees the key for the next
		later := at.Add(time.Duration(i+1) * 2 * time.Minute)
		if _, err := s.Begin(t.Context(), want("b", later)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := s.Begin(t.Context(), want("a", at.Add(10*time.Minute)))
	if err != nil || !again.Done() {
		t.Fatalf("the first answer is gone: %+v, %v", again, err)
	}
}

// After a crash nobody has to wait until the work of a dead process counts as
// dead: the folder's next process knows.
func TestTheNextProcessTakesAClaimOverAtOnce(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := func(first byte) once.Receipt {
		return once.Receipt{Scope: "t", Key: "a", Seed: [32]byte{first}, At: at.UnixMilli()}
	}
	c, err := embedded.Open(t.Context(), embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := once.New(c.Receipts).Begin(t.Context(), want(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := once.New(c.Receipts).Begin(t.Context(), want(2)); fault.KindOf(err) != fault.Conflict {
		t.Errorf("work that runs is taken over: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err = embedded.Open(t.Context(), embedded.Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mine, err := once.New(c.Receipts).Begin(t.Context(), want(3))
	if err != nil || mine.Done() || mine.Seed != want(1).Seed {
		t.Errorf("the next process is told %+v, %v; want the claim with its first seed", mine, err)
	}
	if _, err := once.New(c.Receipts).Begin(t.Context(), want(4)); fault.KindOf(err) != fault.Conflict {
		t.Errorf("what was taken over is taken over again: %v", err)
	}
}
