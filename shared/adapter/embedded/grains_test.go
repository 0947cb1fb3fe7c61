package embedded

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

func TestTheSameGrainAgainIsExisting(t *testing.T) {
	s := open(t)
	s.add("a")
	for range 2 {
		done, err := s.commit(put(stored("a"), ""))
		if err != nil || !done.Existing[0] || done.Seq[0] != 0 {
			t.Fatal(done, err)
		}
	}
	named := stored("named")
	named.Name = []byte("name")
	for i := range 2 {
		if done, err := s.commit(put(named, "")); err != nil || done.Existing[0] != (i == 1) {
			t.Fatal(done, err)
		}
	}
	if s.head() != 2 {
		t.Fatalf("head is %d", s.head())
	}
}

func TestConditions(t *testing.T) {
	s := open(t)
	s.add("a", "b")
	a, b := stored("a"), stored("b")
	a2 := newer(a, "a2")
	_, err := s.commit(put(a2, a.Hash))
	s.must(err)
	named := stored("named")
	named.Name = []byte("name")
	_, err = s.commit(put(named, ""))
	s.must(err)
	thief := stored("thief")
	thief.Name = named.Name
	unsealed := stored("unsealed")
	unsealed.KeyID = "never made"
	for name, row := range map[string]struct {
		step    store.Step
		reason  store.Reason
		current string
	}{
		"an add of a superseded hash":        {put(a, ""), store.Taken, a.Hash},
		"an add of a later version":          {put(stored("a2"), ""), store.Taken, a2.Hash},
		"an add under another's name":        {put(thief, ""), store.Taken, named.Hash},
		"a supersede under another's name":   {put(func() *store.Stored { g := newer(b, "b2"); g.Name = named.Name; return g }(), b.Hash), store.Taken, named.Hash},
		"a supersede of what is superseded":  {put(newer(a, "a3"), a.Hash), store.Moved, a2.Hash},
		"a supersede of nothing":             {put(newer(stored("x"), "x2"), hashOf("x")), store.Moved, ""},
		"a supersede of another lineage":     {store.Step{Lineage: b.Lineage, Expect: a2.Hash, Put: newer(b, "b3")}, store.Moved, b.Hash},
		"a supersede by a hash that is used": {put(func() *store.Stored { g := newer(b, "a2"); return g }(), b.Hash), store.Taken, a2.Hash},
		"a forget of what is superseded":     {forget(a), store.Moved, a2.Hash},
		"an add under no live key":           {put(unsealed, ""), store.KeyGone, ""},
	} {
		_, err := s.commit(row.step)
		var c *store.ConflictError
		if !errors.As(err, &c) || c.Reason != row.reason || c.Current.Hash != row.current {
			t.Errorf("%s: %v (%+v)", name, err, c)
		}
	}
	if s.head() != 4 {
		t.Errorf("refusals raised changes: head is %d", s.head())
	}
	_, err = grains{s.db}.Commit(bg, store.Write{Memory: change.Memory{Tenant: "t", ID: "none"}, Steps: []store.Step{put(a, "")}})
	var c *store.ConflictError
	if !errors.As(err, &c) || c.Reason != store.NoMemory {
		t.Error(err)
	}
}

