package roadtest

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
)

// bites is how often the index is given what it does not hold, until it holds
// all.
const bites = 100

// checkRecalls: what stands is found by a word that all grains have and by its
// own, and nothing that was superseded, forgotten or erased is; before the index
// holds it all, and then.
func (r *run) checkRecalls() {
	r.checkFinds()
	for range bites {
		_, more, err := r.Memory.IndexSome(context.Background(), change.Memory{})
		if err != nil {
			r.found(1, "without faults the index is given nothing: %v", err)
		}
		if !more || err != nil {
			break
		}
	}
	r.checkFinds()
}

func (r *run) checkFinds() {
	for _, m := range r.memories {
		standing := map[*asked][]string{}
		var all []string
		for hash := range r.standingGrains(m) {
			if t := r.writers[hash]; t != nil {
				standing[t.by] = append(standing[t.by], hash)
			}
			all = append(all, hash)
		}
		for _, a := range r.calls {
			if a.memory == m && a.sentinel != "" {
				r.checkFound(m, a.sentinel, standing[a])
			}
		}
		r.checkFound(m, "tea", all)
	}
}

// standingGrains are the newest versions of the lineages that stand, as the log
// tells.
func (r *run) standingGrains(m change.Memory) map[string]bool {
	out := map[string]bool{}
	for _, e := range r.log[m] {
		switch c := e.Change; c.Cause {
		case events.Superseded:
			delete(out, c.Superseded)
			out[c.Hash] = true
		case events.Created:
			out[c.Hash] = true
		default:
			delete(out, c.Hash)
		}
	}
	return out
}

// checkFound holds what a word finds to what it has to.
func (r *run) checkFound(m change.Memory, word string, want []string) {
	hits, err := r.Memory.Search(context.Background(), m, memory.Query{Text: word})
	var got []string
	for _, h := range hits.Hits {
		got = append(got, h.Hash)
	}
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		r.found(1, "a recall of %q finds %v, what stands is %v, %v", word, got, want, err)
	}
}
