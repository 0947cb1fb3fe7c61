package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var indexRules = []Rule{
	{"index/finds any and all", "Find returns current grains that hold at least one of any and all of must", indexFinds},
	{"index/holds current grains only", "Put indexes grains that are still current; others are passed over.", indexCurrent},
	{"index/knows what it does not hold", "Pending returns current grains that the index does not hold yet, at most limit, oldest first.", indexPending},
	{"index/describes itself", "Docs and Frequency describe the index of that memory", indexDescribes},
	{"index/erased is found no more", "the grains' lineages are gone with their boxes and search entries", indexErased},
}

// index puts grains' words into the index.
func (b *bench) index(grains []store.Stored, words ...string) {
	docs := make([]store.Document, len(grains))
	for i, s := range grains {
		docs[i] = store.Document{Memory: b.mem, Hash: s.Hash, Terms: terms(words...)}
	}
	b.done("indexing", b.Index.Put(b.ctx, docs))
}

// terms are blind words as the core makes them: short hex texts.
func terms(words ...string) []string {
	var out []string
	for _, w := range words {
		out = append(out, hash("term " + w)[:16])
	}
	return out
}

func (b *bench) find(anyOf, must []string, limit int) store.Found {
	found, err := b.Index.Find(b.ctx, b.mem, terms(anyOf...), terms(must...), limit)
	b.done("a search", err)
	return found
}

func (b *bench) finds(what string, found store.Found, wanted ...store.Stored) {
	hashes := map[string]bool{}
	for _, g := range found.Grains {
		b.want(!hashes[g.Hash], "%s found one grain twice", what)
		hashes[g.Hash] = true
	}
	b.same(what, hashes, wanted...)
}

func indexFinds(b *bench) {
	red, blue, both := b.add("red"), b.add("blue"), b.add("both")
	b.index([]store.Stored{red}, "red", "tea")
	b.index([]store.Stored{blue}, "blue", "tea")
	b.index([]store.Stored{both}, "red", "blue")
	for range 2 {
		b.finds("any of red", b.find([]string{"red"}, nil, 10), red, both)
		b.finds("any of red and blue", b.find([]string{"red", "blue"}, nil, 10), red, blue, both)
		b.finds("any of red, must tea", b.find([]string{"red"}, []string{"tea"}, 10), red)
		b.finds("any of red and blue, must red and blue", b.find([]string{"red", "blue"}, []string{"red", "blue"}, 10), both)
		b.finds("any of green", b.find([]string{"green"}, nil, 10))
		b.want(len(b.find([]string{"red", "blue"}, nil, 2).Grains) <= 2, "a search for 2 grains found more")
		b.reopen()
	}
}

func indexCurrent(b *bench) {
	a, gone := b.add("a"), b.add("gone")
	b.index([]store.Stored{a, gone}, "red")
	next := b.supersede(a, "a2")
	b.forget(gone)
	b.finds("a search after a supersede and a forget", b.find([]string{"red"}, nil, 10))
	b.index([]store.Stored{a, gone, b.grain("never")}, "red")
	b.finds("a search after indexing what is not current", b.find([]string{"red"}, nil, 10))
	b.index([]store.Stored{next}, "red")
	found := b.find([]string{"red"}, nil, 10)
	b.finds("a search for a newer version", found, next)
	b.want(string(found.Grains[0].Box) == string(next.Box), "a search gave a grain without its box")
}

func indexPending(b *bench) {
	other := b.in("globex", "home")
	var all []store.Stored
	for i := range 5 {
		all = append(all, b.add(fmt.Sprint(i)))
	}
	foreign := other.add("elsewhere")
	pending := func(m change.Memory, limit int) []store.Located {
		found, err := b.Index.Pending(b.ctx, m, limit)
		b.done("listing what is not indexed", err)
		return found
	}
	first := pending(b.mem, 2)
	b.want(len(first) == 2 && first[0].Grain.Hash == all[0].Hash && first[1].Grain.Hash == all[1].Hash,
		"the oldest 2 of 5 grains were to be indexed, listed were %d others", len(first))
	b.want(len(pending(change.Memory{}, 100)) == 6, "6 grains of all memories were to be indexed, listed were %d", len(pending(change.Memory{}, 100)))
	b.index(all[:2], "red")
	b.forget(all[2])
	b.reopen()
	rest := pending(b.mem, 100)
	b.want(len(rest) == 2 && rest[0].Grain.Hash == all[3].Hash, "2 of 5 grains were still to be indexed, listed were %d", len(rest))
	b.index(all[3:], "blue")
	b.want(len(pending(b.mem, 100)) == 0, "%d grains are still to be indexed, there are none", len(pending(b.mem, 100)))
	left := pending(change.Memory{}, 100)
	b.want(len(left) == 1 && left[0].Memory == other.mem && left[0].Grain.Hash == foreign.Hash, "another memory's grain was to be indexed, listed were %d", len(left))
	newer := b.supersede(all[4], "newer")
	again := pending(b.mem, 100)
	b.want(len(again) == 1 && again[0].Grain.Hash == newer.Hash, "a newer version was to be indexed, listed were %d", len(again))
}

func indexDescribes(b *bench) {
	red, blue := b.add("red"), b.add("blue")
	b.index([]store.Stored{red}, "red", "tea")
	b.index([]store.Stored{blue}, "blue", "tea")
	other := b.in("acme", "other")
	other.index([]store.Stored{other.add("elsewhere")}, "tea")
	found := b.find([]string{"red", "tea"}, nil, 10)
	tea, word := terms("tea")[0], terms("red")[0]
	b.want(found.Docs == 2, "an index of 2 grains says that they are %d", found.Docs)
	b.want(found.Frequency[tea] >= 2 && found.Frequency[word] == 1, "tea stands in 2 grains and red in 1, the index says %d and %d", found.Frequency[tea], found.Frequency[word])
	b.want(!found.Cut, "a search that found everything says that it was cut")
	b.want(b.find([]string{"tea"}, nil, 1).Cut, "a search for 1 of 2 grains does not say that it was cut")
}

func indexErased(b *bench) {
	ann, bob := b.add("ann", about("ann")), b.add("bob", about("bob"))
	b.index([]store.Stored{ann, bob}, "red")
	b.destroy(seal.Selector{Person: "ann"})
	for range 2 {
		b.finds("a search after an erasure", b.find([]string{"red"}, nil, 10), bob)
		pending, err := b.Index.Pending(b.ctx, b.mem, 10)
		b.done("listing what is not indexed", err)
		b.want(len(pending) == 0, "%d erased grains are to be indexed", len(pending))
		b.crash()
	}
}