func TestALineageIsFoundByEachName(t *testing.T) {
	s := open(t)
	a := stored("a")
	a.Name, a.Subject, a.Person, a.ScopePath, a.CreatedAt, a.FirstAt = []byte("name"), []byte("subject"), "", "x/y", 3, 2
	_, err := s.commit(put(a, ""))
	s.must(err)
	a2 := newer(a, "a2")
	_, err = s.commit(put(a2, a.Hash))
	s.must(err)
	a2.Seq = 2 // the store's to say
	for _, reopened := range []bool{false, true} {
		if reopened {
			s.again()
		}
		for _, ref := range []store.Ref{{Lineage: a.Hash}, {Prefix: a.Hash[:32]}, {Name: a.Name}, {Hash: a2.Hash}} {
			got, err := grains{s.db}.Load(bg, mem1, ref)
			if err != nil || !reflect.DeepEqual(got, *a2) {
				t.Errorf("%+v: %+v %v", ref, got, err)
			}
		}
		old, err := grains{s.db}.Load(bg, mem1, store.Ref{Hash: a.Hash})
		if want := *a; err != nil || old.State != store.Superseded || string(old.Box) != string(want.Box) {
			t.Error(old, err)
		}
	}
	for _, ref := range []store.Ref{{Lineage: a2.Hash}, {Prefix: a2.Hash[:32]}, {Name: []byte("x")}, {Hash: "zz"}, {Prefix: "zz"}, {}} {
		if _, err := (grains{s.db}).Load(bg, mem1, ref); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%+v: %v", ref, err)
		}
	}
}

func TestWhatIsForgottenKeepsIdentifiersOnly(t *testing.T) {
	s := open(t)
	a := stored("a")
	a.Subject, a.Name = []byte("s"), []byte("n")
	_, err := s.commit(put(a, ""))
	s.must(err)
	a2 := newer(a, "a2")
	done, err := s.commit(put(a2, a.Hash), forget(a2))
	if err != nil || done.Seq[1] != 3 {
		t.Fatal(done, err)
	}
	for _, ref := range []store.Ref{{Hash: a.Hash}, {Hash: a2.Hash}, {Lineage: a.Hash}, {Prefix: a.Hash[:32]}} {
		got, err := grains{s.db}.Load(bg, mem1, ref)
		if err != nil || got.State != store.Gone || got.Box != nil || got.Subject != nil || got.Name != nil || got.Namespace != "default" {
			t.Errorf("%+v: %+v %v", ref, got, err)
		}
		if ref.Hash == "" && got.Hash != a2.Hash {
			t.Errorf("the head of a gone lineage is %s", got.Hash)
		}
	}
	for range 2 { // what is gone may be made again, once
		done, err = s.commit(put(stored("a"), ""))
	}
	if err != nil || !done.Existing[0] || s.head() != 4 {
		t.Fatal(done, err)
	}
	again, err := grains{s.db}.Load(bg, mem1, store.Ref{Lineage: a.Hash})
	if err != nil || again.State != store.Current || again.Hash != a.Hash {
		t.Fatal(again, err)
	}
	a3 := newer(stored("a"), "a3")
	_, err = s.commit(put(a3, a.Hash))
	s.must(err)
	if got, err := (grains{s.db}).Load(bg, mem1, store.Ref{Prefix: a.Hash[:32]}); err != nil || got.Hash != a3.Hash {
		t.Fatal(got, err)
	}
	page, err := grains{s.db}.Scan(bg, mem1, store.Filter{}, "", 10)
	if err != nil || page.Total != 1 || len(page.Grains) != 1 {
		t.Fatal(page, err)
	}
}

