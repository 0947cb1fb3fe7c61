package embedded

import (
	"fmt"
	"testing"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/seal"
)

func TestTheIndexHoldsCurrentGrainsOnly(t *testing.T) {
	s := open(t)
	s.add("a", "b", "c")
	pendingNow := func() (names []string) {
		all, err := index{s.db}.Pending(bg, change.Memory{}, 10)
		s.must(err)
		for _, l := range all {
			names = append(names, string(l.Grain.Box[len("box of "):]))
		}
		return names
	}
	doc := func(name string, terms ...string) store.Document {
		return store.Document{Memory: mem1, Hash: hashOf(name), Terms: terms}
	}
	if got := fmt.Sprint(pendingNow()); got != "[a b c]" {
		t.Error(got)
	}
	s.must(index{s.db}.Put(bg, []store.Document{doc("b", "x", "y"), doc("nothing", "x")}))
	if got := fmt.Sprint(pendingNow()); got != "[a c]" {
		t.Error(got)
	}
	s.must(index{s.db}.Put(bg, []store.Document{doc("a", "x"), doc("c", "y", "z"), doc("c", "y", "Z z")}))
	s.add("d")
	if got := fmt.Sprint(pendingNow()); got != "[d]" {
		t.Error(got)
	}
	find := func(anyOf, must []string, limit int) store.Found {
		f, err := index{s.db}.Find(bg, mem1, anyOf, must, limit)
		s.must(err)
		return f
	}
	if f := find([]string{"x", "y"}, nil, 10); len(f.Grains) != 3 || f.Grains[0].Hash != hashOf("b") || f.Docs != 3 || f.Frequency["x"] != 2 || f.Cut {
		t.Errorf("%+v", f)
	}
	if f := find([]string{"x", "y"}, nil, 2); len(f.Grains) != 2 || !f.Cut {
		t.Errorf("%+v", f)
	}
	if f := find([]string{"x", "y"}, []string{"Z z"}, 9); len(f.Grains) != 1 || f.Grains[0].Hash != hashOf("c") {
		t.Errorf("%+v", f)
	}
	_, err := s.commit(put(newer(stored("a"), "a2"), hashOf("a")))
	s.must(err)
	_, err = s.commit(forget(stored("b")))
	s.must(err)
	if f := find(nil, []string{"x"}, 9); len(f.Grains) != 0 || f.Docs != 1 || f.Frequency["x"] != 0 {
		t.Errorf("%+v", f)
	}
	if f := find(nil, nil, 9); len(f.Grains) != 0 {
		t.Errorf("%+v", f)
	}
	s.again()
	if got := fmt.Sprint(pendingNow()); got != "[d a2]" {
		t.Error(got)
	}
	if all, err := (index{s.db}).Pending(bg, change.Memory{Tenant: "t", ID: "none"}, 9); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
}

func TestOneOfManyKeysWins(t *testing.T) {
	s := open(t)
	v, p := seal.Vault{Tenant: "t", Memory: "default"}, seal.Pair{Person: "p"}
	key := func(id string) seal.KeyRecord {
		return seal.KeyRecord{ID: id, Pair: p, Cell: "c", Wrapped: []byte(id), State: seal.Live, CreatedAt: noon}
	}
	for _, row := range []struct{ id, replaces, stands string }{
		{"a", "", "a"}, {"b", "", "a"}, {"b", "x", "a"}, {"b", "a", "b"}, {"c", "a", "b"},
	} {
		if got, err := (sealKeys{s.db}).CreateKey(bg, v, key(row.id), row.replaces); err != nil || got.ID != row.stands {
			t.Errorf("%+v: %+v %v", row, got, err)
		}
	}
	if _, err := (sealKeys{s.db}).CreateKey(bg, v, key("a"), "b"); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if k, found, err := (sealKeys{s.db}).CurrentKey(bg, v, p); err != nil || !found || k.ID != "b" || !k.CreatedAt.Equal(noon) {
		t.Error(k, found, err)
	}
	if k, found, err := (sealKeys{s.db}).KeyByID(bg, v, "a"); err != nil || !found || k.State != seal.Live || string(k.Wrapped) != "a" {
		t.Error(k, found, err)
	}
	if _, found, err := (sealKeys{s.db}).KeyByID(bg, v, "never"); found || err != nil {
		t.Error(found, err)
	}
}

