package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (a *API) deadLetterRoutes() []endpoint {
	return deadLetterTable(
		"/v1/dead-letters", "",
		handle(func(ctx context.Context, in *deadLettersInput) (*deadLettersAnswer, error) {
			return a.deadLetters(ctx, store.DefaultID, in.query(), in.Since)
		}),
		handle(func(ctx context.Context, in *deadLetterInput) (*deliveryAnswer, error) {
			return a.deadLetter(ctx, store.DefaultID, in.Delivery)
		}),
		handle(func(ctx context.Context, in *deadLetterInput) (*redrivenAnswer, error) {
			return a.redriveDeadLetter(ctx, store.DefaultID, in.Delivery)
		}),
		handle(func(ctx context.Context, in *discardInput) (*deletedAnswer, error) {
			return a.discardDeadLetter(ctx, store.DefaultID, in.Delivery, in.Reason)
		}),
		handle(func(ctx context.Context, in *redriveInput) (*redrivenAnswer, error) {
			return a.redriveDeadLetters(ctx, store.DefaultID, in.Body)
		}),
	)
}

// deadLetterTable is the same five routes for both APIs; suffix parts their
// operation ids.
func deadLetterTable(root, suffix string, list, show, redrive, discard, redriveAll handler) []endpoint {
	const tag = "Dead letters"
	return []endpoint{
		{
			Method: http.MethodGet, Path: root, ID: "list-dead-letters" + suffix, Scope: auth.Read, Tag: tag,
			Summary: "List deliveries that gave up, newest first, each with the body that its hook may see", Handler: list,
		},
		{
			Method: http.MethodGet, Path: root + "/{delivery}", ID: "get-dead-letter" + suffix, Scope: auth.Read, Tag: tag,
			Summary: "Show one dead letter", Handler: show,
		},
		{
			Method: http.MethodPost, Path: root + "/{delivery}/redrive", ID: "redrive-dead-letter" + suffix, Scope: auth.Write, Tag: tag,
			Summary: "Send one dead letter again", Handler: redrive,
		},
		{
			Method: http.MethodDelete, Path: root + "/{delivery}", ID: "discard-dead-letter" + suffix, Scope: auth.Write, Tag: tag,
			Summary: "Close one dead letter without sending it", Handler: discard,
		},
		{
			Method: http.MethodPost, Path: root + "/redrive", ID: "redrive-dead-letters" + suffix, Scope: auth.Write, Tag: tag,
			Summary: "Send dead letters again: of one hook, since a time, or all",
			Example: `{"since":"2026-04-13T10:30:00Z","dry_run":true}`, Handler: redriveAll,
		},
	}
}

type deadLettersInput struct {
	Hook   string `query:"hook" doc:"Only of this hook"`
	Since  string `query:"since" doc:"Only with a last attempt at or after this time, RFC 3339"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

func (in deadLettersInput) query() delivery.Query {
	return delivery.Query{Hook: in.Hook, After: in.Cursor, Limit: in.Limit}
}

type deadLetterInput struct {
	Delivery string `path:"delivery" doc:"dlv_…"`
}

type discardInput struct {
	Delivery string `path:"delivery" doc:"dlv_…"`
	Reason   string `query:"reason" doc:"Why it is closed, for those who read the list: at most 200 bytes"`
}

type redriveBody struct {
	Hook   string `json:"hook,omitempty" doc:"Only of this hook"`
	Since  string `json:"since,omitempty" doc:"Only with a last attempt at or after this time, RFC 3339"`
	All    bool   `json:"all,omitempty" doc:"Every dead letter of the memory; needed where neither hook nor since is given"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Only count and list"`
}

// query is which dead letters a body selects.
func (b redriveBody) query() (delivery.Query, error) {
	q := delivery.Query{Hook: b.Hook, Status: delivery.StatusDead, Limit: redrivePage}
	switch named := b.Hook != "" || b.Since != ""; {
	case !named && !b.All:
		return q, fault.New(fault.MissingField, `no dead letters are named: send hook, since or both, or "all": true for every one of the memory`)
	case named && b.All:
		return q, fault.New(fault.InvalidField, "all stands alone: send it, or hook and since")
	}
	var err error
	q.Since, err = moment("since", b.Since)
	return q, err
}

type redriveInput struct{ Body redriveBody }

type deadLettersAnswer struct {
	DeadLetters []deliveryAnswer `json:"dead_letters"`
	Next        string           `json:"next_cursor,omitempty"`
}

