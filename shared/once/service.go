package once

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// KeptFor is how long a key stands for its first answer.
const KeptFor = 24 * time.Hour

const (
	running = 60 * time.Second // how long work is waited for before it counts as dead
	maxKey  = 255              // characters
)

// What Receipt.Status says besides an HTTP status. Claimed: the work is not
// done. Broken: it failed on our side or its process died, so a repetition of
// the same body takes it over and ends with the same ids. An adapter that can
// tell that nobody works on a claim any more may answer it as Broken.
const (
	Claimed = 0
	Broken  = -2
)

const (
	done     = 1
	released = -1 // the request was refused, the key is free
)

// NewSeed makes the seed of a draw: its time in the first eight bytes, chance
// in the others. It fails where random does.
func NewSeed(at time.Time, random io.Reader) (seed [32]byte, err error) {
	binary.BigEndian.PutUint64(seed[:8], uint64(at.UnixMilli()))
	_, err = io.ReadFull(random, seed[8:])
	return seed, err
}

// Time is the time of the draw that the receipt's seed stands for. It stays
// when a later repetition takes the work over.
func (r Receipt) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(r.Seed[:8])))
}

// Done says that the work has an answer.
func (r Receipt) Done() bool { return r.Status >= done }

// Service keeps the promise of an idempotency key. It is safe for concurrent
// use.
type Service struct{ receipts Receipts }

// New makes a Service.
func New(receipts Receipts) *Service { return &Service{receipts} }

// Begin claims want.Key. Where the receipt that comes back is Done, its answer
// is to be told again; else the work is the caller's, with the draw of that
// receipt, and ends with Finish, Release or Break.
//
// It is refused with fault.InvalidField for a key that is not 1 to 255 visible
// ASCII characters, and with fault.Conflict where the key stands for another
// body or the work is still running. Work that has not ended after a minute
// counts as dead and is taken over, with its seed.
func (s *Service) Begin(ctx context.Context, want Receipt) (Receipt, error) {
	if !visible(want.Key) {
		return Receipt{}, fault.New(fault.InvalidField, "Idempotency-Key must be 1 to %d visible ASCII characters", maxKey)
	}
	since := want.At - KeptFor.Milliseconds()
	for {
		have, mine, err := s.receipts.Claim(ctx, want, since)
		if err != nil || mine || have.Done() && have.Body == want.Body {
			return have, err
		}
		if err := refuse(have, want); err != nil {
			return Receipt{}, err
		}
		if have.Body == want.Body && have.Status != released {
			want.Seed = have.Seed
		}
		want.At = max(want.At, have.At+1)
		since = have.At + 1
	}
}

// refuse says why a receipt that stands can't be taken over, nil where it can.
func refuse(have, want Receipt) error {
	switch {
	case have.Status == released || have.Status == Broken && have.Body == want.Body:
		return nil
	case have.Body != want.Body:
		return fault.New(fault.Conflict, "this Idempotency-Key was used for another request: use a new key for a new request")
	case want.At-have.At < running.Milliseconds():
		return fault.New(fault.Conflict, "a request with this Idempotency-Key is still running: try again in a few seconds")
	}
	return nil
}

// Finish keeps the answer, which must hold neither content nor raw keys.
func (s *Service) Finish(ctx context.Context, r Receipt, status int, answer []byte) error {
	r.Status, r.Answer = status, answer
	return s.receipts.Finish(ctx, r)
}

// Release frees a key whose request was refused and changed nothing.
func (s *Service) Release(ctx context.Context, r Receipt) error {
	return s.Finish(ctx, r, released, nil)
}

// Break frees a key whose request failed on our side, perhaps half-way.
func (s *Service) Break(ctx context.Context, r Receipt) error {
	return s.Finish(ctx, r, Broken, nil)
}

func visible(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}