func TestAScanSeesEachGrainOnce(t *testing.T) {
	s := open(t)
	s.addKey(mem1, "kp", seal.Pair{Person: "p"})
	space := "b"
	for i := range 25 {
		g := stored(fmt.Sprint(i))
		if i%2 == 0 {
			g.Namespace = space
		}
		if i%3 == 0 {
			g.Person, g.KeyID = "p", "kp"
		}
		if i%4 == 0 {
			g.Subject = []byte("subject")
		}
		g.ScopePath = [...]string{"acme/prod", "acme/prod/eu", "acme/production", "", "acme"}[i%5]
		g.Type = [...]string{"belief", "event"}[i%2]
		_, err := s.commit(put(g, ""))
		s.must(err)
	}
	for name, row := range map[string]struct {
		filter      store.Filter
		want, total int
	}{
		"all":                   {store.Filter{}, 25, 25},
		"a namespace":           {store.Filter{Namespace: &space}, 13, 13},
		"a type":                {store.Filter{Type: "event"}, 12, 12},
		"a person":              {store.Filter{Person: "p"}, 9, 9},
		"a subject":             {store.Filter{Subject: []byte("subject")}, 7, 7},
		"a person's subject":    {store.Filter{Subject: []byte("subject"), Person: "p"}, 3, 3},
		"a scope's tree":        {store.Filter{ScopeTree: "acme/prod/"}, 10, 10},
		"a namespace's tree":    {store.Filter{ScopeTree: "b"}, 2, 2},
		"the newest":            {store.Filter{Newest: true, Namespace: &space}, 13, 13},
		"a subject's newest":    {store.Filter{Newest: true, Subject: []byte("subject")}, 7, 7},
		"named":                 {store.Filter{Named: true}, 0, 0},
		"a person in namespace": {store.Filter{Person: "p", Namespace: &space}, 5, 5},
	} {
		seen, after := map[string]bool{}, ""
		for pages := 0; pages == 0 || after != ""; pages++ {
			page, err := grains{s.db}.Scan(bg, mem1, row.filter, after, 4)
			if err != nil || page.Total != row.total && (pages == 0 || page.Total != -1) || len(page.Grains) > 4 {
				t.Fatal(name, page, err)
			}
			for _, g := range page.Grains {
				seen[g.Hash] = true
			}
			after = page.Next
		}
		if len(seen) != row.want {
			t.Errorf("%s: %d grains, want %d", name, len(seen), row.want)
		}
	}
	stats, err := memories{s.db}.Count(bg, mem1)
	if err != nil || stats.Grains != 25 || stats.Types["event"] != 12 || len(stats.Namespaces) != 2 || stats.Bytes == 0 {
		t.Error(stats, err)
	}
	if _, err := (grains{s.db}).Scan(bg, mem1, store.Filter{}, "garbage", 4); fault.KindOf(err) != fault.InvalidField {
		t.Error(err)
	}
}

func TestAStepMayOnlyRaise(t *testing.T) {
	s := open(t)
	done, err := s.commit(store.Step{Change: change.Change{ID: "R", Cause: events.Recalled, At: 1, Content: []byte("sealed"), Count: 3}})
	if err != nil || done.Seq[0] != 1 {
		t.Fatal(done, err)
	}
	s.again()
	got, err := logs{s.db}.Read(bg, mem1, 0, 1)
	if err != nil || got[0].Change.Count != 3 || string(got[0].Change.Content) != "sealed" || got[0].Change.Memory != mem1 {
		t.Fatal(got, err)
	}
}

func FuzzParsePlace(f *testing.F) {
	for _, seed := range []string{"", "1.", "12.a.b", ".", "-1.x", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parsePlace(cursor)
		if err != nil || cursor == "" {
			return
		}
		if back, err := parsePlace(p.String()); err != nil || back != p {
			t.Fatal(p, back, err)
		}
	})
}

// Where there are many, the newest are met on the way back from the last written.
func TestTheNewestAreTheSameBothWays(t *testing.T) {
	s := open(t)
	for i := range 30 {
		g := stored(fmt.Sprint(i))
		g.Namespace = [...]string{"a", "b"}[i%2]
		_, err := s.commit(put(g, ""))
		s.must(err)
	}
	space := "b"
	f := store.Filter{Newest: true, Namespace: &space}
	var ways [2][]string
	for i, total := range []int{few, few + 1} {
		query, args := walk(mem1, f, total)
		s.must(s.db.rows(bg, "SELECT "+grainColumns+query+" AND g.n < ? ORDER BY g.n DESC", append(args, 29), func(scan func(...any) error) error {
			var r row
			err := r.scan(scan)
			ways[i] = append(ways[i], r.Hash)
			return err
		}))
	}
	if len(ways[0]) != 14 || !slices.Equal(ways[0], ways[1]) {
		t.Errorf("one way %d grains, the other %d", len(ways[0]), len(ways[1]))
	}
}
