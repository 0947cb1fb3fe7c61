package cloudtest

import (
	"bytes"
	"fmt"
	"maps"

	"github.com/memhooks/memhooks/shared/seal"
)

var keyRules = []Rule{
	{"keys/one of several makers wins", "So one of several callers wins and all get a live key.", keyOneWinner},
	{"keys/are replaced on condition", "Otherwise it stores nothing and returns the current key instead.", keyReplaces},
	{"keys/are of exactly a pair", "CurrentKey returns the live key that the last CreateKey put in place for exactly this pair", keyPair},
	{"keys/are durable", "it is durable when the call returns", keyDurable},
	{"keys/of another memory", "this memory never had such a key", keyForeign},
	{"cells/are added on condition", "Otherwise it stores nothing and returns the newest instead.", cellCondition},
	{"cells/stay", "CellByID returns any generation; false: this memory never had it.", cellStay},
	{"cells/one of several adders wins", "AddCell adds a generation, on condition that the newest is still replaces (empty: that there is none)", cellOneWinner},
	{"wrapper/binds to what it is about", "Unwrap returns what was wrapped under an equal about", wrapperBinds},
}

// ann is a pair as any other.
var ann = seal.Pair{Person: "ann", Scope: "acme/prod"}

func sameKey(a, b seal.KeyRecord) bool {
	return a.ID == b.ID && a.Pair == b.Pair && a.Cell == b.Cell && a.State == b.State &&
		bytes.Equal(a.Wrapped, b.Wrapped) && a.CreatedAt.Equal(b.CreatedAt)
}

// current ends the rule unless a key is the current one of its pair.
func (b *bench) current(k seal.KeyRecord) {
	got, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), k.Pair)
	b.done("reading a current key", err)
	b.want(found && sameKey(got, k), "the current key of %v is %+v, not %+v", k.Pair, got, k)
}

// known ends the rule unless a key is found as it is.
func (b *bench) known(k seal.KeyRecord) {
	got, found, err := b.Keys.KeyByID(b.ctx, b.vault(), k.ID)
	b.done("reading a key", err)
	b.want(found && sameKey(got, k), "key %+v is read as %+v, found: %v", k, got, found)
}

func keyOneWinner(b *bench) {
	const n = 8
	keys, got := make([]seal.KeyRecord, n), make([]seal.KeyRecord, n)
	for i := range keys {
		keys[i] = b.newKey(ann)
	}
	for _, err := range side(n, func(i int) (err error) {
		got[i], err = b.Keys.CreateKey(b.ctx, b.vault(), keys[i], "")
		return err
	}) {
		b.done("creating a key", err)
	}
	for i, k := range got {
		b.want(k.ID == got[0].ID && k.State == seal.Live && len(k.Wrapped) > 0, "maker %d got key %+v, another %+v", i, k, got[0])
	}
	b.current(got[0])
	for _, k := range keys {
		_, found, err := b.Keys.KeyByID(b.ctx, b.vault(), k.ID)
		b.done("reading a key", err)
		b.want(found == (k.ID == got[0].ID), "of several makers' keys another than the winner's was stored, or the winner's was not")
	}
}

func keyReplaces(b *bench) {
	_, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), ann)
	b.done("reading a current key", err)
	b.want(!found, "a pair without a key has one")
	first := b.key(ann)
	late := b.newKey(ann)
	for _, replaces := range []string{"", late.ID} {
		got, err := b.Keys.CreateKey(b.ctx, b.vault(), late, replaces)
		b.done("creating a key", err)
		b.want(sameKey(got, first), "a key that came too late was answered with %+v, not with the current one", got)
		b.current(first)
	}
	second := b.newKey(ann)
	got, err := b.Keys.CreateKey(b.ctx, b.vault(), second, first.ID)
	b.done("replacing a key", err)
	b.want(sameKey(got, second), "a key that replaced the current one was answered with %+v", got)
	b.current(second)
	b.known(first) // the replaced key stays live
	b.crash()
	b.current(second)
	b.known(first)
}

func keyPair(b *bench) {
	var keys []seal.KeyRecord
	for _, p := range []seal.Pair{
		ann, {Person: "Ann", Scope: "acme/prod"}, {Person: "ann", Scope: "acme/prod/"}, {Person: "ann", Scope: "acme"},
		{Scope: "acme/prod"}, {Person: "ann"}, {Person: "ann\x00", Scope: "acme/prod"}, {Scope: "\x00hooks"}, {},
	} {
		_, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), p)
		b.done("reading a current key", err)
		b.want(!found, "the pair %q has another pair's key", p)
		keys = append(keys, b.key(p))
	}
	b.reopen()
	for _, k := range keys {
		b.current(k)
	}
}

func keyDurable(b *bench) {
	k := b.key(ann)
	b.crash()
	b.current(k)
	b.known(k)
}