// deadLetters lists the dead letters of a memory.
func (a *API) deadLetters(ctx context.Context, id string, q delivery.Query, since string) (*deadLettersAnswer, error) {
	m, err := a.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	q.Status = delivery.StatusDead
	if q.Since, err = moment("since", since); err != nil {
		return nil, err
	}
	records, next, err := a.recordsOf(ctx, m, listedDead, q)
	if err != nil {
		return nil, err
	}
	hooks, err := a.cfg.Hooks.List(ctx, m)
	if err != nil {
		return nil, err
	}
	dead, err := a.cfg.Inspect.Deliveries(ctx, m, hooks, records)
	if err != nil {
		return nil, err
	}
	of := make(map[string]hook.Hook, len(hooks))
	for _, h := range hooks {
		of[h.ID] = h
	}
	out := &deadLettersAnswer{DeadLetters: make([]deliveryAnswer, len(dead)), Next: next}
	for i, d := range dead {
		out.DeadLetters[i] = deliveryWhole(of[d.Job.Hook], d)
	}
	return out, nil
}

// dead finds one dead letter.
func (a *API) dead(ctx context.Context, id, deliveryID string) (change.Memory, delivery.Record, error) {
	m, err := a.existing(ctx, id)
	if err != nil {
		return m, delivery.Record{}, err
	}
	r, err := a.deliveryRecord(ctx, m, "", deliveryID)
	if err == nil && r.Status != delivery.StatusDead || errors.Is(err, errNoDelivery) {
		err = fault.New(fault.NotFound, "no dead letter has this id: it was sent again or closed, or never was one")
	}
	return m, r, err
}

func (a *API) deadLetter(ctx context.Context, id, deliveryID string) (*deliveryAnswer, error) {
	m, r, err := a.dead(ctx, id, deliveryID)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Hooks.Get(ctx, m, r.Job.Hook)
	if err != nil {
		return nil, err
	}
	return a.wholeDelivery(ctx, h, r)
}

func (a *API) redriveDeadLetter(ctx context.Context, id, deliveryID string) (*redrivenAnswer, error) {
	m, _, err := a.dead(ctx, id, deliveryID)
	if err != nil {
		return nil, err
	}
	return a.redriveOne(ctx, m, "", deliveryID)
}

// maxReason is the longest reason to close a dead letter, in bytes.
const maxReason = 200

func (a *API) discardDeadLetter(ctx context.Context, id, deliveryID, why string) (*deletedAnswer, error) {
	if len(why) > maxReason || !utf8.ValidString(why) {
		return nil, fault.New(fault.InvalidField, "reason has %d bytes; at most %d of UTF-8 are kept: shorten it", len(why), maxReason)
	}
	m, r, err := a.dead(ctx, id, deliveryID)
	if err != nil {
		return nil, err
	}
	reason := "closed by hand"
	if by := callOf(ctx).caller.ID; by != "" {
		reason = "closed by " + by
	}
	if why != "" {
		reason += ": " + why
	}
	return &deletedAnswer{1}, a.cfg.Cloud.Redriver.Discard(ctx, m, r.Job.Hook, r.Job.Entry.Seq, r.Job.Redrive, reason)
}

// redrivePage is how many dead letters are read and sent again at a time.
const redrivePage = 500

// redriveDeadLetters sends all dead letters again that a body selects.
func (a *API) redriveDeadLetters(ctx context.Context, id string, b redriveBody) (*redrivenAnswer, error) {
	m, err := a.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	q, err := b.query()
	if err != nil {
		return nil, err
	}
	out := &redrivenAnswer{DryRun: b.DryRun, Deliveries: []string{}}
	for {
		records, next, err := a.cfg.Cloud.Ledger.List(ctx, m, q)
		if err != nil {
			return nil, err
		}
		out.Matched += len(records)
		if b.DryRun {
			for _, r := range records {
				out.list(r.Job)
			}
		} else if err := a.redriveAll(ctx, m, records, out); err != nil {
			return nil, err
		}
		if next == "" {
			return out, nil
		}
		q.After = next
	}
}

// redriveAll sends records again, hook by hook, oldest first.
func (a *API) redriveAll(ctx context.Context, m change.Memory, records []delivery.Record, out *redrivenAnswer) error {
	seqs := map[string][]int64{}
	var order []string
	for i := len(records) - 1; i >= 0; i-- {
		j := records[i].Job
		if seqs[j.Hook] == nil {
			order = append(order, j.Hook)
		}
		seqs[j.Hook] = append(seqs[j.Hook], j.Entry.Seq)
	}
	for _, h := range order {
		jobs, err := a.cfg.Cloud.Redriver.Redrive(ctx, m, h, seqs[h])
		if err != nil {
			return err
		}
		out.add(jobs)
	}
	return nil
}

// moment reads a time of a request; "" is 0.
func moment(field, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fault.New(fault.InvalidField, "%s must be a time as in RFC 3339: write it like 2026-04-13T10:30:00Z", field)
	}
	return t.UnixMilli(), nil
}
