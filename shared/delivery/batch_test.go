package delivery

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func TestABatchIsReadAsItWasWritten(t *testing.T) {
	batch := []Success{
		{1, 200, 1_700_000_000_000, 3 * time.Millisecond}, {2, 204, 1_699_999_999_000, 0}, {1 << 40, 299, 0, time.Hour},
	}
	got, err := DecodeBatch(EncodeBatch(batch))
	if err != nil || !slices.Equal(got, batch) {
		t.Errorf("%v, %v", got, err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(EncodeBatch([]Success{{1, 200, 1_700_000_000_000, time.Millisecond}, {9, 201, 1_700_000_000_001, 0}}))
	f.Add([]byte{})
	f.Add([]byte{0x80})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, err := DecodeBatch(data)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(batch, func(a, b Success) int { return int(min(max(a.Seq-b.Seq, -1), 1)) }) {
			t.Fatalf("seqs do not rise: %v", batch)
		}
		again, err := DecodeBatch(EncodeBatch(batch))
		if err != nil || !slices.Equal(again, batch) {
			t.Fatalf("%v became %v, %v", batch, again, err)
		}
	})
}
