package embedded

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func TestABatchIsReadAsItWasWritten(t *testing.T) {
	batch := []success{
		{1, 200, 1_700_000_000_000, 3 * time.Millisecond}, {2, 204, 1_699_999_999_000, 0}, {1 << 40, 299, 0, time.Hour},
	}
	got, err := decodeBatch(encodeBatch(batch))
	if err != nil || !slices.Equal(got, batch) {
		t.Errorf("%v, %v", got, err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(encodeBatch([]success{{1, 200, 1_700_000_000_000, time.Millisecond}, {9, 201, 1_700_000_000_001, 0}}))
	f.Add([]byte{})
	f.Add([]byte{0x80})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, err := decodeBatch(data)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(batch, func(a, b success) int { return int(min(max(a.seq-b.seq, -1), 1)) }) {
			t.Fatalf("seqs do not rise: %v", batch)
		}
		again, err := decodeBatch(encodeBatch(batch))
		if err != nil || !slices.Equal(again, batch) {
			t.Fatalf("%v became %v, %v", batch, again, err)
		}
	})
}
