package memory_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var hex16 = regexp.MustCompile(`^[0-9a-f]{16}$`)

func TestErasingAPersonTakesAllOfTheirsAndNothingElse(t *testing.T) {
	h := open(t)
	first, second := h.versions("n", fields{"content": "of ann", "user_id": "ann", "tags": []any{"t"}})
	elsewhere := h.add("m", fields{"content": "of ann elsewhere", "user_id": "ann", "scope_path": "acme/prod"})
	kept := []memory.Written{h.add("n", fields{"user_id": "Ann"}), h.add("n", fields{}), h.add("ann", fields{"user_id": "anna"})}
	head := h.head()
	proof := h.erase(personSelector("ann"))
	if proof.Count != 2 || !hex16.MatchString(proof.Fingerprint) || proof.At < noon.UnixMilli() {
		t.Errorf("the proof is %+v", proof)
	}
	for _, w := range []memory.Written{first, second, elsewhere} {
		_, err := h.get(w.Grain.Hash)
		h.refused(err, fault.NotFound)
	}
	for _, w := range kept {
		if _, err := h.get(w.Grain.Hash); err != nil {
			t.Errorf("another's grain went: %v", err)
		}
	}
	changes := h.raised(head, events.Erased, events.MemoryErased, events.MemoryErased)
	if c := changes[0]; c.UserID != "ann" || c.ScopePath != "" || c.Count != 2 || c.Fingerprint != proof.Fingerprint || c.Lineage != "" || c.At != proof.At {
		t.Errorf("raised %+v", c)
	}
	ids := map[string]bool{}
	for _, c := range changes {
		ids[c.ID] = true
	}
	if len(ids) != 3 || changes[1].Lineage == changes[2].Lineage || changes[1].Content != nil {
		t.Errorf("the changes are %+v", changes)
	}
}

func TestErasingNothingSaysSoAndRaisesNothing(t *testing.T) {
	h := open(t)
	h.add("n", fields{"user_id": "ann"})
	for _, sel := range []seal.Selector{personSelector("bob"), {Scope: "nowhere"}} {
		if proof := h.erase(sel); proof.Count != 0 || proof.Fingerprint != "" || proof.At == 0 {
			t.Errorf("%+v: %+v", sel, proof)
		}
	}
	h.raised(0, events.Created)
	h.erase(personSelector("ann"))
	if again := h.erase(personSelector("ann")); again.Count != 0 || again.Fingerprint != "" {
		t.Errorf("erased twice: %+v", again)
	}
	h.raised(0, events.Created, events.Erased, events.MemoryErased)
}

func TestAnErasureNamesOnePersonOrOneScope(t *testing.T) {
	h := open(t)
	for _, sel := range []seal.Selector{{}, {Person: "ann", Scope: "acme"}, {Scope: "/"}, {Scope: "\x00hooks"}, {Person: "a\x00"},
		{Person: strings.Repeat("x", memory.MaxName+1)}, {Person: "\xff"}} {
		_, err := h.Erase(h.ctx, home, h.draw(), sel)
		h.refused(err, fault.InvalidField)
	}
	h.raised(0)
}

func TestErasingAScopeTakesItsSubtreeOnly(t *testing.T) {
	h := open(t)
	at := func(namespace, path string) memory.Written {
		f := fields{"content": "at " + path}
		if path != "" {
			f["scope_path"] = path
		}
		return h.add(namespace, f)
	}
	gone := []memory.Written{at("n", "acme/prod"), at("n", "acme/prod/eu"), at("acme/prod/", ""), at("acme/prod", ""), at("acme/prod/us", "")}
	kept := []memory.Written{at("n", "acme/production"), at("n", "acme"), at("n", "Acme/prod"), at("acme/prod", "elsewhere"), at("n", "x/acme/prod")}
	if proof := h.erase(seal.Selector{Scope: "acme/prod/"}); proof.Count != len(gone) {
		t.Errorf("%d lineages, want %d", proof.Count, len(gone))
	}
	for _, w := range gone {
		if _, err := h.get(w.Grain.Hash); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q in %q stands: %v", w.Grain.ScopePath, w.Grain.Namespace, err)
		}
	}
	for _, w := range kept {
		if _, err := h.get(w.Grain.Hash); err != nil {
			t.Errorf("%q in %q went: %v", w.Grain.ScopePath, w.Grain.Namespace, err)
		}
	}
}

func TestAPersonIsErasedInWhicheverUnicodeFormTheyAreNamed(t *testing.T) {
	h := open(t)
	h.add("n", fields{"user_id": "Jose\u0301"})
	h.add("n", fields{"user_id": "Jos\u00e9", "content": "again"})
	if proof := h.erase(personSelector("Jose\u0301")); proof.Count != 2 {
		t.Errorf("%d erased", proof.Count)
	}
}

func TestWritingForAnErasedPersonGoesOnAtOnce(t *testing.T) {
	h := open(t)
	in := fields{"content": "x", "user_id": "ann", "created_at": number("1767000000000")}
	old := h.add("n", in)
	first := h.erase(personSelector("ann"))
	again := h.add("n", in)
	if again.Existing || again.Grain.Hash != old.Grain.Hash || again.Grain.KeyID == old.Grain.KeyID {
		t.Errorf("it answers %+v", again)
	}
	if _, err := h.get(again.Grain.Hash); err != nil {
		t.Error(err)
	}
	if second := h.erase(personSelector("ann")); second.Count != 1 || second.Fingerprint == first.Fingerprint {
		t.Errorf("erased again: %+v after %+v", second, first)
	}
}

