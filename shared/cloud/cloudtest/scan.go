package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/memory/store"
)

var scanRules = []Rule{
	{"scan/current grains only", "Scan pages current grains in a stable order", scanCurrent},
	{"scan/filters", "zero fields do not narrow", scanFilters},
	{"scan/filters together", "zero fields do not narrow", scanTogether},
	{"scan/scope tree", "ScopeTree takes the path and everything below it", scanTree},
	{"scan/scope tree is literal", "ScopeTree takes the path and everything below it", scanLiteral},
	{"scan/newest first", "an order, no narrowing: the last written first", scanNewest},
	{"scan/pages are stable", "none is left out that stood throughout", scanStable},
	{"scan/total", "of the whole scan; -1 where the cloud would have to read it all", scanTotal},
	{"stats/count what stands", "Counter counts a memory's current grains.", statsCount},
}

func scanCurrent(b *bench) {
	a, c := b.add("a"), b.add("c")
	b.forget(b.add("b"))
	a2 := b.supersede(a, "a2")
	b.same("a scan", b.stands(store.Filter{}), a2, c)
	page, err := b.Grains.Scan(b.ctx, b.mem, store.Filter{}, "", 10)
	b.done("a scan", err)
	for _, g := range page.Grains {
		b.want(g.State == store.Current && g.Box != nil && g.Lineage != "", "a scan gave %+v", shown(g))
	}
	b.reopen()
	b.same("a scan after a restart", b.stands(store.Filter{}), a2, c)
}

func scanFilters(b *bench) {
	plain := b.add("plain")
	work := b.add("work", spaced("work"))
	ann := b.add("ann", about("ann"))
	event := b.add("event", typed("event"))
	color := b.add("color", called("color"))
	tea := b.add("tea", telling("tea"))
	all := []store.Stored{plain, work, ann, event, color, tea}
	name := func(s string) *string { return &s }
	for _, c := range []struct {
		what   string
		filter store.Filter
		want   []store.Stored
	}{
		{"no filter", store.Filter{}, all},
		{"the namespace work", store.Filter{Namespace: name("work")}, []store.Stored{work}},
		{"the namespace Work", store.Filter{Namespace: name("Work")}, nil},
		{"an empty namespace", store.Filter{Namespace: name("")}, nil},
		{"the person ann", store.Filter{Person: "ann"}, []store.Stored{ann}},
		{"the person Ann", store.Filter{Person: "Ann"}, nil},
		{"the type event", store.Filter{Type: "event"}, []store.Stored{event}},
		{"a memory-set key", store.Filter{Named: true}, []store.Stored{color}},
		{"the subject tea", store.Filter{Subject: blind("tea")}, []store.Stored{tea}},
		{"an unknown subject", store.Filter{Subject: blind("milk")}, nil},
	} {
		b.same("a scan by "+c.what, b.stands(c.filter), c.want...)
	}
}

func scanTogether(b *bench) {
	work := "work"
	want := b.add("both", spaced(work), about("ann"), typed("event"), called("k"), telling("tea"))
	b.add("work", spaced(work))
	b.add("ann", about("ann"))
	b.add("others", spaced(work), about("bob"), telling("tea"))
	full := store.Filter{Namespace: &work, Person: "ann", Type: "event", Named: true, Subject: blind("tea"), ScopeTree: work}
	b.same("a scan by everything", b.stands(full), want)
	b.same("a scan by namespace and person", b.stands(store.Filter{Namespace: &work, Person: "ann"}), want)
	full.Person = "bob"
	b.same("a scan by everything but another person", b.stands(full))
}

func scanTree(b *bench) {
	prod := b.add("prod", scoped("acme/prod"))
	eu := b.add("eu", scoped("acme/prod/eu"))
	fallback := b.add("fallback", spaced("acme/prod"))
	acme := b.add("acme", scoped("acme"))
	b.add("production", scoped("acme/production"))
	b.add("dashed", scoped("acme/prod-eu"))
	b.add("case", scoped("Acme/prod"))
	b.add("elsewhere", spaced("acme/prod"), scoped("other"))
	b.same("the tree acme/prod", b.stands(store.Filter{ScopeTree: "acme/prod"}), prod, eu, fallback)
	b.same("the tree acme/prod/eu", b.stands(store.Filter{ScopeTree: "acme/prod/eu"}), eu)
	b.same("the tree acme/pro", b.stands(store.Filter{ScopeTree: "acme/pro"}))
	got := b.stands(store.Filter{ScopeTree: "acme"})
	b.want(len(got) == 6 && got[acme.Hash], "the tree acme gave %d grains of 6", len(got))
}