func keyForeign(b *bench) {
	k := b.key(ann)
	for _, other := range []*bench{b.in("acme", "other"), b.in("globex", "home")} {
		_, found, err := b.Keys.KeyByID(b.ctx, other.vault(), k.ID)
		b.done("reading a key", err)
		b.want(!found, "a memory has another memory's key")
		_, found, err = b.Keys.CurrentKey(b.ctx, other.vault(), ann)
		b.done("reading a current key", err)
		b.want(!found, "a memory's current key is another memory's")
	}
	_, found, err := b.Keys.KeyByID(b.ctx, b.vault(), b.id())
	b.done("reading a key", err)
	b.want(!found, "a key that never was is there")
}

func (b *bench) newCell(first string) seal.Cell {
	id := b.id()
	if first == "" {
		first = id
	}
	return seal.Cell{ID: id, First: first, Wrapped: []byte("wrapped " + id), CreatedAt: b.opened.Now().UTC().Truncate(1e6)}
}

func sameCell(a, b seal.Cell) bool {
	return a.ID == b.ID && a.First == b.First && bytes.Equal(a.Wrapped, b.Wrapped) && a.CreatedAt.Equal(b.CreatedAt)
}

func (b *bench) addCell(c seal.Cell, replaces string) seal.Cell {
	got, err := b.Cells.AddCell(b.ctx, b.vault(), c, replaces)
	b.done("adding a cell", err)
	return got
}

func cellCondition(b *bench) {
	_, found, err := b.Cells.NewestCell(b.ctx, b.vault())
	b.done("reading the newest cell", err)
	b.want(!found, "a new memory has a cell")
	first := b.newCell("")
	b.want(sameCell(b.addCell(first, ""), first), "the first cell was not taken")
	late := b.newCell("")
	b.want(sameCell(b.addCell(late, ""), first), "a second first cell was not answered with the first")
	second := b.newCell(first.ID)
	b.want(sameCell(b.addCell(second, first.ID), second), "a second generation was not taken")
	b.want(sameCell(b.addCell(b.newCell(first.ID), first.ID), second), "a late second generation was not answered with the newest")
	_, found, err = b.Cells.CellByID(b.ctx, b.vault(), late.ID)
	b.done("reading a cell", err)
	b.want(!found, "a cell that was not taken is stored")
}

func cellStay(b *bench) {
	cells := []seal.Cell{b.newCell("")}
	b.addCell(cells[0], "")
	for i := range 3 {
		cells = append(cells, b.newCell(cells[0].ID))
		b.addCell(cells[i+1], cells[i].ID)
		b.crash()
	}
	for _, c := range cells {
		got, found, err := b.Cells.CellByID(b.ctx, b.vault(), c.ID)
		b.done("reading a cell", err)
		b.want(found && sameCell(got, c), "cell %+v is read as %+v, found: %v", c, got, found)
	}
	newest, found, err := b.Cells.NewestCell(b.ctx, b.vault())
	b.done("reading the newest cell", err)
	b.want(found && newest.ID == cells[3].ID, "the newest of 4 cells is another")
	_, found, err = b.Cells.CellByID(b.ctx, b.in("globex", "home").vault(), cells[0].ID)
	b.done("reading a cell", err)
	b.want(!found, "a memory has another memory's cell")
}

func cellOneWinner(b *bench) {
	const n = 8
	first := b.newCell("")
	b.addCell(first, "")
	cells, got := make([]seal.Cell, n), make([]seal.Cell, n)
	for i := range cells {
		cells[i] = b.newCell(first.ID)
	}
	for _, err := range side(n, func(i int) (err error) {
		got[i], err = b.Cells.AddCell(b.ctx, b.vault(), cells[i], first.ID)
		return err
	}) {
		b.done("adding a cell", err)
	}
	for _, c := range got {
		b.want(c.ID == got[0].ID && c.ID != first.ID, "two adders of a generation were answered with different cells")
	}
}

func wrapperBinds(b *bench) {
	b.want(b.Wrapper != nil, "the cloud has no wrapper")
	about, raw := map[string]string{"memory": "home", "tenant": "acme"}, bytes.Repeat([]byte{7}, 32)
	wrapped, err := b.Wrapper.Wrap(b.ctx, maps.Clone(about), bytes.Clone(raw))
	b.done("wrapping", err)
	b.want(!bytes.Contains(wrapped, raw), "a wrapped key shows the raw key")
	b.reopen()
	got, err := b.Wrapper.Unwrap(b.ctx, about, wrapped)
	b.done("unwrapping", err)
	b.want(bytes.Equal(got, raw), "another key was unwrapped")
	for what, other := range map[string]map[string]string{
		"less": {"memory": "home"}, "another": {"memory": "home", "tenant": "globex"}, "nothing": nil,
		"more": {"memory": "home", "tenant": "acme", "x": ""}, "swapped": {"memory": "acme", "tenant": "home"},
	} {
		_, err := b.Wrapper.Unwrap(b.ctx, other, wrapped)
		b.want(err != nil, "a key was unwrapped about %s", what)
	}
	for i := range wrapped {
		altered := bytes.Clone(wrapped)
		altered[i] ^= 1
		_, err := b.Wrapper.Unwrap(b.ctx, about, altered)
		b.want(err != nil, "a key was unwrapped from bytes altered at %s", fmt.Sprint(i))
	}
}
