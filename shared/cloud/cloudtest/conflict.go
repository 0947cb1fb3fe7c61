package cloudtest

import (
	"bytes"
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var conflictRules = []Rule{
	{"conflict/moved", "the lineage's current grain is another, or it is gone", conflictMoved},
	{"conflict/gone", "the lineage's current grain is another, or it is gone", conflictGone},
	{"conflict/absent", "Exactly one of its forms is meant", conflictAbsent},
	{"conflict/name taken", "the memory-set key belongs to another lineage", conflictName},
	{"conflict/one name at once", "the memory-set key belongs to another lineage", conflictNameRace},
	{"conflict/hash taken", "or the hash to another grain", conflictHash},
	{"conflict/key gone", "the sealing key was destroyed: seal again under a new one", conflictKey},
	{"conflict/no memory", "the memory itself is not there", conflictMemory},
	{"conflict/shows what stands there", "what stands there; zero where nothing does", conflictShows},
}

func conflictMoved(b *bench) {
	a := b.add("a")
	next := b.supersede(a, "a2")
	before := b.bounds()
	_, err := b.commit(b.replacing(a.Hash, b.after(a, "stale")))
	b.conflict("superseding a superseded grain", err, 0, store.Moved)
	_, err = b.commit(b.forgetting(a))
	b.conflict("forgetting by a superseded grain", err, 0, store.Moved)
	b.quiet("two refused writes", before)
	b.same("a scan", b.stands(store.Filter{}), next)
}

func conflictGone(b *bench) {
	a := b.add("a")
	b.forget(a)
	before := b.bounds()
	_, err := b.commit(b.replacing(a.Hash, b.after(a, "late")))
	b.conflict("superseding a forgotten grain", err, 0, store.Moved)
	_, err = b.commit(b.forgetting(a))
	b.conflict("forgetting a forgotten grain", err, 0, store.Moved)
	b.quiet("two refused writes", before)
	b.same("a scan", b.stands(store.Filter{}))
}

func conflictAbsent(b *bench) {
	never := b.grain("never")
	_, err := b.commit(b.replacing(never.Hash, b.after(never, "next")))
	b.conflict("superseding what never was", err, 0, store.Moved)
	_, err = b.commit(b.forgetting(never))
	b.conflict("forgetting what never was", err, 0, store.Moved)
	a := b.add("a")
	b.supersede(a, "a2")
	_, err = b.commit(b.adding(a))
	b.conflict("adding a superseded grain", err, 0, store.Moved, store.Taken)
	b.want(len(b.entries()) == 2, "three refused writes left %d entries behind 2", len(b.entries())-2)
}

func conflictName(b *bench) {
	a := b.add("a", called("color"))
	before := b.bounds()
	_, err := b.commit(b.adding(b.grain("b", called("color"))))
	c := b.conflict("a second lineage with the same name", err, 0, store.Taken)
	b.want(c.Current.Hash == a.Hash, "the conflict shows grain %.8s, the name's is %.8s", c.Current.Hash, a.Hash)
	b.quiet("a refused write", before)
	a2 := b.supersede(a, "a2", called("color"))
	b.forget(a2)
	b.add("b", called("color"))
	got := b.load("a name that was free again", store.Ref{Name: blind("color")})
	b.want(got.Hash == hash("b"), "a name that was free again leads to %.8s", got.Hash)
}

func conflictNameRace(b *bench) {
	const writers = 8
	steps := make([]store.Step, writers)
	for i := range steps {
		steps[i] = b.adding(b.grain(fmt.Sprint("by ", i), called("color")))
	}
	errs := side(writers, func(i int) error { _, err := b.commit(steps[i]); return err })
	b.want(succeeded(errs) == 1, "%d of %d lineages got one name", succeeded(errs), writers)
	b.want(len(b.stands(store.Filter{Named: true})) == 1, "one name stands %d times", len(b.stands(store.Filter{Named: true})))
}

func conflictHash(b *bench) {
	a, other := b.add("a"), b.add("other")
	before := b.bounds()
	_, err := b.commit(b.replacing(a.Hash, b.after(a, "other")))
	c := b.conflict("superseding by another lineage's grain", err, 0, store.Taken)
	b.want(c.Current.Hash == other.Hash, "the conflict shows grain %.8s, there stands %.8s", c.Current.Hash, other.Hash)
	b.quiet("a refused write", before)
	b.same("a scan", b.stands(store.Filter{}), a, other)
}

func conflictKey(b *bench) {
	a := b.add("a", about("ann"))
	b.destroy(seal.Selector{Person: "ann"})
	before := b.bounds()
	_, err := b.commit(b.adding(b.grain("b", about("ann"), under(a.KeyID))))
	b.conflict("a write under a destroyed key", err, 0, store.KeyGone)
	keep := b.add("keep")
	_, err = b.commit(b.adding(b.grain("c")), b.replacing(keep.Hash, b.after(keep, "keep2", under(a.KeyID))))
	b.conflict("a second step under a destroyed key", err, 1, store.KeyGone)
	b.idle()
	b.want(b.bounds().Head == before.Head+1, "two refused writes raised %d changes", b.bounds().Head-before.Head-1)
	b.crash()
	_, err = b.commit(b.adding(b.grain("b", about("ann"), under(a.KeyID))))
	b.conflict("a write under a destroyed key after a restart", err, 0, store.KeyGone)
	b.same("a scan", b.stands(store.Filter{}), keep)
}

func conflictMemory(b *bench) {
	a := b.grain("a")
	nowhere := &bench{b.session, change.Memory{Tenant: b.mem.Tenant, ID: "nowhere"}}
	_, err := nowhere.commit(b.adding(a))
	b.conflict("a write to a memory that is not there", err, 0, store.NoMemory)
	stranger := &bench{b.session, change.Memory{Tenant: "stranger", ID: b.mem.ID}}
	_, err = stranger.commit(b.adding(a))
	b.conflict("a write to a tenant that is not there", err, 0, store.NoMemory)
}

func conflictShows(b *bench) {
	a := b.add("a", about("ann"), spaced("work"), called("color"))
	next := b.supersede(a, "a2")
	_, err := b.commit(b.replacing(a.Hash, b.after(a, "stale")))
	got := b.conflict("superseding a superseded grain", err, 0, store.Moved).Current
	b.want(got.Hash == next.Hash && got.Lineage == a.Hash && got.Version == 2 && got.Person == "ann",
		"the conflict shows %.8s version %d of %q, there stands %.8s version 2", got.Hash, got.Version, got.Person, next.Hash)
	b.want(bytes.Equal(got.Box, next.Box), "the conflict shows another box than stands there")
	_, err = b.commit(b.forgetting(b.grain("never")))
	none := b.conflict("forgetting what never was", err, 0, store.Moved).Current
	b.want(none.Hash == "" && none.Box == nil, "the conflict shows grain %.8s where nothing stands", none.Hash)
}
