package httpapi

import (
	"context"
	"net/http"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// areevDeliveryRoutes are what is sent to a hook, and what was.
func (a *API) areevDeliveryRoutes() []endpoint {
	routes := []endpoint{
		{Method: http.MethodPost, Path: areevHook + "/test", ID: "test-hook", Scope: auth.Write, Tag: tagHooks, Summary: "Send one marked sample; it counts nowhere", Handler: handle(a.testOneHook)},
		{
			Method: http.MethodPost, Path: areevHook + "/rotate-secret", ID: "rotate-hook-secret", Scope: auth.Write, Tag: tagHooks,
			Summary: "Give a hook a new secret; both sign for the overlap", Example: `{"overlap_seconds":3600}`, Handler: handle(a.rotateHookSecret),
		},
		{Method: http.MethodGet, Path: areevHook + "/deliveries", ID: "list-deliveries", Scope: auth.Read, Tag: tagHooks, Summary: "List deliveries, newest first", Handler: handle(a.hookDeliveries)},
		{
			Method: http.MethodPost, Path: areevHook + "/deliveries/{delivery}/redeliver", ID: "redeliver-delivery", Scope: auth.Write, Tag: tagHooks,
			Summary: "Send an event again, under the same event id and a new delivery id", Handler: handle(a.redeliverOne),
		},
		{
			Method: http.MethodPost, Path: areevHook + "/replay", ID: "replay", Scope: auth.Write, Tag: tagHooks,
			Summary: "Send past events again: a range of seq, a range of time, or all that failed", Example: `{"failed_since":"2026-04-13T10:30:00Z","dry_run":true}`, Handler: handle(a.replay),
		},
	}
	return append(routes, a.areevDeadLetterRoutes()...)
}

type areevDeadLettersInput struct {
	InMemory
	Hook   string `query:"hook" doc:"Only of this hook"`
	Since  string `query:"since" doc:"Only with a last attempt at or after this time, RFC 3339"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

type areevDeadLetterInput struct {
	InMemory
	Delivery string `path:"delivery" doc:"dlv_…"`
}

type areevDiscardInput struct {
	InMemory
	Delivery string `path:"delivery" doc:"dlv_…"`
	Reason   string `query:"reason" doc:"Why it is closed, for those who read the list: at most 200 bytes"`
}

type areevRedriveInput struct {
	InMemory
	Body redriveBody
}

func (a *API) areevDeadLetterRoutes() []endpoint {
	return deadLetterTable(
		areevMemory+"/dead-letters", "-of-memory",
		handle(func(ctx context.Context, in *areevDeadLettersInput) (*deadLettersAnswer, error) {
			return a.deadLetters(ctx, in.ID, delivery.Query{Hook: in.Hook, After: in.Cursor, Limit: in.Limit}, in.Since)
		}),
		handle(func(ctx context.Context, in *areevDeadLetterInput) (*deliveryAnswer, error) {
			return a.deadLetter(ctx, in.ID, in.Delivery)
		}),
		handle(func(ctx context.Context, in *areevDeadLetterInput) (*redrivenAnswer, error) {
			return a.redriveDeadLetter(ctx, in.ID, in.Delivery)
		}),
		handle(func(ctx context.Context, in *areevDiscardInput) (*deletedAnswer, error) {
			return a.discardDeadLetter(ctx, in.ID, in.Delivery, in.Reason)
		}),
		handle(func(ctx context.Context, in *areevRedriveInput) (*redrivenAnswer, error) {
			return a.redriveDeadLetters(ctx, in.ID, in.Body)
		}),
	)
}

func (a *API) testOneHook(ctx context.Context, in *InHook) (*testAnswer, error) {
	h, err := a.posted(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.testHook(ctx, h)
}

type rotateHookInput struct {
	InHook
	Body *rotateBody
}

func (a *API) rotateHookSecret(ctx context.Context, in *rotateHookInput) (*rotatedAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	return a.rotateHook(ctx, h, in.Body)
}

type redeliverOneInput struct {
	InHook
	Delivery string `path:"delivery" doc:"dlv_…"`
}

func (a *API) redeliverOne(ctx context.Context, in *redeliverOneInput) (*redrivenAnswer, error) {
	h, err := a.posted(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	return a.redriveOne(ctx, h.Memory, h.ID, in.Delivery)
}

// posted is a hook that is posted to; what is only polled has no deliveries.
func (a *API) posted(ctx context.Context, in InHook) (hook.Hook, error) {
	h, err := a.hookOf(ctx, in)
	if err == nil && h.Mode == hook.CDC {
		err = fault.New(fault.Conflict, "this hook is polled, nothing is posted: read GET …/hooks/%s/events from any place instead", h.ID)
	}
	return h, err
}

type hookDeliveriesInput struct {
	InHook
	Status string `query:"status" enum:"pending,held,delivered,dead,cancelled,skipped,expired,discarded"`
	Since  string `query:"since" doc:"Only with a last attempt at or after this time, RFC 3339"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

func (a *API) hookDeliveries(ctx context.Context, in *hookDeliveriesInput) (*deliveriesAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	return a.deliveriesOf(ctx, h, delivery.Query{Status: delivery.Status(in.Status), After: in.Cursor, Limit: in.Limit}, in.Since)
}
