package sealtest

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// Random returns bytes that are the same for equal seeds, safe for concurrent
// use. Nothing for anything but tests.
func Random(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &random{from: rand.NewChaCha8(key)}
}

type random struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(p)
}

// Wrapper wraps under a fixed master key and counts the calls.
type Wrapper struct {
	master         *localmaster.Master
	wraps, unwraps atomic.Int64
}

// NewWrapper makes a wrapper; all of them open what any of them wrapped.
func NewWrapper() *Wrapper {
	master, err := localmaster.Open("", strings.Repeat("5e", 32), Random(0x5ea1))
	if err != nil {
		panic(err) // the constant above is no key
	}
	return &Wrapper{master: master}
}

// Wrap is the port's.
func (w *Wrapper) Wrap(ctx context.Context, about map[string]string, raw []byte) ([]byte, error) {
	w.wraps.Add(1)
	return w.master.Wrap(ctx, about, raw)
}

// Unwrap is the port's.
func (w *Wrapper) Unwrap(ctx context.Context, about map[string]string, wrapped []byte) ([]byte, error) {
	w.unwraps.Add(1)
	return w.master.Unwrap(ctx, about, wrapped)
}

// Calls returns how often Wrap and Unwrap were called.
func (w *Wrapper) Calls() (wraps, unwraps int) {
	return int(w.wraps.Load()), int(w.unwraps.Load())
}

// Config returns a Sealer's settings over a store in memory, with randomness
// of a seed. now may be nil for a clock that stands still.
func Config(store *Store, seed uint64, now func() time.Time) seal.Config {
	if now == nil {
		now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	}
	return seal.Config{Keys: store, Cells: store, Wrapper: NewWrapper(), Random: Random(seed), Now: now}
}
