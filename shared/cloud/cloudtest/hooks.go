package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

var hookRules = []Rule{
	{"hooks/are put on condition", "it is refused with fault.Conflict unless the stored version is h.Version (0 = absent)", hookVersions},
	{"hooks/one of several putters wins", "it is refused with fault.Conflict unless the stored version is h.Version (0 = absent)", hookRace},
	{"hooks/are durable and intact", "A put is durable when it returns", hookIntact},
	{"hooks/list in order of making", "List returns a memory's hooks in the order of their making.", hookLists},
	{"hooks/absent", "Deleting what is not there is no error.", hookAbsent},
}

func hookVersions(b *bench) {
	h := b.hook("h")
	b.want(h.Version == 1, "a new hook has version %d", h.Version)
	same := h
	same.Version, same.Name = 0, "made twice"
	_, err := b.Hooks.Put(b.ctx, same)
	b.refused("making a hook that is there", err, fault.Conflict)
	stale := h
	h.Name = "changed"
	h = b.put(h)
	b.want(h.Version == 2, "a hook that was put twice has version %d", h.Version)
	for _, version := range []int{1, 3} {
		stale.Version, stale.Name = version, "stale"
		_, err = b.Hooks.Put(b.ctx, stale)
		b.refused("putting a hook that was changed meanwhile", err, fault.Conflict)
	}
	b.crash()
	got, err := b.Hooks.Get(b.ctx, b.mem, "h")
	b.done("reading a hook", err)
	b.want(got.Name == "changed" && got.Version == 2, "a refused put left %q, version %d", got.Name, got.Version)
	none := h
	none.ID, none.Version = "none", 2
	_, err = b.Hooks.Put(b.ctx, none)
	b.refused("changing a hook that is not there", err, fault.Conflict)
	b.done("deleting a hook", b.HookRemover.Remove(b.ctx, b.mem, "h"))
	_, err = b.Hooks.Put(b.ctx, h)
	b.refused("changing a hook that was deleted", err, fault.Conflict)
}

func hookRace(b *bench) {
	const n = 8
	h := b.hook("h")
	errs := side(n, func(i int) error {
		mine := h
		mine.Name = fmt.Sprint(i)
		_, err := b.Hooks.Put(b.ctx, mine)
		return err
	})
	b.want(succeeded(errs) == 1, "%d of %d putters of one version succeeded", succeeded(errs), n)
	for i, err := range errs {
		if err != nil {
			b.refused("a put that came second", err, fault.Conflict)
			continue
		}
		got, err := b.Hooks.Get(b.ctx, b.mem, "h")
		b.done("reading a hook", err)
		b.want(got.Name == fmt.Sprint(i), "putter %d won, the hook is %q", i, got.Name)
	}
}

// shape is what of a hook its caller gave, for comparing.
func shape(h hook.Hook) string {
	namespace := "all"
	if h.Namespace != nil {
		namespace = "exactly " + *h.Namespace
	}
	var secret, risk string
	if h.Secret != nil {
		secret = fmt.Sprintf("%x %x %d", h.Secret.Box, h.Secret.Previous, h.Secret.Until)
	}
	if h.PIIRisk != nil {
		risk = fmt.Sprint(*h.PIIRisk)
	}
	return fmt.Sprintf("%q %v %q %q %s %q %s %v %s %v %s %s %d %s [%s] %d %d", h.ID, h.Memory, h.Name, h.Description, h.Mode, h.URL,
		h.Dialect, h.Causes, namespace, h.Pattern.JSON(), h.Redaction, risk, h.MaxRetries, h.State, secret, h.CreatedAt, h.Version)
}

func hookIntact(b *bench) {
	empty := ""
	want := []hook.Hook{
		b.hook("plain"),
		b.hook("full", speaks(dialect.REM), only(events.Created, events.Forgotten), inSpace("work \U0001f600"), func(h *hook.Hook) {
			h.Description, h.Redaction, h.MaxRetries, h.State = "two\nlines", "hash_only", 20, hook.Paused
			h.PIIRisk = &hook.Acknowledgement{At: 17, KeyID: "key_1"}
			h.Secret = &hook.SealedSecret{Box: []byte{0, 255}, Previous: []byte{1}, Until: 99}
		}, b.filter(map[string]any{"tags": []any{map[string]any{"prefix": "a"}}, "user_id": []any{"ann"}})),
		b.hook("polled", polled, func(h *hook.Hook) { h.Namespace, h.MaxRetries = &empty, 0 }),
	}
	for range 2 {
		b.crash()
		for _, h := range want {
			got, err := b.Hooks.Get(b.ctx, b.mem, h.ID)
			b.done("reading a hook", err)
			b.want(shape(got) == shape(h) && got.Since == h.Since, "hook %s is read as %s", shape(h), shape(got))
		}
	}
}

func hookLists(b *bench) {
	other := b.in("acme", "other")
	none, err := b.Hooks.List(b.ctx, b.mem)
	b.done("listing no hooks", err)
	b.want(len(none) == 0, "a memory without hooks lists %d", len(none))
	for _, id := range []string{"c", "a", "b"} {
		b.hook(id)
		other.hook("other "+id, polled)
	}
	b.turn("c", hook.Paused) // a change is no making
	b.done("deleting a hook", b.HookRemover.Remove(b.ctx, b.mem, "a"))
	b.hook("a")
	for range 2 {
		all, err := b.Hooks.List(b.ctx, b.mem)
		b.done("listing hooks", err)
		var ids []string
		for _, h := range all {
			ids = append(ids, h.ID)
		}
		b.want(fmt.Sprint(ids) == "[c b a]", "hooks c b a are listed as %v", ids)
		b.reopen()
	}
}

func hookAbsent(b *bench) {
	_, err := b.Hooks.Get(b.ctx, b.mem, "none")
	b.refused("reading a hook that is not there", err, fault.NotFound)
	b.done("deleting a hook that is not there", b.HookRemover.Remove(b.ctx, b.mem, "none"))
	b.hook("h")
	b.in("acme", "other")
	_, err = b.Hooks.Get(b.ctx, b.in("acme", "other").mem, "h")
	b.refused("reading another memory's hook", err, fault.NotFound)
	for range 2 {
		b.done("deleting a hook", b.HookRemover.Remove(b.ctx, b.mem, "h"))
		_, err = b.Hooks.Get(b.ctx, b.mem, "h")
		b.refused("reading a deleted hook", err, fault.NotFound)
		b.crash()
	}
}
