package once_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/once/oncetest"
)

var (
	noon = time.Date(2026, 4, 13, 12, 0, 0, 0, time.UTC)
	bg   = context.Background()
)

// asked is a request for key k with a body, n distinguishes its seed.
func asked(t *testing.T, at time.Time, body, n byte) once.Receipt {
	t.Helper()
	seed, err := once.NewSeed(at, bytes.NewReader(bytes.Repeat([]byte{n}, 24)))
	if err != nil {
		t.Fatal(err)
	}
	return once.Receipt{Scope: "t/key", Key: "k", Body: [32]byte{body}, Seed: seed, At: at.UnixMilli()}
}

func begin(t *testing.T, s *once.Service, r once.Receipt) once.Receipt {
	t.Helper()
	got, err := s.Begin(bg, r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func refused(t *testing.T, s *once.Service, r once.Receipt, kind fault.Kind) {
	t.Helper()
	if got, err := s.Begin(bg, r); fault.KindOf(err) != kind || err == nil {
		t.Errorf("%+v, %v; want kind %d", got, err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestASeedKeepsItsTime(t *testing.T) {
	for _, at := range []time.Time{noon, time.UnixMilli(0), noon.AddDate(300, 0, 0)} {
		if got := asked(t, at, 1, 1).Time(); !got.Equal(at) {
			t.Errorf("%v became %v", at, got)
		}
	}
	if _, err := once.NewSeed(noon, strings.NewReader("short")); err == nil {
		t.Error("a seed without chance")
	}
}

func TestDoneWorkIsToldAgain(t *testing.T) {
	s := once.New(&oncetest.Receipts{})
	first := begin(t, s, asked(t, noon, 1, 1))
	if first.Done() {
		t.Fatal("a new key is not done")
	}
	refused(t, s, asked(t, noon.Add(59*time.Second), 1, 2), fault.Conflict)
	must(t, s.Finish(bg, first, 201, []byte("answer")))
	again := begin(t, s, asked(t, noon.Add(23*time.Hour), 1, 2))
	if !again.Done() || again.Status != 201 || string(again.Answer) != "answer" {
		t.Errorf("%+v", again)
	}
	refused(t, s, asked(t, noon, 2, 2), fault.Conflict)
	if late := begin(t, s, asked(t, noon.Add(25*time.Hour), 2, 3)); late.Done() || late.Body != [32]byte{2} {
		t.Errorf("after a day the key is free: %+v", late)
	}
}

func TestDeadWorkIsTakenOverWithItsSeed(t *testing.T) {
	s := once.New(&oncetest.Receipts{})
	first := begin(t, s, asked(t, noon, 1, 1))
	refused(t, s, asked(t, noon.Add(2*time.Minute), 2, 2), fault.Conflict)
	over := begin(t, s, asked(t, noon.Add(time.Minute), 1, 2))
	if over.Done() || over.Seed != first.Seed || !over.Time().Equal(noon) {
		t.Errorf("%+v", over)
	}
	refused(t, s, asked(t, noon.Add(time.Minute+time.Second), 1, 3), fault.Conflict)
	must(t, s.Finish(bg, over, 200, nil))
	if again := begin(t, s, asked(t, noon.Add(2*time.Minute), 1, 4)); !again.Done() {
		t.Errorf("%+v", again)
	}
}

func TestAReleasedKeyIsFreeAndABrokenOneKeepsItsSeed(t *testing.T) {
	s := once.New(&oncetest.Receipts{})
	first := begin(t, s, asked(t, noon, 1, 1))
	must(t, s.Release(bg, first))
	second := begin(t, s, asked(t, noon, 2, 2))
	if second.Seed == first.Seed || second.Body != [32]byte{2} {
		t.Errorf("released: %+v", second)
	}
	must(t, s.Break(bg, second))
	refused(t, s, asked(t, noon, 1, 3), fault.Conflict)
	if third := begin(t, s, asked(t, noon, 2, 3)); third.Seed != second.Seed {
		t.Errorf("broken: %+v", third)
	}
}

func TestOnlyOneTakesOver(t *testing.T) {
	s := once.New(&oncetest.Receipts{})
	begin(t, s, asked(t, noon, 1, 1))
	var won atomic.Int64
	var wg sync.WaitGroup
	for n := range byte(8) {
		r := asked(t, noon.Add(2*time.Minute), 1, n)
		wg.Go(func() {
			if _, err := s.Begin(bg, r); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d took over", won.Load())
	}
}

func TestKeysAreVisible(t *testing.T) {
	s := once.New(&oncetest.Receipts{})
	for _, bad := range []string{"", " ", "a b", "a\n", "é", "\x7f", strings.Repeat("k", 256)} {
		r := asked(t, noon, 1, 1)
		r.Key = bad
		refused(t, s, r, fault.InvalidField)
	}
	r := asked(t, noon, 1, 1)
	r.Key = strings.Repeat("~", 255)
	begin(t, s, r)
}

func TestABrokenStoreIsTold(t *testing.T) {
	broken := errors.New("the disk is gone")
	s := once.New(&oncetest.Receipts{Failing: broken})
	if _, err := s.Begin(bg, asked(t, noon, 1, 1)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if err := s.Finish(bg, asked(t, noon, 1, 1), 200, nil); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"", "k", "a b", "é", strings.Repeat("k", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		s := once.New(&oncetest.Receipts{})
		r := asked(t, noon, 1, 1)
		r.Key = key
		_, err := s.Begin(bg, r)
		visible := len(key) >= 1 && len(key) <= 255 && strings.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
		if (err == nil) != visible {
			t.Errorf("%q: %v", key, err)
		}
	})
}
