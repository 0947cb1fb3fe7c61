package cloudtest

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// edit changes a grain that is being built.
type edit func(*store.Stored)

func spaced(namespace string) edit { return func(s *store.Stored) { s.Namespace = namespace } }
func about(person string) edit     { return func(s *store.Stored) { s.Person = person } }
func scoped(path string) edit      { return func(s *store.Stored) { s.ScopePath = path } }
func typed(kind string) edit       { return func(s *store.Stored) { s.Type = kind } }
func called(name string) edit      { return func(s *store.Stored) { s.Name = blind(name) } }
func telling(subject string) edit  { return func(s *store.Stored) { s.Subject = blind(subject) } }
func under(key string) edit        { return func(s *store.Stored) { s.KeyID = key } }

// hash is the content address of an invented grain.
func hash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func blind(word string) []byte {
	sum := sha256.Sum256([]byte("blind " + word))
	return sum[:16]
}

// grain builds the first grain of a lineage, under its pair's current key.
func (b *bench) grain(name string, edits ...edit) store.Stored {
	s := store.Stored{
		Hash: hash(name), Type: "belief", Namespace: "default",
		CreatedAt: b.now(), Version: 1, Box: []byte("sealed " + name),
	}
	for _, e := range edits {
		e(&s)
	}
	s.Lineage, s.FirstAt = s.Hash, s.CreatedAt
	if s.KeyID == "" {
		s.KeyID = b.key(seal.Pair{Person: s.Person, Scope: s.Scope()}).ID
	}
	return s
}

// after builds the version that follows old; what edits do not say carries over.
func (b *bench) after(old store.Stored, name string, edits ...edit) store.Stored {
	carried := func(s *store.Stored) {
		s.Type, s.Namespace, s.Person, s.ScopePath = old.Type, old.Namespace, old.Person, old.ScopePath
		s.Subject, s.Name = old.Subject, old.Name
	}
	s := b.grain(name, append([]edit{carried}, edits...)...)
	s.Lineage, s.FirstAt, s.Version = old.Lineage, old.FirstAt, old.Version+1
	return s
}

// tells is the change about a grain.
func (b *bench) tells(cause events.Cause, s store.Stored) change.Change {
	return change.Change{
		ID: b.id(), Memory: b.mem, Cause: cause, At: b.now(), Lineage: s.Lineage, Hash: s.Hash,
		GrainType: s.Type, Namespace: s.Namespace, UserID: s.Person, ScopePath: s.ScopePath, CreatedAt: s.FirstAt,
	}
}

// adding, replacing and forgetting are the steps of a write.

func (b *bench) adding(s store.Stored) store.Step {
	return store.Step{Lineage: s.Lineage, Put: &s, Change: b.tells(events.Created, s)}
}

func (b *bench) replacing(old string, s store.Stored) store.Step {
	c := b.tells(events.Superseded, s)
	c.Superseded = old
	return store.Step{Lineage: s.Lineage, Expect: old, Put: &s, Change: c}
}

func (b *bench) forgetting(s store.Stored) store.Step {
	return store.Step{Lineage: s.Lineage, Expect: s.Hash, Forget: true, Change: b.tells(events.Forgotten, s)}
}

// rotating only raises a change.
func (b *bench) rotating() store.Step {
	return store.Step{Change: change.Change{ID: b.id(), Memory: b.mem, Cause: events.Rotated, At: b.now(), KeyID: b.id()}}
}

// commit commits steps as one write.
func (b *bench) commit(steps ...store.Step) (store.Committed, error) {
	return b.Grains.Commit(b.ctx, store.Write{Memory: b.mem, Steps: steps})
}

// write is commit of what has to succeed.
func (b *bench) write(steps ...store.Step) store.Committed {
	c, err := b.commit(steps...)
	b.done("a commit", err)
	b.want(len(c.Seq) == len(steps) && len(c.Existing) == len(steps),
		"a commit of %d steps was answered with %d seqs and %d marks", len(steps), len(c.Seq), len(c.Existing))
	return c
}

// add stores a first grain.
func (b *bench) add(name string, edits ...edit) store.Stored {
	s := b.grain(name, edits...)
	b.write(b.adding(s))
	return s
}

// supersede stores a newer version of a grain.
func (b *bench) supersede(old store.Stored, name string, edits ...edit) store.Stored {
	s := b.after(old, name, edits...)
	b.write(b.replacing(old.Hash, s))
	return s
}

// forget deletes a grain's lineage.
func (b *bench) forget(s store.Stored) { b.write(b.forgetting(s)) }

// rotate raises a change that is about no grain.
func (b *bench) rotate() { b.write(b.rotating()) }

