package embedded

import (
	"encoding/binary"
	"errors"
	"time"
)

// success is a delivery that its first attempt ended.
type success struct {
	seq  int64
	code int
	at   int64 // when the attempt ended, epoch milliseconds
	took time.Duration
}

var errBatch = errors.New("a batch of deliveries is damaged")

// encodeBatch writes successes, which are in the order of their seq: the
// distance to the seq before, the code, the distance to the time before, and
// the microseconds it took, all varints.
func encodeBatch(batch []success) []byte {
	out := make([]byte, 0, 8+8*len(batch))
	var seq, at int64
	for _, s := range batch {
		out = binary.AppendUvarint(out, uint64(s.seq-seq))
		out = binary.AppendUvarint(out, uint64(s.code))
		out = binary.AppendVarint(out, s.at-at)
		out = binary.AppendUvarint(out, uint64(max(s.took, 0).Microseconds()))
		seq, at = s.seq, s.at
	}
	return out
}

// decodeBatch reads what encodeBatch wrote.
func decodeBatch(data []byte) ([]success, error) {
	batch := make([]success, 0, len(data)/4)
	var seq, at int64
	for len(data) > 0 {
		var step, code, took uint64
		var later int64
		for _, into := range [...]*uint64{&step, &code} {
			n := 0
			if *into, n = binary.Uvarint(data); n <= 0 {
				return nil, errBatch
			}
			data = data[n:]
		}
		n := 0
		if later, n = binary.Varint(data); n <= 0 {
			return nil, errBatch
		}
		data = data[n:]
		if took, n = binary.Uvarint(data); n <= 0 {
			return nil, errBatch
		}
		data = data[n:]
		if step == 0 || step > 1<<62 || seq+int64(step) < seq || code > 999 || took > 1<<40 {
			return nil, errBatch
		}
		seq, at = seq+int64(step), at+later
		batch = append(batch, success{seq, int(code), at, time.Duration(took) * time.Microsecond})
	}
	return batch, nil
}
