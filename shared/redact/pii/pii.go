// Package pii finds personal data and secrets in text: addresses, numbers and
// names that identify a person, and keys that open something. It knows shapes
// and labels, not the world: a name is found where a title or a label announces
// it, a number where its check digits or its grouping give it away.
//
// The detectors are the rows of one table (detectors.go); finding is one walk
// over the text, at each position trying only the rows that can start there, on
// a bounded window, so the time is linear in the text, hostile text included.
package pii

import (
	"cmp"
	"slices"
)

// Detection is one find. Start and End are offsets in UTF-8 bytes into the text
// as it was given, End excluded, both on rune boundaries. Confidence is above 0
// and at most 1. For data found by a label ("DOB 1955-03-15") the span is the
// data alone.
type Detection struct {
	Type       string  `json:"type"`
	Start      int     `json:"start"`
	End        int     `json:"end"`
	Confidence float64 `json:"confidence"`
}

// Detect returns what it finds in text, ordered by Start and without overlaps:
// of two that overlap the more confident stays, then the longer, then the
// earlier. It never returns nil. The text is compared in Unicode's NFKC form
// without invisible characters, so full-width digits or a zero-width space
// hide nothing. A value of exactly 64 hex digits is a hash and never reported.
func Detect(text string) []Detection {
	f := fold(text)
	found := compiled().scan(f.text)
	for i, d := range found {
		found[i].Start, found[i].End = f.start(d.Start), f.end(d.End)
	}
	return withoutOverlaps(found, len(text))
}

// withoutOverlaps keeps the stronger of any two that share a byte of a text of
// size bytes. The rows' finds don't overlap among themselves, so the marking
// costs at most rows × size.
func withoutOverlaps(found []Detection, size int) []Detection {
	kept := []Detection{}
	if len(found) == 0 {
		return kept
	}
	slices.SortFunc(found, func(a, b Detection) int {
		return cmp.Or(
			cmp.Compare(b.Confidence, a.Confidence),
			cmp.Compare(b.End-b.Start, a.End-a.Start),
			cmp.Compare(a.Start, b.Start),
			cmp.Compare(a.Type, b.Type),
		)
	})
	taken := make([]bool, size)
	for _, d := range found {
		span := taken[d.Start:d.End]
		if slices.Contains(span, true) {
			continue
		}
		for i := range span {
			span[i] = true
		}
		kept = append(kept, d)
	}
	slices.SortFunc(kept, func(a, b Detection) int { return cmp.Compare(a.Start, b.Start) })
	return kept
}
