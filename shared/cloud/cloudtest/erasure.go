package cloudtest

import (
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var erasureRules = []Rule{
	{"erase/destroyed keys stay known", "a destroyed one as Destroyed with no Wrapped, never as absent", eraseKeys},
	{"erase/plan sees a person's", "it gets the live keys that the selector covers and the current grains that were sealed under them", erasePerson},
	{"erase/plan sees a scope's", "it gets the live keys that the selector covers and the current grains that were sealed under them", eraseScope},
	{"erase/takes lineages and boxes", "the grains' lineages are gone with their boxes and search entries", eraseGone},
	{"erase/tells what was planned", "gives the changes to raise", eraseTells},
	{"erase/nothing to erase raises nothing", "none where there is nothing to erase", eraseNothing},
	{"erase/a plan that fails erases nothing", "decides what an erasure tells the outside", eraseRefused},
	{"erase/may be written again at once", "CurrentKey returns the live key", eraseAgain},
	{"erase/an older version under a destroyed key", "destroys keys and what they sealed", eraseOlder},
	{"erase/no writer slips through", "no process can seal or open with a destroyed key", eraseRace},
}

// ended ends the rule unless keys are destroyed and known.
func (b *bench) ended(keys ...seal.KeyRecord) {
	for _, k := range keys {
		got, found, err := b.Keys.KeyByID(b.ctx, b.vault(), k.ID)
		b.done("reading a destroyed key", err)
		b.want(found, "a destroyed key is absent")
		b.want(got.State == seal.Destroyed && len(got.Wrapped) == 0 && got.ID == k.ID && got.Pair == k.Pair,
			"a destroyed key is %q and has %d wrapped bytes", got.State, len(got.Wrapped))
		now, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), k.Pair)
		b.done("reading a current key", err)
		b.want(!found || now.ID != k.ID, "a destroyed key is its pair's current key")
	}
}

func eraseKeys(b *bench) {
	first := b.key(ann)
	second, err := b.Keys.CreateKey(b.ctx, b.vault(), b.newKey(ann), first.ID)
	b.done("replacing a key", err)
	safe := b.key(seal.Pair{Person: "bob", Scope: ann.Scope})
	b.destroy(seal.Selector{Person: "ann"})
	for range 2 {
		b.ended(first, second)
		b.known(safe)
		b.current(safe)
		b.crash()
	}
}

// covers ends the rule unless an erasure's plan sees exactly these.
func (b *bench) covers(sel seal.Selector, wanted ...store.Stored) {
	keys, current := b.destroy(sel)
	want, found := map[string]bool{}, map[string]bool{}
	for _, s := range wanted {
		want[s.KeyID] = true
	}
	for _, k := range keys {
		b.want(k.State == seal.Live && len(k.Wrapped) > 0, "a plan gets a key that is %q", k.State)
		b.want(sel.Covers(k.Pair), "a plan for %+v gets the key of %+v", sel, k.Pair)
		found[k.ID] = true
	}
	b.want(len(keys) == len(want) && shared(found, want) == len(want), "a plan for %+v gets %d keys, %d of the %d covered", sel, len(keys), shared(found, want), len(want))
	hashes := map[string]bool{}
	for _, s := range current {
		b.want(s.State == store.Current && !hashes[s.Hash], "a plan gets grain %.8s in state %d, or twice", s.Hash, s.State)
		hashes[s.Hash] = true
	}
	b.same(fmt.Sprintf("a plan for %+v", sel), hashes, wanted...)
}

func erasePerson(b *bench) {
	a1 := b.add("a1", about("ann"))
	a2 := b.add("a2", about("ann"), scoped("acme/prod"))
	a3 := b.add("a3", about("ann"), spaced("work"))
	bob := b.add("bob", about("bob"))
	nobody := b.add("nobody")
	upper := b.add("upper", about("Ann"))
	longer := b.add("longer", about("anna"))
	b.forget(b.add("forgotten", about("ann")))
	a1 = b.supersede(a1, "a1 newer")
	b.covers(seal.Selector{Person: "ann"}, a1, a2, a3)
	b.same("a scan after an erasure", b.stands(store.Filter{}), bob, nobody, upper, longer)
	b.covers(seal.Selector{Person: "ann"})
	b.covers(seal.Selector{Person: "bob"}, bob)
}

