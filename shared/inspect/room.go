package inspect

import (
	"encoding/json"

	"github.com/memhooks/memhooks/shared/delivery"
)

// What an answer holds at most, in bytes of JSON: together they stay below what
// any cloud lets an answer have.
const (
	mostContent = 1 << 20   // of bodies, or of grains' fields
	mostRecords = 512 << 10 // of deliveries with their attempts
)

// room is what is left of a bound.
type room int

// takes takes that many bytes where there are as many.
func (r *room) takes(n int) bool {
	if n > int(*r) {
		return false
	}
	*r -= room(n)
	return true
}

// fit leaves out what there is no room for. The newest deliveries of all hooks
// come first, then those before them.
func (s *Story) fit() {
	content, records := room(mostContent), room(mostRecords)
	for n := range repeated {
		for i := range s.Hooks {
			p := &s.Hooks[i]
			if n == 0 && !content.takes(len(p.Body)) {
				p.Body, p.Cut = nil, true
			}
			if n >= len(p.Deliveries) {
				continue
			}
			d := &p.Deliveries[n]
			if !records.takes(written(&d.Record)) {
				p.Deliveries, p.Cut = p.Deliveries[:n], true
				continue
			}
			if !content.takes(len(d.Body)) {
				d.Body, p.Cut = nil, true
			}
		}
	}
	for i := range s.Hooks {
		s.Truncated = s.Truncated || s.Hooks[i].Cut
	}
}

// written is about how long a delivery with its attempts is, at most.
func written(r *delivery.Record) int {
	n := 1024 + 2*(len(r.Error)+len(r.Reason))
	for i := range r.Trail {
		n += 128 + 2*len(r.Trail[i].Error)
	}
	return n
}

// fit leaves out the fields that there is no room for: those of the version
// that was asked for come first, then the newest.
func (h *History) fit(asked string) error {
	left := room(mostContent)
	for _, first := range [...]bool{true, false} {
		for i := range h.Versions {
			v := &h.Versions[i]
			if v.Fields == nil || (v.Hash == asked) != first {
				continue
			}
			var n length
			enc := json.NewEncoder(&n)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v.Fields); err != nil {
				return err
			}
			if !left.takes(int(n)) {
				v.Fields, v.Cut, h.Truncated = nil, true, true
			}
		}
	}
	return nil
}

// length counts what is written to it.
type length int

func (l *length) Write(p []byte) (int, error) {
	*l += length(len(p))
	return len(p), nil
}
