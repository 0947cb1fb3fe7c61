package main

import (
	"context"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type deadLettersCommand struct {
	inMemory

	List    deadLettersListCommand    `cmd:"" help:"List dead letters, newest first."`
	Show    deadLettersShowCommand    `cmd:"" help:"Show a dead letter with its body as its hook may see it."`
	Redrive deadLettersRedriveCommand `cmd:"" help:"Send dead letters again: one, some, or all of a hook or since a time."`
	Discard deadLettersDiscardCommand `cmd:"" help:"Close dead letters without sending them."`
}

type deadLettersListCommand struct {
	pages

	Hook  string `placeholder:"HOOK" help:"Only of this hook, by id or name."`
	Since string `placeholder:"TIME" help:"Only with a last attempt since then: RFC 3339, or how long ago, as in 90m."`
}

// Run prints the table.
func (c deadLettersListCommand) Run(ctx context.Context, w world, m *inMemory) error {
	if err := c.check(); err != nil {
		return err
	}
	from, err := since("--since", c.Since, w.now())
	if err != nil {
		return err
	}
	hook, err := m.optionalHook(ctx, w, c.Hook)
	if err != nil {
		return err
	}
	query := client.Query("cursor", c.Cursor, "hook", hook, "since", from)
	return m.list(ctx, w, "dead letters", map[string]string{"memory": m.Memory}, query, c.Limit)
}

// optionalHook is hookID where a hook is named.
func (m *inMemory) optionalHook(ctx context.Context, w world, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	return m.hookID(ctx, w, ref)
}

type deadLettersShowCommand struct{ oneDelivery }

// Run prints the dead letter.
func (c deadLettersShowCommand) Run(ctx context.Context, w world, m *inMemory) error {
	id, err := m.newestOf(ctx, w, "dead letters", c.Delivery)
	if err != nil {
		return err
	}
	return m.change(ctx, w, "GET", m.path("dead-letters", id), nil, nil)
}

type deadLettersRedriveCommand struct {
	Deliveries []string `arg:"" optional:"" name:"delivery" help:"Ids (dlv_…), or latest; else say --hook, --since or --all."`
	Hook       string   `placeholder:"HOOK" help:"Those of this hook, by id or name."`
	Since      string   `placeholder:"TIME" help:"Those with a last attempt since then: RFC 3339, or how long ago, as in 90m."`
	All        bool     `help:"Every one of the memory."`
	DryRun     bool     `help:"Only count and list."`
}

// Run sends them again.
func (c deadLettersRedriveCommand) Run(ctx context.Context, w world, m *inMemory) error {
	some := c.Hook != "" || c.Since != ""
	switch {
	case len(c.Deliveries) > 0 && (some || c.All || c.DryRun):
		return usagef("ids stand alone: leave the flags out")
	case len(c.Deliveries) > 0:
		return m.each(ctx, w, "sending again", c.Deliveries, func(id string) ([]byte, error) {
			return m.call(ctx, w, "POST", m.path("dead-letters", id, "redrive"), nil, nil)
		})
	case some == c.All:
		return usagef("say which: ids of dead letters, --hook and --since, or --all")
	}
	from, err := since("--since", c.Since, w.now())
	if err != nil {
		return err
	}
	hook, err := m.optionalHook(ctx, w, c.Hook)
	if err != nil {
		return err
	}
	raw, err := m.redriveAll(ctx, w, redrive{hook, from, c.All, c.DryRun})
	if err != nil {
		return err
	}
	return m.print(w, raw)
}

// redrive is the request that sends dead letters again.
type redrive struct {
	Hook   string `json:"hook,omitempty"`
	Since  string `json:"since,omitempty"`
	All    bool   `json:"all,omitempty"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// redriveAll is one call, which does not tell how far it has come.
func (m *inMemory) redriveAll(ctx context.Context, w world, what redrive) ([]byte, error) {
	defer w.screen.Elapsed("sending again")()
	return m.call(ctx, w, "POST", m.path("dead-letters", "redrive"), nil, what)
}

type deadLettersDiscardCommand struct {
	Deliveries []string `arg:"" name:"delivery" help:"Ids (dlv_…), or latest."`
	Reason     string   `placeholder:"TEXT" help:"Why, kept with the delivery."`
}

// Run closes them.
func (c deadLettersDiscardCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return m.each(ctx, w, "closing", c.Deliveries, func(id string) ([]byte, error) {
		return m.call(ctx, w, "DELETE", m.path("dead-letters", id), client.Query("reason", c.Reason), nil)
	})
}

// each does something to one dead letter after the other and prints each
// answer. It ends at the first that fails.
func (m *inMemory) each(ctx context.Context, w world, what string, refs []string, do func(id string) ([]byte, error)) error {
	bar := w.screen.Bar(what, len(refs))
	defer bar.End()
	for i, ref := range refs {
		id, err := m.newestOf(ctx, w, "dead letters", ref)
		if err != nil {
			return err
		}
		raw, err := do(id)
		if err != nil {
			return err
		}
		bar.At(i + 1)
		bar.End()
		if err := m.print(w, raw); err != nil {
			return err
		}
	}
	return nil
}
