package delivery

import (
	"encoding/binary"
	"errors"
	"time"
)

// Success is a delivery that its first attempt ended.
type Success struct {
	Seq  int64
	Code int
	At   int64 // when the attempt ended, epoch milliseconds
	Took time.Duration
}

var errBatch = errors.New("a batch of deliveries is damaged: restore the store from a sound copy")

// EncodeBatch writes successes, which are in the order of their seq: the
// distance to the seq before, the code, the distance to the time before, and
// the microseconds it took, all varints.
func EncodeBatch(batch []Success) []byte {
	out := make([]byte, 0, 8+8*len(batch))
	var seq, at int64
	for _, s := range batch {
		out = binary.AppendUvarint(out, uint64(s.Seq-seq))
		out = binary.AppendUvarint(out, uint64(s.Code))
		out = binary.AppendVarint(out, s.At-at)
		out = binary.AppendUvarint(out, uint64(max(s.Took, 0).Microseconds()))
		seq, at = s.Seq, s.At
	}
	return out
}

// DecodeBatch reads what EncodeBatch wrote, and fails on anything else.
func DecodeBatch(data []byte) ([]Success, error) {
	batch := make([]Success, 0, len(data)/4)
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
		batch = append(batch, Success{seq, int(code), at, time.Duration(took) * time.Microsecond})
	}
	return batch, nil
}

// Record is the success as the ledger shows it, but for its log entry.
func (s Success) Record(hook string) Record {
	began := s.At - s.Took.Milliseconds()
	r := Record{Job: Job{Hook: hook, Attempts: 1, FirstAt: began}, Status: StatusDelivered, Code: s.Code, FirstAt: began, LastAt: s.At, Took: s.Took}
	r.Job.Entry.Seq = s.Seq
	return r
}
