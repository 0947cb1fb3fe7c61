package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

type allDeliveriesInput struct {
	InMemory
	Status string `query:"status" enum:"pending,held,delivered,dead,cancelled,skipped,expired,discarded"`
	Since  string `query:"since" doc:"Only with a last attempt at or after this time, RFC 3339"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

func (a *API) allDeliveries(ctx context.Context, in *allDeliveriesInput) (*deliveriesAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	hooks, err := a.cfg.Hooks.List(ctx, m)
	if err != nil {
		return nil, err
	}
	return a.listDeliveries(ctx, m, hooks, delivery.Query{Status: delivery.Status(in.Status), After: in.Cursor, Limit: in.Limit}, in.Since)
}

type oneDeliveryInput struct {
	InMemory
	Delivery string `path:"delivery" maxLength:"256" doc:"dlv_…"`
}

func (a *API) oneDelivery(ctx context.Context, in *oneDeliveryInput) (*deliveryAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := a.deliveryRecord(ctx, m, "", in.Delivery)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Hooks.Get(ctx, m, r.Job.Hook)
	if err != nil {
		return nil, err
	}
	return a.wholeDelivery(ctx, h, r)
}

// wholeDelivery is a delivery with its attempts and its body as it would be
// sent now.
func (a *API) wholeDelivery(ctx context.Context, h hook.Hook, r delivery.Record) (*deliveryAnswer, error) {
	d, err := a.cfg.Inspect.Deliveries(ctx, h.Memory, []hook.Hook{h}, []delivery.Record{r})
	if err != nil {
		return nil, err
	}
	shown := deliveryWhole(h, d[0])
	return &shown, nil
}
