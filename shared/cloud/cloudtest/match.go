package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var matchRules = []Rule{
	{"match/from the hook's making on", "every change whose write began after that is matched against it", matchSince},
	{"match/chain of prev is unbroken", "the seq of the entry it saw before (0 = none): a consumer that misses one can tell", matchChain},
	{"match/filters", "A hook sees a change unless its dialect has no name for it, its settings exclude it, or the change was committed before the hook existed.", matchFilters},
	{"match/content", "View is a grain's content as filters see it.", matchContent},
	{"match/follows a changed hook", "every change whose write began after that is matched against it", matchChanged},
}

// setting changes a hook that is being built.
type setting func(*hook.Hook)

func polled(h *hook.Hook)              { h.Mode, h.URL = hook.CDC, "" }
func speaks(dialect string) setting    { return func(h *hook.Hook) { h.Dialect = dialect } }
func only(c ...events.Cause) setting   { return func(h *hook.Hook) { h.Causes = c } }
func inSpace(namespace string) setting { return func(h *hook.Hook) { h.Namespace = &namespace } }

// hook makes a hook that wants everything its dialect has, unless settings say
// something else.
func (b *bench) hook(id string, settings ...setting) hook.Hook {
	h := hook.Hook{
		ID: id, Memory: b.mem, Name: "hook " + id, Mode: hook.Webhook, URL: "https://receiver.example/" + id,
		Dialect: dialect.Areev, Redaction: "full", MaxRetries: 3, State: hook.Active, CreatedAt: b.now(),
	}
	for _, s := range settings {
		s(&h)
	}
	return b.put(h)
}

// put stores a hook over the version that it was read as.
func (b *bench) put(h hook.Hook) hook.Hook {
	put, err := b.Hooks.Put(b.ctx, h)
	b.done("putting hook "+h.ID, err)
	return put
}

// turn puts a hook in another state.
func (b *bench) turn(id string, state hook.State) {
	h, err := b.Hooks.Get(b.ctx, b.mem, id)
	b.done("reading hook "+id, err)
	h.State = state
	b.put(h)
}

// seen returns the seqs that a hook sees, and ends the rule where its chain is
// broken.
func (b *bench) seen(id string) []int64 {
	var seqs []int64
	prev := int64(0)
	for _, e := range b.entries() {
		if m, ok := e.For(id); ok {
			b.want(m.Prev == prev, "hook %s saw seq %d before %d, the match says %d", id, prev, e.Seq, m.Prev)
			prev, seqs = e.Seq, append(seqs, e.Seq)
		}
	}
	return seqs
}

func (b *bench) sees(id string, want ...int64) {
	got := b.seen(id)
	b.want(fmt.Sprint(got) == fmt.Sprint(want), "hook %s sees the entries %v, not %v", id, got, want)
}

func matchSince(b *bench) {
	b.add("before")
	b.idle()
	b.pass(longBefore)
	b.hook("first")
	b.add("between")
	b.idle()
	b.pass(longBefore)
	b.hook("second", polled)
	b.add("after")
	b.sees("first", 2, 3)
	b.sees("second", 3)
	b.reopen()
	b.add("later")
	b.sees("first", 2, 3, 4)
	b.sees("second", 3, 4)
}

func matchChain(b *bench) {
	b.hook("all")
	b.hook("work", inSpace("work"))
	b.hook("forgotten", only(events.Forgotten), polled)
	for i := range 3 {
		a := b.add(fmt.Sprint("a", i))
		w := b.add(fmt.Sprint("w", i), spaced("work"))
		if i%2 == 0 {
			b.forget(a)
		}
		b.supersede(w, fmt.Sprint("w next ", i))
		if i == 1 {
			b.crash()
		}
	}
	b.write(b.adding(b.grain("x", spaced("work"))), b.adding(b.grain("y")), b.adding(b.grain("z", spaced("work"))))
	b.sees("all", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
	b.sees("work", 2, 4, 6, 7, 9, 11, 12, 14)
	b.sees("forgotten", 3, 10)
}

func matchFilters(b *bench) {
	work, none := "work", "none"
	for id, s := range map[string]setting{
		"everything": func(*hook.Hook) {},
		"created":    only(events.Created),
		"work":       func(h *hook.Hook) { h.Namespace = &work },
		"none":       func(h *hook.Hook) { h.Namespace = &none },
		"rem":        speaks(dialect.REM),
		"standard":   speaks(dialect.Standard),
		"ann":        b.filter(map[string]any{"user_id": []any{"ann"}}),
		"rotation":   b.filter(map[string]any{"event_type": []any{"key_rotated"}}),
	} {
		b.hook(id, s, polled)
	}
	a := b.add("a")                                // 1
	w := b.add("w", spaced("work"), about("ann"))  // 2
	b.write(b.replacing(w.Hash, b.after(w, "w2"))) // 3
	b.forget(a)                                    // 4
	b.rotate()                                     // 5
	recall := b.tells(events.Recalled, store.Stored{Type: "", Namespace: "work"})
	b.write(store.Step{Change: recall}) // 6
	for id, want := range map[string][]int64{
		"everything": {1, 2, 3, 4, 5}, "created": {1, 2}, "work": {2, 3, 5}, "none": {5},
		"rem": {1, 2, 3, 4, 6}, "standard": {1, 2, 3, 4, 5}, "ann": {2, 3, 5}, "rotation": {5},
	} {
		b.sees(id, want...)
	}
	b.reopen()
	b.rotate()
	b.add("b")
	b.sees("everything", 1, 2, 3, 4, 5, 7, 8)
	b.sees("rotation", 5, 7)
	b.sees("work", 2, 3, 5, 7)
	b.sees("ann", 2, 3, 5, 7)
}

// filter is the setting of a pattern.
func (b *bench) filter(tree map[string]any) setting {
	p, err := pattern.Parse(tree)
	b.done("parsing a pattern", err)
	return func(h *hook.Hook) { h.Pattern = p }
}

func matchContent(b *bench) {
	b.hook("tea", b.filter(map[string]any{"subject": []any{"tea"}}), polled)
	tea := b.adding(b.grain("tea"))
	tea.View = change.View{"subject": "tea"}
	milk := b.adding(b.grain("milk"))
	milk.View = change.View{"subject": "milk"}
	b.write(milk)
	b.write(tea)
	b.write(b.adding(b.grain("neither")))
	b.sees("tea", 2)
	last := b.forgetting(*tea.Put)
	last.View = tea.View
	b.write(last, b.forgetting(*milk.Put))
	b.sees("tea", 2, 4)
}

func matchChanged(b *bench) {
	h := b.hook("h", inSpace("work"), polled)
	b.add("a", spaced("work"))
	b.add("b", spaced("play"))
	b.idle()
	b.pass(longBefore)
	play := "play"
	h.Namespace = &play
	h = b.put(h)
	b.add("c", spaced("work"))
	b.add("d", spaced("play"))
	b.sees("h", 1, 4)
	b.reopen()
	h.Namespace = nil
	b.put(h)
	b.add("e", spaced("work"))
	b.sees("h", 1, 4, 5)
}
