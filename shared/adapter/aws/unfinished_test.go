package aws

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// halfErased is an erasure that has destroyed its keys and died.
func (s *shop) halfErased(sel seal.Selector) *erasure {
	s.Helper()
	e := &erasure{a: s.Adapter, m: stored, sel: sel, plan: s.plan}
	s.must(e.load(s.Context()))
	s.must(e.begin(s.Context()))
	s.must(e.prove(s.Context()))
	s.must(e.destroy(s.Context()))
	return e
}

func (s *shop) plan(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
	if len(keys)+len(current) == 0 {
		return nil, nil
	}
	erased := s.change(events.Erased, store.Stored{Person: "ann"})
	erased.Count, erased.Fingerprint = len(current), fmt.Sprint(len(keys), " keys")
	all := []change.Change{erased}
	for _, g := range current {
		all = append(all, s.change(events.MemoryErased, g))
	}
	return all, nil
}

func TestAGrainThatIsAddedAgainOutlivesItsErasure(t *testing.T) {
	s := newShop(t)
	old := s.grain(1)
	old.Name = []byte("old name")
	_, err := s.commit(s.adding(old))
	s.must(err)
	e := s.halfErased(seal.Selector{Person: "ann"})
	fresh := seal.KeyRecord{ID: "fresh", Pair: seal.Pair{Person: "ann", Scope: "work"}, Cell: "cell", Wrapped: []byte("w"), State: seal.Live, CreatedAt: s.now}
	_, err = keys{s.Adapter}.CreateKey(t.Context(), seal.Vault{Tenant: stored.Tenant, Memory: stored.ID}, fresh, "")
	s.must(err)
	g := s.grain(1)
	g.KeyID, g.Box, g.Name = fresh.ID, []byte("sealed anew"), []byte("new name")
	for _, existing := range []bool{false, true} {
		if done, err := s.commit(s.adding(g)); err != nil || done.Existing[0] != existing {
			t.Errorf("added again: %+v, %v", done, err)
		}
	}
	s.must(e.run(t.Context()))
	if got := s.state(g.Hash); got != "current 1 true" {
		t.Errorf("after the erasure it is %s", got)
	}
	rows, err := s.main.Get(t.Context(), nameKey(stored, old.Name), nameKey(stored, g.Name))
	s.must(err)
	if rows[0] != nil || rows[1] == nil {
		t.Errorf("of its names stand %v", rows)
	}
}

// TestARepeatedErasureCoversWhatWasWrittenSince: who repeats a call that died
// half-way is answered for all that was written before the repetition.
func TestARepeatedErasureCoversWhatWasWrittenSince(t *testing.T) {
	s := newShop(t)
	s.add(1)
	ann := seal.Selector{Person: "ann"}
	s.halfErased(ann)
	fresh := seal.KeyRecord{ID: "fresh", Pair: seal.Pair{Person: "ann", Scope: "work"}, Cell: "cell", Wrapped: []byte("w"), State: seal.Live, CreatedAt: s.now}
	_, err := keys{s.Adapter}.CreateKey(t.Context(), seal.Vault{Tenant: stored.Tenant, Memory: stored.ID}, fresh, "")
	s.must(err)
	g := s.grain(2)
	g.KeyID = fresh.ID
	_, err = s.commit(s.adding(g))
	s.must(err)
	told, err := eraser{s.Adapter}.Erase(t.Context(), stored, ann, s.plan)
	if err != nil || told.Count != 1 {
		t.Errorf("the newer erasure is told as %+v, %v", told, err)
	}
	for n := 1; n <= 2; n++ {
		if got := s.state(hashNo(n)); got != "gone 1 false" {
			t.Errorf("after the erasure grain %d is %s", n, got)
		}
	}
}

func TestAnErasureEndsAnotherThatCoversTheSame(t *testing.T) {
	s := newShop(t)
	s.add(1)
	scope := seal.Selector{Scope: "work"}
	s.halfErased(scope)
	if _, err := (eraser{s.Adapter}).Erase(t.Context(), stored, seal.Selector{Person: "ann"}, s.plan); err != nil {
		t.Error(err)
	}
	if got := s.state(hashNo(1)); got != "gone 1 false" {
		t.Errorf("after an erasure of its person a grain is %s", got)
	}
	told, err := eraser{s.Adapter}.Erase(t.Context(), stored, scope, s.plan)
	if err != nil || told.Count != 1 || told.Fingerprint != "1 keys" || told.Memory != stored {
		t.Errorf("the other's proof is %+v, %v", told, err)
	}
}