func eraseScope(b *bench) {
	at := b.add("at", scoped("acme/prod"), about("ann"))
	below := b.add("below", scoped("acme/prod/eu"))
	deep := b.add("deep", scoped("acme/prod/eu/1"), about("bob"))
	fallback := b.add("fallback", spaced("acme/prod"))
	var rest []store.Stored
	for i, path := range []string{"acme/production", "acme", "Acme/prod", "acme/prod-eu", "acme/prod0", "x/acme/prod", "acme/pro", "acme_prod", "acme%prod"} {
		rest = append(rest, b.add(fmt.Sprint("rest ", i), scoped(path)))
	}
	rest = append(rest, b.add("plain", about("ann")), b.add("moved", spaced("acme/prod"), scoped("other")))
	b.covers(seal.Selector{Scope: "acme/prod/"}, at, below, deep, fallback)
	b.same("a scan after an erasure", b.stands(store.Filter{}), rest...)
	b.crash()
	b.same("a scan after an erasure and a crash", b.stands(store.Filter{}), rest...)
	for _, s := range rest {
		_, err := b.commit(b.adding(b.grain("more at "+s.Hash, under(s.KeyID), scoped(s.ScopePath))))
		b.done("a write under a key that was not covered", err)
	}
}

func eraseGone(b *bench) {
	old := b.add("old", about("ann"), called("color"), telling("tea"))
	b.index([]store.Stored{old}, "red")
	now := b.supersede(old, "now")
	b.index([]store.Stored{now}, "red")
	b.load("a grain before its erasure", store.Ref{Hash: now.Hash})
	b.destroy(seal.Selector{Person: "ann"})
	for range 2 {
		for _, s := range []store.Stored{old, now} {
			got := b.load("an erased grain", store.Ref{Hash: s.Hash})
			b.want(got.State == store.Gone && got.Box == nil, "version %d of an erased lineage has state %d and a box of %d bytes", s.Version, got.State, len(got.Box))
		}
		b.same("a scan by an erased subject", b.stands(store.Filter{Subject: blind("tea")}))
		b.same("a scan by an erased person", b.stands(store.Filter{Person: "ann"}))
		b.finds("a search for an erased grain", b.find([]string{"red"}, nil, 10))
		b.crash()
	}
	_, err := b.commit(b.replacing(now.Hash, b.after(now, "late")))
	b.conflict("superseding an erased grain", err, 0, store.Moved)
	b.add("new", called("color"))
}

func eraseTells(b *bench) {
	b.hook("h", polled)
	grains := []store.Stored{b.add("a", about("ann")), b.add("b", about("ann"))}
	sel := seal.Selector{Person: "ann"}
	var planned []change.Change
	erased, err := b.Eraser.Erase(b.ctx, b.mem, sel, func(_ []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
		planned = []change.Change{b.erased(sel, len(current))}
		for _, s := range current {
			planned = append(planned, b.tells(events.MemoryErased, s))
		}
		return planned, nil
	})
	b.done("an erasure", err)
	b.want(erased.ID == planned[0].ID && erased.Count == len(grains), "an erasure of %d answers with change %s and count %d", len(grains), erased.ID, erased.Count)
	b.want(len(planned) == 1+len(grains), "a plan for 2 grains got %d", len(planned)-1)
	b.crash()
	told := b.told()
	for _, c := range planned {
		b.want(told[c.ID] == 1, "a planned change (%s) was told %d times", c.Cause, told[c.ID])
	}
	b.want(len(told) == 5, "2 adds and an erasure of them left %d entries", len(told))
	b.sees("h", 1, 2, 3)
	b.want(b.entries()[2].Change.Cause == events.Erased, "an erasure is not told first")
}

