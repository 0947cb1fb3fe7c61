package main

import (
	"context"
	"fmt"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type deliveriesCommand struct {
	inMemory

	List      deliveriesListCommand      `cmd:"" help:"List deliveries, newest first."`
	Show      deliveriesShowCommand      `cmd:"" help:"Show a delivery, attempt by attempt, with its body as its hook may see it."`
	Redeliver deliveriesRedeliverCommand `cmd:"" help:"Send a delivery's event again."`
}

// newest stands for the newest delivery where an id is asked for.
const newest = "latest"

// oneDelivery names a delivery.
type oneDelivery struct {
	Delivery string `arg:"" help:"The delivery's id (dlv_…), or latest."`
}

// newestOf is the id of the first of a listing where ref is latest, else ref.
func (m *inMemory) newestOf(ctx context.Context, w world, name, ref string) (string, error) {
	if ref != newest {
		return ref, nil
	}
	l := listings[name]
	items, _, err := m.collect(ctx, w, l, map[string]string{"memory": m.Memory}, client.Query(), 1)
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", fmt.Errorf("memory %s has no %s", m.Memory, name)
	}
	d, err := client.Parse(items[0])
	return d.Text("id"), err
}

type deliveriesListCommand struct {
	pages

	Hook   string `placeholder:"HOOK" help:"Only of this hook, by id or name."`
	Status string `placeholder:"STATUS" help:"Only pending, held, delivered, dead, cancelled, skipped, expired or discarded ones."`
	Since  string `placeholder:"TIME" help:"Only with a last attempt since then: RFC 3339, or how long ago, as in 90m."`
}

// Run prints the table.
func (c deliveriesListCommand) Run(ctx context.Context, w world, m *inMemory) error {
	if err := c.check(); err != nil {
		return err
	}
	from, err := since("--since", c.Since, w.now())
	if err != nil {
		return err
	}
	name, in := "deliveries", map[string]string{"memory": m.Memory}
	if c.Hook != "" {
		id, err := m.hookID(ctx, w, c.Hook)
		if err != nil {
			return err
		}
		name, in["hook"] = "hook deliveries", id
	}
	return m.list(ctx, w, name, in, client.Query("cursor", c.Cursor, "status", c.Status, "since", from), c.Limit)
}

type deliveriesShowCommand struct{ oneDelivery }

// Run prints the delivery.
func (c deliveriesShowCommand) Run(ctx context.Context, w world, m *inMemory) error {
	id, err := m.newestOf(ctx, w, "deliveries", c.Delivery)
	if err != nil {
		return err
	}
	return m.change(ctx, w, "GET", m.path("deliveries", id), nil, nil)
}

type deliveriesRedeliverCommand struct{ oneDelivery }

// Run queues the event anew.
func (c deliveriesRedeliverCommand) Run(ctx context.Context, w world, m *inMemory) error {
	id, err := m.newestOf(ctx, w, "deliveries", c.Delivery)
	if err != nil {
		return err
	}
	hook, _, _, ok := delivery.ParseID(id)
	if !ok {
		return usagef("%q is no delivery's id: %s shows them", id, m.hint("deliveries list"))
	}
	return m.change(ctx, w, "POST", m.path("hooks", hook, "deliveries", id, "redeliver"), nil, nil)
}