// What the change itself keeps sealed goes with its key too.
func TestTagsOfForgottenGrainsAndQueriesAreErased(t *testing.T) {
	h := open(t)
	w := h.add("lab", fields{"user_id": "ann", "tags": []any{"secret tag"}})
	h.forget(store.Ref{Hash: w.Grain.Hash})
	_, err := h.Recall(h.ctx, home, h.draw(), memory.Query{Text: "secret question", Namespace: ptr("lab")})
	h.must(err)
	tell := func(i int) dialect.Event {
		e, err := h.Tell(h.ctx, h.log(0)[i].Change)
		h.must(err)
		return e
	}
	if e := tell(2); e.Fields["query"] != "secret question" {
		t.Errorf("before, the query is told as %v", e.Fields)
	}
	h.erase(personSelector("ann"))
	if e := tell(1); e.Gone != dialect.Erased || e.Fields != nil {
		t.Errorf("the tags are told: %v %q", e.Fields, e.Gone)
	}
	if e := tell(2); e.Gone != "" {
		t.Errorf("the query was in nobody's name, and is %q", e.Gone)
	}
	h.erase(seal.Selector{Scope: "lab"})
	if e := tell(2); e.Gone != dialect.Erased || e.Fields != nil {
		t.Errorf("the query is told: %v %q", e.Fields, e.Gone)
	}
}

func TestAfterAnErasureNoFileHoldsTheWords(t *testing.T) {
	h := open(t)
	const sentinel = "xylophoniac"
	w := h.add(sentinel+"-space", fields{"content": sentinel + " and " + sentinel, "tags": []any{sentinel}, "user_id": "ann"})
	_, _, err := h.IndexSome(h.ctx, home)
	h.must(err)
	if hits := h.recall(memory.Query{Text: sentinel}); len(hits.Hits) != 1 {
		t.Fatalf("before, it is found %d times", len(hits.Hits))
	}
	h.erase(personSelector("ann"))
	if hits := h.recall(memory.Query{Text: sentinel}); len(hits.Hits) != 0 {
		t.Error("it is found after its erasure")
	}
	if grains, _, err := h.List(h.ctx, home, store.Filter{}, "", 10); err != nil || len(grains) != 0 {
		t.Errorf("it is listed: %v, %v", grains, err)
	}
	files, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s, %v", h.dir, err)
	}
	stored, err := h.cloud.Grains.Load(h.ctx, home, store.Ref{Hash: w.Grain.Hash})
	if err != nil || stored.Box != nil || stored.Subject != nil {
		t.Errorf("stored as %+v, %v", stored, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		h.must(err)
		if bytes.Contains(data, []byte(sentinel+" and")) || bytes.Contains(data, w.Grain.Box) {
			t.Errorf("%s holds it still", filepath.Base(name))
		}
	}
}

func TestWritersBesideAnErasureEndBeforeOrAfterIt(t *testing.T) {
	h := open(t)
	h.add("n", fields{"user_id": "ann", "content": "first"})
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			_, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "x", "user_id": "ann"}})
			if err != nil {
				t.Error(err)
			}
			if i%8 == 0 {
				if _, err := h.Erase(h.ctx, home, h.draw(), personSelector("ann")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	grains, _, err := h.List(h.ctx, home, store.Filter{}, "", 100)
	h.must(err)
	standing := map[string]bool{}
	for _, e := range h.log(0) {
		switch e.Change.Cause {
		case events.Created:
			standing[e.Change.Lineage] = true
		case events.MemoryErased:
			delete(standing, e.Change.Lineage)
		}
	}
	if len(grains) != len(standing) {
		t.Errorf("%d grains can be read, by the log %d stand", len(grains), len(standing))
	}
	h.erase(personSelector("ann"))
	if grains, _, err = h.List(h.ctx, home, store.Filter{}, "", 100); err != nil || len(grains) != 0 {
		t.Errorf("%d are left, %v", len(grains), err)
	}
}

func TestARotationKeepsEverythingReadable(t *testing.T) {
	h := open(t)
	old := h.add("n", fields{"content": "old", "user_id": "ann"})
	d := h.draw()
	id, at, err := h.Rotate(h.ctx, home, d)
	h.must(err)
	fresh := h.add("n", fields{"content": "new", "user_id": "ann"})
	for _, w := range []memory.Written{old, fresh} {
		if g, err := h.get(w.Grain.Hash); err != nil || g.Fields["content"] != w.Grain.Fields["content"] {
			t.Errorf("it reads %v, %v", g.Fields, err)
		}
	}
	if fresh.Grain.KeyID == old.Grain.KeyID {
		t.Error("the old key seals on")
	}
	if c := h.raised(1, events.Rotated, events.Created)[0]; c.KeyID != id || id == "" || at.IsZero() || c.Lineage != "" {
		t.Errorf("raised %+v for %s at %v", c, id, at)
	}
	other, _, err := h.Rotate(h.ctx, home, h.draw())
	if err != nil || other == id {
		t.Errorf("rotated to %s again, %v", other, err)
	}
	if proof := h.erase(personSelector("ann")); proof.Count != 2 {
		t.Errorf("an erasure takes %d of both generations", proof.Count)
	}
}
