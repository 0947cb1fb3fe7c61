package wire

import (
	"cmp"
	"math"
	"strings"
)

// JavaScript lists an object's array indices first, ascending, whatever order
// they were written in, then the other keys in the order they were written.

// arrayIndex reads key as an array index: "0", or decimal digits without a
// leading zero, below 2^32-1.
func arrayIndex(key string) (index uint64, ok bool) {
	if len(key) == 0 || len(key) > len("4294967294") || key[0] == '0' && len(key) > 1 {
		return 0, false
	}
	for i := range len(key) {
		c := key[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		index = index*10 + uint64(c-'0')
	}
	return index, index < math.MaxUint32
}

// compareIndices puts array indices ascending before all other keys, which it
// holds equal among each other.
func compareIndices(a, b string) int {
	i, aIs := arrayIndex(a)
	j, bIs := arrayIndex(b)
	switch {
	case aIs && bIs:
		return cmp.Compare(i, j)
	case aIs:
		return -1
	case bIs:
		return 1
	}
	return 0
}

// compareMembers orders an Object's members when sorted stably.
func compareMembers(a, b Member) int { return compareIndices(a.Key, b.Key) }

// compareKeys orders a map's keys: indices first, the others by their bytes.
func compareKeys(a, b string) int {
	if c := compareIndices(a, b); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// repeated returns the place of the first member whose key an earlier one has,
// -1 where there is none.
func repeated(o Object) int {
	if len(o) > 24 {
		seen := make(map[string]bool, len(o))
		for i := range o {
			if seen[o[i].Key] {
				return i
			}
			seen[o[i].Key] = true
		}
		return -1
	}
	for i := range o {
		for j := range i {
			if o[i].Key == o[j].Key {
				return i
			}
		}
	}
	return -1
}
