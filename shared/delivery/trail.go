package delivery

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Attempt is one attempt of a delivery that was recorded.
type Attempt struct {
	N     int   // from 1 on
	At    int64 // when it ended, epoch milliseconds
	Took  time.Duration
	Code  int    // of the answer; 0 where there was none
	Error string // as of Outcome; "" on success
}

// maxEarlier is how many attempts are kept beside the last: the first, and the
// newest of the others. Settings allow 20 retries.
const maxEarlier = 40

var errTrail = errors.New("a trail of attempts is damaged: restore the store from a sound copy")

// AppendTo adds an attempt to the earlier ones, which are what AppendTo returned
// for the one before, nil at first. A store keeps them so beside a delivery's
// last attempt, and adds that when the next has ended. What is there from the
// attempt's number on is replaced: adding twice is harmless. What is damaged
// begins anew, so that it stands in no later attempt's way.
func (a Attempt) AppendTo(earlier []byte) []byte {
	all, err := decodeTrail(earlier)
	if err != nil {
		all = nil
	}
	all = append(until(all, a.N), a)
	if len(all) > maxEarlier {
		all = append(all[:1], all[len(all)-maxEarlier+1:]...)
	}
	return encodeTrail(all)
}

// until are the attempts below a number.
func until(all []Attempt, n int) []Attempt {
	for len(all) > 0 && all[len(all)-1].N >= n {
		all = all[:len(all)-1]
	}
	return all
}

// Recall fills the record's Trail: the earlier attempts, as AppendTo returned
// them, and the last, which the record itself tells.
func (r *Record) Recall(earlier []byte) error {
	r.Trail = nil
	if r.Job.Attempts == 0 {
		return nil
	}
	all, err := decodeTrail(earlier)
	r.Trail = append(until(all, r.Job.Attempts), Attempt{N: r.Job.Attempts, At: r.LastAt, Took: r.Took, Code: r.Code, Error: r.Error})
	return err
}

// encodeTrail writes attempts, whose numbers rise: the distance to the number
// before, the code, the distance to the time before, the microseconds it took
// and the error's length, all varints, and the error.
func encodeTrail(all []Attempt) []byte {
	var out []byte
	var last Attempt
	for _, a := range all {
		for _, n := range [...]int64{int64(a.N - last.N), int64(a.Code), a.At - last.At, max(a.Took, 0).Microseconds(), int64(len(a.Error))} {
			out = binary.AppendVarint(out, n)
		}
		out = append(out, a.Error...)
		last = a
	}
	return out
}

// decodeTrail reads what encodeTrail wrote, and fails on anything else.
func decodeTrail(data []byte) ([]Attempt, error) {
	var all []Attempt
	var last Attempt
	for len(data) > 0 {
		var step, code, later, took, length int64
		for _, into := range [...]*int64{&step, &code, &later, &took, &length} {
			n := 0
			if *into, n = binary.Varint(data); n <= 0 {
				return nil, errTrail
			}
			data = data[n:]
		}
		if step < 1 || step > math.MaxInt32-int64(last.N) || code < 0 || code > 999 || took < 0 || took > 1<<40 || length < 0 || length > int64(len(data)) {
			return nil, errTrail
		}
		last = Attempt{
			N: last.N + int(step), At: last.At + later, Took: time.Duration(took) * time.Microsecond, Code: int(code), Error: string(data[:length]),
		}
		data = data[length:]
		all = append(all, last)
	}
	return all, nil
}
