package fanout_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

var memory = change.Memory{Tenant: "main", ID: "default"}

// filters are of all sorts: hooks are kept by what those ask for that list a
// field's values and nothing else.
var filters = []map[string]any{
	{}, {}, {"user_id": []any{"ann"}}, {"user_id": []any{"ann", "bob"}, "namespace": []any{"default"}}, {"namespace": []any{"default", "other"}},
	{"namespace": []any{"default", map[string]any{"exists": false}}}, {"namespace": []any{map[string]any{"prefix": "o"}}},
	{"user_id": []any{map[string]any{"anything-but": "ann"}}, "grain_type": []any{"belief"}}, {"event_type": []any{"grain_created", "memory.created"}},
	{"event_type": []any{"crypto_erase", "memory.deleted"}, "grain_type": []any{"belief"}},
}

// drawn is a batch of changes, hooks of all sorts, and a place in the log.
func drawn(t *rapid.T) ([]fanout.Item, fanout.Head, []hook.Hook) {
	head := fanout.Head{Seq: rapid.Int64Range(0, 50).Draw(t, "head"), Seen: map[string]int64{}}
	space := rapid.SampledFrom([]string{"", "default", "other"})
	hooks := make([]hook.Hook, rapid.IntRange(0, 5).Draw(t, "hooks"))
	for i := range hooks {
		h := hook.Hook{
			ID: fmt.Sprintf("hook-%d", i), Memory: memory, Dialect: rapid.SampledFrom(dialect.Names()).Draw(t, "dialect"),
			Since: rapid.Int64Range(0, head.Seq+5).Draw(t, "since"),
		}
		if rapid.Bool().Draw(t, "in a namespace") {
			ns := space.Draw(t, "namespace")
			h.Namespace = &ns
		}
		h.Pattern = parsed(t, rapid.SampledFrom(filters).Draw(t, "filter"))
		for _, row := range events.Catalog {
			if rapid.IntRange(0, 3).Draw(t, "cause") == 0 {
				h.Causes = append(h.Causes, row.Cause)
			}
		}
		hooks[i] = h
		head.Seen[h.ID] = rapid.Int64Range(0, head.Seq).Draw(t, "seen")
	}
	items := make([]fanout.Item, rapid.IntRange(0, 12).Draw(t, "items"))
	for i := range items {
		row := rapid.SampledFrom(events.Catalog).Draw(t, "event")
		items[i].Change = change.Change{ID: fmt.Sprint(i), Memory: memory, Cause: row.Cause, Namespace: space.Draw(t, "in"),
			UserID: rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(t, "person"), GrainType: rapid.SampledFrom([]string{"belief", "event"}).Draw(t, "type")}
	}
	return items, head, hooks
}

// sees is the rule, said again: who is told of what.
func sees(h hook.Hook, seq int64, c change.Change) bool {
	wide := c.Cause == events.Erased || c.Cause == events.Rotated
	return seq > h.Since && dialect.Name(h.Dialect, c.Cause) != "" &&
		(h.Pattern.MatchMetadata(hook.Fields(&c, nil)) || wide && !h.Pattern.Names("event_type")) &&
		(len(h.Causes) == 0 || slices.Contains(h.Causes, c.Cause)) &&
		(h.Namespace == nil || wide || *h.Namespace == c.Namespace)
}

func TestTheLogHasNoGapsAndEachHooksChainIsUnbroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, head, hooks := drawn(t)
		was := maps.Clone(head.Seen)
		entries := fanout.Plan(items, head, hook.NewSet(hooks))
		if len(entries) != len(items) {
			t.Fatalf("%d changes became %d entries", len(items), len(entries))
		}
		last := maps.Clone(head.Seen)
		for i, e := range entries {
			if e.Seq != head.Seq+int64(i)+1 || !reflect.DeepEqual(e.Change, items[i].Change) {
				t.Fatalf("entry %d has seq %d and change %s", i, e.Seq, e.Change.ID)
			}
			for _, h := range hooks {
				match, ok := e.For(h.ID)
				if want := sees(h, e.Seq, e.Change); ok != want {
					t.Fatalf("seq %d (%s in %q), hook %+v: seen %v, want %v", e.Seq, e.Change.Cause, e.Change.Namespace, h, ok, want)
				}
				if ok && match.Prev != last[h.ID] {
					t.Fatalf("seq %d says that %s saw %d before, it saw %d", e.Seq, h.ID, match.Prev, last[h.ID])
				}
				if ok {
					last[h.ID] = e.Seq
				}
			}
		}
		if !maps.Equal(head.Seen, was) {
			t.Fatalf("the head that was given is changed")
		}
	})
}

// after is where a log stands after some entries.
func after(h fanout.Head, entries []feed.Entry) fanout.Head {
	next := fanout.Head{Seq: h.Seq + int64(len(entries)), Seen: maps.Clone(h.Seen)}
	for _, e := range entries {
		for _, m := range e.Matches {
			next.Seen[m.Hook] = e.Seq
		}
	}
	return next
}

func TestABatchPlansAlikeWholeAndInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, head, hooks := drawn(t)
		whole := fanout.Plan(items, head, hook.NewSet(hooks))
		cut := rapid.IntRange(0, len(items)).Draw(t, "cut")
		first := fanout.Plan(items[:cut], head, hook.NewSet(hooks))
		second := fanout.Plan(items[cut:], after(head, first), hook.NewSet(hooks))
		if got := append(first, second...); !reflect.DeepEqual(got, whole) {
			t.Fatalf("in parts %+v, whole %+v", got, whole)
		}
		if again := fanout.Plan(items, head, hook.NewSet(hooks)); !reflect.DeepEqual(again, whole) {
			t.Fatalf("a repeated plan differs")
		}
	})
}

