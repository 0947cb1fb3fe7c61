package aws

import (
	"encoding/binary"

	"github.com/oklog/ulid/v2"

	"github.com/memhooks/memhooks/shared/feed"
)

// unpacker takes apart what a chunk holds. Where less is left than is asked for
// it gives zero values from then on and is short.
type unpacker struct {
	data  []byte
	short bool
}

func (r *unpacker) fail() { r.data, r.short = nil, true }

func (r *unpacker) next(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail()
		return nil
	}
	out := r.data[:n:n]
	r.data = r.data[n:]
	return out
}

func (r *unpacker) length() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *unpacker) number() int64 {
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return n
}

// count is how many things follow that take so many bytes each at least.
func (r *unpacker) count(least uint64) uint64 {
	n := r.length()
	if n > uint64(len(r.data))/least {
		r.fail()
		return 0
	}
	return n
}

func (r *unpacker) text() string { return string(r.next(r.length())) }

func (r *unpacker) id() string {
	n := r.length()
	if n > 0 {
		return string(r.next(n - 1))
	}
	var u ulid.ULID
	if copy(u[:], r.next(uint64(len(u)))) < len(u) {
		return ""
	}
	return u.String()
}

// matches reads those of one entry; seen is what each hook saw last.
func (r *unpacker) matches(seq int64, hooks []string, seen []int64) []feed.Match {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	all := make([]feed.Match, n)
	for i := range all {
		place := r.length()
		if r.short || place >= uint64(len(hooks)) {
			r.fail()
			return nil
		}
		all[i] = feed.Match{Hook: hooks[place], Prev: seen[place] + r.number()}
		seen[place] = seq
	}
	return all
}
