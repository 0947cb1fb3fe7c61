package delivery

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// nth is an attempt that tells its number everywhere.
func nth(n int) Attempt {
	return Attempt{N: n, At: 1_700_000_000_000 + int64(n), Took: time.Duration(n) * time.Millisecond, Code: 500 + n, Error: strings.Repeat("é", n)}
}

// recalled is the trail of a delivery after its last attempt.
func recalled(t *testing.T, earlier []byte, last Attempt) []Attempt {
	t.Helper()
	r := Record{Job: Job{Attempts: last.N}, LastAt: last.At, Took: last.Took, Code: last.Code, Error: last.Error}
	if err := r.Recall(earlier); err != nil {
		t.Fatal(err)
	}
	return r.Trail
}

func TestATrailTellsEveryAttempt(t *testing.T) {
	var earlier []byte
	var want []Attempt
	for n := 1; n <= 21; n++ {
		want = append(want, nth(n))
		if got := recalled(t, earlier, nth(n)); !slices.Equal(got, want) {
			t.Fatalf("after %d attempts: %v", n, got)
		}
		earlier = nth(n).AppendTo(earlier)
	}
	if r := (Record{}); r.Recall(earlier) != nil || r.Trail != nil {
		t.Errorf("a delivery without an attempt has the trail %v", r.Trail)
	}
}

func TestATrailIsBounded(t *testing.T) {
	var earlier []byte
	for n := 1; n < 100; n++ {
		earlier = nth(n).AppendTo(earlier)
	}
	got := recalled(t, earlier, nth(100))
	if len(got) != 41 || got[0] != nth(1) || got[1] != nth(61) || got[40] != nth(100) {
		t.Errorf("%d attempts are kept: %v", len(got), got)
	}
}

func TestAnAttemptIsToldOnce(t *testing.T) {
	earlier := nth(2).AppendTo(nth(1).AppendTo(nil))
	if again := nth(2).AppendTo(earlier); !bytes.Equal(again, earlier) {
		t.Errorf("added again: %v", recalled(t, again, nth(3)))
	}
	if got := recalled(t, earlier, nth(2)); !slices.Equal(got, []Attempt{nth(1), nth(2)}) {
		t.Errorf("the last is there twice: %v", got)
	}
}

func TestADamagedTrailBeginsAnew(t *testing.T) {
	damaged := []byte{0xff}
	r := Record{Job: Job{Attempts: 1}}
	if err := r.Recall(damaged); err == nil {
		t.Error("it was read all the same")
	}
	if got := recalled(t, nth(2).AppendTo(damaged), nth(3)); !slices.Equal(got, []Attempt{nth(2), nth(3)}) {
		t.Errorf("%v", got)
	}
}

func FuzzDecodeTrail(f *testing.F) {
	f.Add(nth(3).AppendTo(nth(1).AppendTo(nil)))
	f.Add([]byte{})
	f.Add([]byte{0x80})
	f.Add(bytes.Repeat([]byte{0xff}, 60))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decodeTrail(data)
		if err != nil {
			return
		}
		for i := range all {
			if i > 0 && all[i].N <= all[i-1].N {
				t.Fatalf("numbers do not rise: %v", all)
			}
		}
		again, err := decodeTrail(encodeTrail(all))
		if err != nil || !reflect.DeepEqual(again, all) {
			t.Fatalf("%v became %v, %v", all, again, err)
		}
	})
}