func TestSelectorsOverlapWhereTheyMayCoverOnePair(t *testing.T) {
	ann, bob := seal.Selector{Person: "ann"}, seal.Selector{Person: "bob"}
	a, deep, b := seal.Selector{Scope: "a/"}, seal.Selector{Scope: "a/b"}, seal.Selector{Scope: "ab"}
	for _, c := range []struct {
		a, b seal.Selector
		want bool
	}{{ann, ann, true}, {ann, bob, false}, {ann, a, true}, {a, deep, true}, {a, b, false}, {deep, b, false}} {
		if overlap(c.a, c.b) != c.want || overlap(c.b, c.a) != c.want {
			t.Errorf("%v and %v overlap: %v, want %v", c.a, c.b, !c.want, c.want)
		}
	}
}

func TestFencesAreSmallAndOnesTooManyAreRefused(t *testing.T) {
	s := newShop(t)
	s.add(1)
	told := noted{ID: strings.Repeat("1", 26), Cause: events.Erased, At: s.now.UnixMilli(), UserID: "ann", Count: 1, Fingerprint: strings.Repeat("f", 16)}
	f := fence{Stage: stageEnded, At: s.now.UnixMilli(), Person: "ann", Told: told}
	text, err := json.Marshal(f)
	s.must(err)
	if len(text) > 200 {
		t.Errorf("an ended erasure takes %d bytes: %s", len(text), text)
	}
	full := table.Row{}
	for n := range fencesFull/(len(text)+len(fenceName(seal.Selector{}))) + 1 {
		full[fenceName(seal.Selector{Person: fmt.Sprint("other", n)})] = string(text)
	}
	s.must(s.keys.Write(t.Context(), table.Op{Action: table.Update, Key: fenceKey(stored), Set: full}))
	_, err = eraser{s.Adapter}.Erase(t.Context(), stored, seal.Selector{Person: "ann"}, s.plan)
	if fault.KindOf(err) != fault.Unavailable || s.state(hashNo(1)) != "current 1 true" {
		t.Errorf("one too many: %v", err)
	}
	if _, err := (eraser{s.Adapter}).Erase(t.Context(), stored, seal.Selector{Person: "nobody"}, s.plan); err != nil {
		t.Errorf("one with nothing to erase: %v", err)
	}
}

func TestAMemorysPutWhoseAnswerWasLostIsItsOwn(t *testing.T) {
	s := newShop(t)
	s.before = func(ops []table.Op) error { return s.main.Write(t.Context(), ops...) } // the client sends each twice
	other := change.Memory{Tenant: "acme", ID: "other"}
	for _, i := range []store.Instance{{Memory: other, Name: "X", CreatedAt: 1, Version: 1}, {Memory: other, Description: "Y", Version: 2}} {
		if err := (registry{s.Adapter}).Put(t.Context(), i); err != nil {
			t.Errorf("version %d: %v", i.Version, err)
		}
		if err := (registry{s.Adapter}).Put(t.Context(), i); fault.KindOf(err) != fault.Conflict {
			t.Errorf("version %d put by another: %v", i.Version, err)
		}
	}
}

func TestNoTenantsRowsAreTheListOfTenants(t *testing.T) {
	s := newShop(t)
	s.must(registry{s.Adapter}.Put(t.Context(), store.Instance{Memory: change.Memory{Tenant: "tenants", ID: "x"}, Version: 1}))
	page, err := s.main.Query(t.Context(), table.Query{Part: partTenants})
	s.must(err)
	if len(page.Rows) != 2 || page.Rows[0].Sort != "acme" || page.Rows[1].Sort != "tenants" {
		t.Errorf("the tenants are %v", page.Rows)
	}
}

func TestALateTidyLeavesTheNameOfALineageThatWasMadeAgain(t *testing.T) {
	s := newShop(t)
	g := s.grain(1)
	g.Name = []byte("name")
	_, err := s.commit(s.adding(g))
	s.must(err)
	var gone table.Row
	s.before = func(ops []table.Op) error { gone = ops[0].Set; s.before = nil; return nil }
	_, err = s.commit(s.forgetting(g))
	s.must(err)
	cfg := s.cfg
	cfg.Now = func() time.Time { return s.now.Add(-time.Second) } // another process's, which is behind
	_, err = grains{New(cfg)}.Commit(t.Context(), store.Write{Memory: stored, Steps: []store.Step{s.adding(g)}})
	s.must(err)
	s.must(s.tidy(t.Context(), stored, g.Lineage, gone))
	if got, err := (grains{s.Adapter}).Load(t.Context(), stored, store.Ref{Name: g.Name}); err != nil || got.Hash != g.Hash {
		t.Errorf("by its name it is %+v, %v", got, err)
	}
	_, err = s.commit(s.forgetting(g))
	s.must(err)
	if rows, err := s.main.Get(t.Context(), nameKey(stored, g.Name)); err != nil || rows[0] != nil {
		t.Errorf("a forgotten one keeps its name: %v, %v", rows, err)
	}
}