func TestCells(t *testing.T) {
	s := open(t)
	v := seal.Vault{Tenant: "t", Memory: "default"}
	if _, found, err := (sealKeys{s.db}).NewestCell(bg, v); found || err != nil {
		t.Error(found, err)
	}
	for _, row := range []struct{ id, replaces, stands string }{{"a", "", "a"}, {"b", "", "a"}, {"b", "a", "b"}, {"c", "a", "b"}} {
		got, err := sealKeys{s.db}.AddCell(bg, v, seal.Cell{ID: row.id, First: "a", Wrapped: []byte{1}, CreatedAt: noon}, row.replaces)
		if err != nil || got.ID != row.stands {
			t.Errorf("%+v: %+v %v", row, got, err)
		}
	}
	if c, found, err := (sealKeys{s.db}).NewestCell(bg, v); err != nil || !found || c.ID != "b" || c.First != "a" {
		t.Error(c, found, err)
	}
	if c, found, err := (sealKeys{s.db}).CellByID(bg, v, "a"); err != nil || !found || c.ID != "a" {
		t.Error(c, found, err)
	}
}

func TestBearerKeys(t *testing.T) {
	s := open(t)
	k := auth.Key{ID: "key_1", Tenant: "t", Name: "n", Scopes: []auth.Scope{auth.Read, auth.Admin}, Hash: [32]byte{1}, Operator: true, CreatedAt: 4}
	s.must(authKeys{s.db}.Put(bg, k))
	if err := (authKeys{s.db}).Put(bg, k); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if got, err := (authKeys{s.db}).Find(bg, k.Hash); err != nil || fmt.Sprint(got) != fmt.Sprint(k) {
		t.Error(got, err)
	}
	if err := (authKeys{s.db}).Revoke(bg, "other", k.ID); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	s.must(authKeys{s.db}.Put(bg, auth.Key{ID: "key_2", Tenant: "t", Hash: [32]byte{2}}))
	s.must(authKeys{s.db}.Revoke(bg, "t", k.ID))
	if _, err := (authKeys{s.db}).Find(bg, k.Hash); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if got, err := (authKeys{s.db}).ListKeys(bg, "t", "", 9); err != nil || len(got) != 1 || got[0].ID != "key_2" {
		t.Error(got, err)
	}
}

func TestReceipts(t *testing.T) {
	s := open(t)
	r := once.Receipt{Scope: "s", Key: "k", Body: [32]byte{1}, Seed: [32]byte{2}, At: 100}
	kept := receipts{s.db, &begun{}}
	if got, ours, err := kept.Claim(bg, r, 0); err != nil || !ours || fmt.Sprint(got) != fmt.Sprint(r) {
		t.Fatal(got, ours, err)
	}
	done := r
	done.Status, done.Answer = 201, []byte("answer")
	s.must(kept.Finish(bg, done))
	second := once.Receipt{Scope: "s", Key: "k", Seed: [32]byte{3}, At: 150}
	if got, ours, err := kept.Claim(bg, second, 100); err != nil || ours || fmt.Sprint(got) != fmt.Sprint(done) {
		t.Fatal(got, ours, err)
	}
	if got, ours, err := kept.Claim(bg, second, 101); err != nil || !ours || got.Seed != second.Seed {
		t.Fatal(got, ours, err)
	}
	if err := kept.Finish(bg, done); fault.KindOf(err) != fault.NotFound {
		t.Error("a receipt that was replaced was finished:", err)
	}
}

func TestMemoriesAreVersioned(t *testing.T) {
	s := open(t)
	i := store.Instance{Memory: change.Memory{Tenant: "t", ID: "m"}, Name: "n", Policies: []string{"gdpr"}, CreatedAt: 3, Version: 1}
	for _, row := range []struct {
		version int
		want    fault.Kind
	}{{2, fault.Conflict}, {1, fault.Internal}, {1, fault.Conflict}, {2, fault.Internal}} {
		i.Version = row.version
		if err := (memories{s.db}).Put(bg, i); fault.KindOf(err) != row.want || err != nil && row.want == fault.Internal {
			t.Error(row, err)
		}
	}
	s.again()
	if got, err := (memories{s.db}).Get(bg, i.Memory); err != nil || fmt.Sprint(got) != fmt.Sprint(i) {
		t.Error(got, err)
	}
	all, err := memories{s.db}.List(bg, "t", "", 9)
	if err != nil || len(all) != 2 || all[1].Memory.ID != "m" {
		t.Error(all, err)
	}
	if all, err := (memories{s.db}).List(bg, "t", "default", 9); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}