// load loads what has to be there.
func (b *bench) load(what string, ref store.Ref) store.Stored {
	s, err := b.Grains.Load(b.ctx, b.mem, ref)
	b.done("loading "+what, err)
	return s
}

// stands returns the hashes of all current grains that a filter selects, read
// in pages.
func (b *bench) stands(f store.Filter) map[string]bool {
	found := map[string]bool{}
	for after, pages := "", 0; ; pages++ {
		page, err := b.Grains.Scan(b.ctx, b.mem, f, after, 3)
		b.done("a scan", err)
		for _, g := range page.Grains {
			b.want(!found[g.Hash], "a scan returned grain %s twice", g.Hash)
			found[g.Hash] = true
		}
		if page.Next == "" {
			return found
		}
		b.want(pages < 1000 && page.Next != after, "a scan does not come to its end")
		after = page.Next
	}
}

// same ends the rule unless found holds exactly the wanted grains.
func (b *bench) same(what string, found map[string]bool, wanted ...store.Stored) {
	want := map[string]bool{}
	for _, s := range wanted {
		want[s.Hash] = true
	}
	b.want(maps.Equal(found, want), "%s gave %d grains, %d of the wanted %d", what, len(found), shared(found, want), len(want))
}

func shared(a, b map[string]bool) (n int) {
	for k := range a {
		if b[k] {
			n++
		}
	}
	return n
}

// entries returns the whole log above its floor and ends the rule where there
// is a gap.
func (b *bench) entries() []feed.Entry {
	b.idle()
	bounds := b.bounds()
	var all []feed.Entry
	for after := bounds.Floor - 1; ; after = all[len(all)-1].Seq {
		page, err := b.Log.Read(b.ctx, b.mem, after, 7)
		b.done("reading the log", err)
		for i, e := range page {
			b.want(e.Seq == after+1+int64(i), "the log goes on with seq %d after %d", e.Seq, after+int64(i))
		}
		if all = append(all, page...); len(page) == 0 {
			b.want(int64(len(all)) == bounds.Head-bounds.Floor+1, "the log holds %d entries between floor %d and head %d", len(all), bounds.Floor, bounds.Head)
			return all
		}
	}
}

func (b *bench) bounds() feed.Bounds {
	b.idle()
	bounds, err := b.Log.Bounds(b.ctx, b.mem)
	b.done("reading the log's bounds", err)
	return bounds
}

// told is how often each change is in the log, by its id.
func (b *bench) told() map[string]int {
	told := map[string]int{}
	for _, e := range b.entries() {
		told[e.Change.ID]++
	}
	return told
}

// quiet ends the rule unless the log's head is where it was.
func (b *bench) quiet(what string, before feed.Bounds) {
	b.idle()
	b.want(b.bounds().Head == before.Head, "%s raised %d changes", what, b.bounds().Head-before.Head)
}

// key returns the pair's current key, and makes one where there is none.
func (b *bench) key(p seal.Pair) seal.KeyRecord {
	k, found, err := b.Keys.CurrentKey(b.ctx, b.vault(), p)
	b.done("reading a current key", err)
	if !found {
		k, err = b.Keys.CreateKey(b.ctx, b.vault(), b.newKey(p), "")
		b.done("creating a key", err)
	}
	return k
}

func (b *bench) newKey(p seal.Pair) seal.KeyRecord {
	id := b.id()
	return seal.KeyRecord{
		ID: id, Pair: p, Cell: "0000000000000000000000cell", Wrapped: []byte("wrapped " + id),
		State: seal.Live, CreatedAt: b.opened.Now().UTC().Truncate(1e6),
	}
}

func (b *bench) vault() seal.Vault { return seal.Vault{Tenant: b.mem.Tenant, Memory: b.mem.ID} }

// destroy erases what a selector covers, raising one Erased change.
func (b *bench) destroy(sel seal.Selector) (keys []seal.KeyRecord, current []store.Stored) {
	_, err := b.Eraser.Erase(b.ctx, b.mem, sel, func(k []seal.KeyRecord, c []store.Stored) ([]change.Change, error) {
		keys, current = slices.Clone(k), slices.Clone(c)
		return []change.Change{b.erased(sel, len(c))}, nil
	})
	b.done("an erasure", err)
	return keys, current
}

func (b *bench) erased(sel seal.Selector, lineages int) change.Change {
	return change.Change{
		ID: b.id(), Memory: b.mem, Cause: events.Erased, At: b.now(),
		UserID: sel.Person, ScopePath: sel.Scope, Count: lineages, Fingerprint: "0123456789abcdef",
	}
}
