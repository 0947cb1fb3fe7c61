// Package change is what a committed write looks like, whichever database said
// so. Everything that can happen to a memory travels the road as a Change.
package change

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/memhooks/memhooks/events"
)

// Memory names one memory instance of one tenant.
type Memory struct{ Tenant, ID string }

// Change is one committed fact. It holds identifiers and metadata only: what
// was said is read from the store when it is sent, or lies sealed in Content
// where the store does not keep it (a recall's query, a forgotten grain's tags).
type Change struct {
	ID          string // 26 characters; the event id without its prefix
	Memory      Memory
	Cause       events.Cause
	At          int64  // commit time, epoch milliseconds
	Lineage     string // hash of the lineage's first grain; "" where there is none
	Hash        string // the grain that the event is about
	Superseded  string // the hash that Hash replaces
	GrainType   string
	Namespace   string
	UserID      string
	ScopePath   string
	CreatedAt   int64  // of the lineage's first grain, epoch milliseconds
	Count       int    // erased: lineages; recalled: hits
	Fingerprint string // erased: proof of the destroyed keys
	KeyID       string // rotated: the new generation
	Content     []byte // sealed; nil where nothing is kept
	Seq         int64  // its place in the log, where whoever tells it knows it, else 0; not stored with it
}

// EventID is the id that every hook and every attempt sees.
func (c Change) EventID() string { return "evt_" + c.ID }

// Group is what keeps order: changes of one group reach a hook in the order of
// their seq, different groups do not wait for each other.
func (c Change) Group() string {
	if c.Lineage != "" {
		return c.Lineage
	}
	return c.ID
}

// IDDigits is how many hex digits of a lineage's hash its REM memory id shows,
// behind its prefix.
const IDDigits = 32

// MemoryID is the REM name of a lineage: a prefix of its first grain's hash, so
// that no index is needed. It is empty for an empty lineage.
func MemoryID(lineage string) string {
	if len(lineage) < IDDigits {
		return ""
	}
	return idPrefix + lineage[:IDDigits]
}

// LineagePrefix is the hash prefix that a REM memory id stands for, false where
// the id does not have the form of one.
func LineagePrefix(id string) (string, bool) {
	p, ok := strings.CutPrefix(id, idPrefix)
	if !ok || len(p) != IDDigits || strings.Trim(p, "0123456789abcdef") != "" {
		return "", false
	}
	return p, true
}

const idPrefix = "mem_"

// View is a grain's content as filters see it. It lives only in memory, beside
// its change, and is never stored. Nil means that there is no content.
type View map[string]any

// Draw is where a request takes its time and its randomness from: one value
// per request, so that a repeated request can be given the same draw and ends
// with the same ids.
type Draw struct {
	At   time.Time
	Rand io.Reader
}

// NewDraw is the draw of an ordinary request.
func NewDraw(now time.Time) Draw { return Draw{At: now, Rand: rand.Reader} }

// Repeat is a draw whose first ID is one that was drawn before, at that one's
// time.
func Repeat(id string) (Draw, error) {
	was, err := ulid.ParseStrict(id)
	if err != nil {
		return Draw{}, fmt.Errorf("repeat %q: %w", id, err)
	}
	return Draw{At: was.Timestamp(), Rand: io.MultiReader(bytes.NewReader(was.Entropy()), rand.Reader)}, nil
}

// ID draws a 26-character identifier that sorts by time. An unreadable source
// of randomness is a defect of the machine and panics nowhere: the standard
// source never fails, and seeded ones are endless.
func (d Draw) ID() string {
	id, err := ulid.New(uint64(d.At.UnixMilli()), d.Rand)
	if err != nil {
		return ulid.Make().String()
	}
	return id.String()
}

// Bytes draws n random bytes.
func (d Draw) Bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(d.Rand, b)
	return b, err
}

// Split draws an independent draw, so that parts of a request can run side by
// side and still end with the same ids when it is repeated.
func (d Draw) Split() Draw {
	var seed [32]byte
	if _, err := io.ReadFull(d.Rand, seed[:]); err != nil {
		return NewDraw(d.At)
	}
	return Seeded(d.At, seed)
}

// Seeded is a draw whose ids and bytes are decided by a seed.
func Seeded(at time.Time, seed [32]byte) Draw {
	return Draw{At: at, Rand: mathrand.NewChaCha8(seed)}
}