func eraseNothing(b *bench) {
	b.add("a", about("ann"))
	before := b.bounds()
	calls := 0
	told, err := b.Eraser.Erase(b.ctx, b.mem, seal.Selector{Person: "bob"}, func(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
		calls++
		if len(keys)+len(current) > 0 {
			return nil, fmt.Errorf("a plan for nobody got %d keys and %d grains", len(keys), len(current))
		}
		return nil, nil
	})
	b.done("an erasure of nobody", err)
	b.want(calls > 0, "an erasure of nobody did not ask its plan")
	b.want(told.ID == "", "an erasure of nobody answers with a change")
	b.quiet("an erasure of nobody", before)
	b.want(len(b.stands(store.Filter{})) == 1, "an erasure of nobody took something")
}

func eraseRefused(b *bench) {
	a := b.add("a", about("ann"))
	before := b.bounds()
	no := errors.New("no proof")
	_, err := b.Eraser.Erase(b.ctx, b.mem, seal.Selector{Person: "ann"}, func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) { return nil, no })
	b.want(errors.Is(err, no), "an erasure whose plan failed was answered with %v", err)
	b.quiet("an erasure whose plan failed", before)
	b.same("a scan", b.stands(store.Filter{}), a)
	b.supersede(a, "a2", under(a.KeyID))
	_, err = b.Eraser.Erase(b.ctx, b.mem, seal.Selector{}, func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) { return nil, nil })
	b.refused("an erasure of nothing named", err, fault.InvalidField)
}

func eraseAgain(b *bench) {
	a := b.add("a", about("ann"))
	b.destroy(seal.Selector{Person: "ann"})
	_, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), seal.Pair{Person: "ann", Scope: a.Scope()})
	b.done("reading a current key", err)
	b.want(!found, "an erased pair has a live key")
	again := b.add("a", about("ann"))
	b.want(again.KeyID != a.KeyID, "an erased pair got its destroyed key")
	for range 2 {
		got := b.load("a grain written after an erasure", store.Ref{Hash: again.Hash})
		b.want(got.State == store.Current && got.KeyID == again.KeyID && got.Box != nil, "a grain written after an erasure has state %d", got.State)
		b.ended(seal.KeyRecord{ID: a.KeyID, Pair: seal.Pair{Person: "ann", Scope: a.Scope()}})
		b.crash()
	}
}

func eraseOlder(b *bench) {
	old := b.add("old", about("ann"))
	now := b.supersede(old, "now", about("bob"))
	b.destroy(seal.Selector{Person: "ann"})
	for range 2 {
		got := b.load("an older version", store.Ref{Hash: old.Hash})
		b.want(got.Box == nil, "an older version keeps its box under a destroyed key")
		got = b.load("a current version under another key", store.Ref{Hash: now.Hash})
		b.want(got.State == store.Current && got.Box != nil, "a current version under another key has state %d", got.State)
		b.crash()
	}
}

func eraseRace(b *bench) {
	const writers = 12
	steps := make([]store.Step, writers)
	for i := range steps {
		steps[i] = b.adding(b.grain(fmt.Sprint(i), about("ann")))
	}
	errs := side(writers+1, func(i int) error {
		if i < writers {
			_, err := b.commit(steps[i])
			return err
		}
		sel := seal.Selector{Person: "ann"}
		_, err := b.Eraser.Erase(b.ctx, b.mem, sel, func(_ []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
			return []change.Change{b.erased(sel, len(current))}, nil
		})
		return err
	})
	b.done("an erasure beside writers", errs[writers])
	for i, err := range errs[:writers] {
		if err != nil {
			b.conflict("a write beside an erasure", err, 0, store.KeyGone)
			continue
		}
		got := b.load("a grain written beside an erasure", store.Ref{Hash: steps[i].Put.Hash})
		b.want(got.State == store.Gone && got.Box == nil, "a grain whose key was destroyed beside its write has state %d", got.State)
	}
	b.same("a scan", b.stands(store.Filter{}))
	b.want(len(b.entries()) == succeeded(errs), "%d writes and an erasure left %d entries", succeeded(errs)-1, len(b.entries()))
}