func parsed(t rapid.TB, tree map[string]any) pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFiltersSeeContentMetadataAndNames(t *testing.T) {
	items := []fanout.Item{
		{Change: change.Change{Cause: events.Created, Namespace: "a", GrainType: "belief", UserID: "ann"}, View: change.View{"subject": "Ada", "tags": []any{"x", "y"}}},
		{Change: change.Change{Cause: events.Created, Namespace: "b", GrainType: "event", ScopePath: "acme/prod"}, View: change.View{"subject": "Bob"}},
		{Change: change.Change{Cause: events.Forgotten, Namespace: "a", GrainType: "belief"}, View: change.View{"subject": "Ada"}},
		{Change: change.Change{Cause: events.Superseded, Namespace: "a"}}, // its content is gone
		{Change: change.Change{Cause: events.Erased, UserID: "ann"}},
		{Change: change.Change{Cause: events.Rotated}},
	}
	for _, tc := range []struct {
		name string
		tree map[string]any
		want []int64
	}{
		{"none", map[string]any{}, []int64{1, 2, 3, 4, 5, 6}},
		{"subject", map[string]any{"subject": []any{"Ada"}}, []int64{1, 3, 5, 6}},
		{"any tag", map[string]any{"tags": []any{"y"}}, []int64{1, 5, 6}},
		{"person", map[string]any{"user_id": []any{"nobody"}}, []int64{5, 6}},
		{"scope", map[string]any{"scope_path": []any{map[string]any{"prefix": "acme/"}}}, []int64{2, 5, 6}},
		{"type and namespace", map[string]any{"grain_type": []any{"belief"}, "namespace": []any{"a"}}, []int64{1, 3, 5, 6}},
		{"event type", map[string]any{"event_type": []any{"grain_created"}}, []int64{1, 2}},
		{"event type by its other name", map[string]any{"event_type": []any{"memory.deleted"}}, []int64{3}},
		{"wide event by type", map[string]any{"event_type": []any{"crypto_erase"}}, []int64{5}},
		{"wide event by type and more", map[string]any{"event_type": []any{"crypto_erase"}, "user_id": []any{"bob"}}, nil},
	} {
		entries := fanout.Plan(items, fanout.Head{}, hook.NewSet([]hook.Hook{{ID: "h", Dialect: dialect.Areev, Pattern: parsed(t, tc.tree)}}))
		if got := seqs(entries, "h"); !slices.Equal(got, tc.want) {
			t.Errorf("%s: the hook sees %v, want %v", tc.name, got, tc.want)
		}
	}
}

func seqs(entries []feed.Entry, id string) []int64 {
	var out []int64
	for _, e := range entries {
		if _, ok := e.For(id); ok {
			out = append(out, e.Seq)
		}
	}
	return out
}

func TestARecallWithoutNamespaceReachesHooksWithoutOne(t *testing.T) {
	in := "default"
	hooks := []hook.Hook{{ID: "all", Dialect: dialect.REM}, {ID: "one", Dialect: dialect.REM, Namespace: &in}, {ID: "areev", Dialect: dialect.Areev}}
	entries := fanout.Plan([]fanout.Item{
		{Change: change.Change{Cause: events.Recalled}},
		{Change: change.Change{Cause: events.Recalled, Namespace: in}},
	}, fanout.Head{}, hook.NewSet(hooks))
	for id, want := range map[string][]int64{"all": {1, 2}, "one": {2}, "areev": nil} {
		if got := seqs(entries, id); !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", id, got, want)
		}
	}
}

func TestAHookSeesNothingFromBeforeItsMaking(t *testing.T) {
	items := []fanout.Item{{Change: change.Change{Cause: events.Created}}, {Change: change.Change{Cause: events.Created}}}
	entries := fanout.Plan(items, fanout.Head{Seq: 7}, hook.NewSet([]hook.Hook{{ID: "h", Dialect: dialect.REM, Since: 8}}))
	if got := seqs(entries, "h"); !slices.Equal(got, []int64{9}) {
		t.Errorf("it sees %v", got)
	}
	if m, _ := entries[1].For("h"); m.Prev != 0 {
		t.Errorf("its first event names %d as the one before", m.Prev)
	}
}

// A change that the log learns of after its commit is told to a hook that was
// made before it, or less than the clocks may differ after it.
func TestACommitTimeDecidesBesideTheSeq(t *testing.T) {
	items := []fanout.Item{{Change: change.Change{Cause: events.Created}, Committed: 10_000}}
	for _, c := range []struct {
		made, since int64
		sees        bool
	}{{9_000, 0, true}, {10_000, 0, true}, {11_000, 0, true}, {11_001, 0, false}, {9_000, 1, false}} {
		h := hook.Hook{ID: "h", Dialect: dialect.Areev, CreatedAt: c.made, Since: c.since}
		entries := fanout.Plan(items, fanout.Head{}, hook.NewSet([]hook.Hook{h}))
		if got := len(entries[0].Matches) == 1; got != c.sees {
			t.Errorf("a hook made at %d with since %d sees a change of 10000: %v, want %v", c.made, c.since, got, c.sees)
		}
	}
}