func scanLiteral(b *bench) {
	for i, path := range []string{"a_b/c", "axb/c", "a%/c", "a/c", `a\b/c`, "a*b/c", "a[b]/c", "é/c", "e\u0301/c", "b'/c"} {
		b.add(fmt.Sprint("grain ", i), scoped(path))
	}
	for _, root := range []string{"a_b", "axb", "a%", "a", `a\b`, "a*b", "a[b]", "é", "e\u0301", "b'"} {
		got := b.stands(store.Filter{ScopeTree: root})
		b.want(len(got) == 1, "the tree %q gave %d grains, not its one", root, len(got))
	}
	for _, root := range []string{"%", "_", "A_B", "a_", "*"} {
		got := b.stands(store.Filter{ScopeTree: root})
		b.want(len(got) == 0, "the tree %q gave %d grains of others", root, len(got))
	}
}

func scanStable(b *bench) {
	standing := map[string]bool{}
	var moving []store.Stored
	for i := range 12 {
		s := b.add(fmt.Sprint("grain ", i))
		if i%3 == 0 {
			moving = append(moving, s)
		} else {
			standing[s.Hash] = true
		}
	}
	seen := map[string]int{}
	for after, n := "", 0; ; n++ {
		page, err := b.Grains.Scan(b.ctx, b.mem, store.Filter{}, after, 2)
		b.done("a page of a scan", err)
		b.want(len(page.Grains) <= 2, "a page of 2 holds %d grains", len(page.Grains))
		for _, g := range page.Grains {
			seen[g.Hash]++
		}
		if page.Next == "" {
			break
		}
		b.want(n < 100, "a scan does not come to its end")
		after = page.Next
		if n < len(moving) {
			b.add(fmt.Sprint("meanwhile ", n))
			if n%2 == 0 {
				b.forget(moving[n])
			} else {
				b.supersede(moving[n], fmt.Sprint("newer ", n))
			}
		}
	}
	for h := range standing {
		b.want(seen[h] == 1, "a grain that stood throughout a scan was returned %d times", seen[h])
	}
}

func scanNewest(b *bench) {
	work := "work"
	first := b.add("first", spaced(work), about("ann"), telling("tea"))
	b.add("other", telling("milk"))
	second := b.add("second", spaced(work), about("bob"), telling("tea"))
	third := b.add("third", spaced(work), about("ann"), telling("tea"))
	first = b.supersede(first, "newer", spaced(work), about("ann"), telling("tea"))
	for _, f := range []store.Filter{{Namespace: &work, Newest: true}, {Subject: blind("tea"), Newest: true}} {
		left := []store.Stored{first, third, second}
		for after := ""; len(left) > 0; {
			page, err := b.Grains.Scan(b.ctx, b.mem, f, after, 2)
			b.done("a scan of the newest", err)
			for _, g := range page.Grains {
				b.want(len(left) > 0 && g.Hash == left[0].Hash, "a scan of the newest gave %+v out of turn", shown(g))
				left = left[1:]
			}
			if after = page.Next; after == "" {
				b.want(len(left) == 0, "a scan of the newest left out %d grains", len(left))
				break
			}
		}
	}
}

func scanTotal(b *bench) {
	for i := range 5 {
		b.add(fmt.Sprint(i), about("ann"))
	}
	b.add("other")
	for _, c := range []struct {
		filter store.Filter
		want   int
	}{{store.Filter{}, 6}, {store.Filter{Person: "ann"}, 5}, {store.Filter{Person: "bob"}, 0}} {
		for after := ""; ; {
			page, err := b.Grains.Scan(b.ctx, b.mem, c.filter, after, 2)
			b.done("a scan", err)
			b.want(page.Total == c.want || page.Total == -1, "a scan of %d grains says that they are %d", c.want, page.Total)
			if after = page.Next; after == "" {
				break
			}
		}
	}
}

func statsCount(b *bench) {
	other := b.in("acme", "other")
	other.add("elsewhere")
	a := b.add("a")
	b.add("b", spaced("work"), typed("event"))
	b.forget(b.add("c"))
	b.supersede(a, "a2", func(s *store.Stored) { s.Namespace = "Moved" })
	for range 2 {
		got, err := b.Counter.Count(b.ctx, b.mem)
		b.done("counting", err)
		b.want(got.Grains == 2 && got.Types["belief"] == 1 && got.Types["event"] == 1 && len(got.Types) == 2,
			"2 current grains were counted as %d: %v", got.Grains, got.Types)
		b.want(len(got.Namespaces) == 2, "current grains stand in 2 namespaces, counted were %q", got.Namespaces)
		b.reopen()
	}
}
