package httpapi

import (
	"context"
	"encoding/json"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
)

// deliveryAnswer is one delivery of one event: no content, no secret.
type deliveryAnswer struct {
	ID        string `json:"id" doc:"dlv_…"`
	Hook      string `json:"hook"`
	EventID   string `json:"event_id"`
	Event     string `json:"event" doc:"In the hook's dialect"`
	Seq       int64  `json:"seq"`
	Redrive   int    `json:"redrive" doc:"0 for the event's own delivery, n for its nth repetition by hand"`
	Status    string `json:"status" enum:"pending,held,delivered,dead,cancelled,skipped,expired,discarded"`
	Attempts  int    `json:"attempts"`
	Code      int    `json:"last_status,omitempty" doc:"The last answer's HTTP status"`
	Error     string `json:"last_error,omitempty"`
	TookMS    int64  `json:"took_ms,omitempty"`
	Reason    string `json:"reason,omitempty"`
	EventAt   string `json:"event_at"`
	FirstAt   string `json:"first_attempt_at,omitempty"`
	LastAt    string `json:"last_attempt_at,omitempty"`
	NextAt    string `json:"next_attempt_at,omitempty"`
	MemoryID  string `json:"memory_id,omitempty"`
	GrainHash string `json:"hash,omitempty"`

	Trail []attemptAnswer `json:"trail,omitempty" doc:"Each attempt, the oldest first, where one delivery is shown"`

	Body json.RawMessage `json:"body,omitempty" doc:"Of a single one: what its hook's redaction allows, as it would be sent now"`
}

// attemptAnswer is one attempt of a delivery.
type attemptAnswer struct {
	N      int    `json:"attempt"`
	At     string `json:"at" doc:"When it ended"`
	TookMS int64  `json:"took_ms"`
	Code   int    `json:"status,omitempty" doc:"The answer's HTTP status; absent where there was no answer"`
	Error  string `json:"error,omitempty" doc:"Absent on success"`
}

func trailShown(trail []delivery.Attempt) []attemptAnswer {
	shown := make([]attemptAnswer, len(trail))
	for i, t := range trail {
		shown[i] = attemptAnswer{N: t.N, At: stamp(t.At), TookMS: t.Took.Milliseconds(), Code: t.Code, Error: t.Error}
	}
	return shown
}

func deliveryShown(h hook.Hook, r delivery.Record) deliveryAnswer {
	c := r.Job.Entry.Change
	return deliveryAnswer{
		ID: r.Job.ID(), Hook: r.Job.Hook, EventID: c.EventID(), Event: dialect.Name(h.Dialect, c.Cause),
		Seq: r.Job.Entry.Seq, Redrive: r.Job.Redrive, Status: string(r.Status), Attempts: r.Job.Attempts,
		Code: r.Code, Error: r.Error, TookMS: r.Took.Milliseconds(), Reason: r.Reason,
		EventAt: stamp(c.At), FirstAt: stampAfter0(r.FirstAt), LastAt: stampAfter0(r.LastAt), NextAt: stampAfter0(r.NextAt),
		MemoryID: change.MemoryID(c.Lineage), GrainHash: c.Hash, Trail: trailShown(r.Trail),
	}
}

// deliveryWhole is a delivery with all that is known of it.
func deliveryWhole(h hook.Hook, d inspect.Delivery) deliveryAnswer {
	shown := deliveryShown(h, d.Record)
	shown.Body = d.Body
	return shown
}

// stampAfter0 is stamp, "" for a time that did not come.
func stampAfter0(ms int64) string {
	if ms == 0 {
		return ""
	}
	return stamp(ms)
}

type deliveriesAnswer struct {
	Deliveries []deliveryAnswer `json:"deliveries"`
	Next       string           `json:"next_cursor,omitempty"`
}

type webhookDeliveriesInput struct {
	ID     string `path:"id" doc:"wh_…"`
	Status string `query:"status" enum:"pending,held,delivered,dead,cancelled,skipped,expired,discarded"`
	Since  string `query:"since" doc:"Only with a last attempt at or after this time, RFC 3339"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

func (a *API) webhookDeliveries(ctx context.Context, in *webhookDeliveriesInput) (*deliveriesAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.deliveriesOf(ctx, h, delivery.Query{Status: delivery.Status(in.Status), After: in.Cursor, Limit: in.Limit}, in.Since)
}

// deliveriesOf lists deliveries of a hook of either API.
func (a *API) deliveriesOf(ctx context.Context, h hook.Hook, q delivery.Query, since string) (*deliveriesAnswer, error) {
	q.Hook = h.ID
	return a.listDeliveries(ctx, h.Memory, []hook.Hook{h}, q, since)
}

// listDeliveries lists deliveries of some hooks of a memory. Those of a hook
// that was made meanwhile are left out.
func (a *API) listDeliveries(ctx context.Context, m change.Memory, hooks []hook.Hook, q delivery.Query, since string) (*deliveriesAnswer, error) {
	var err error
	if q.Since, err = moment("since", since); err != nil {
		return nil, err
	}
	records, next, err := a.recordsOf(ctx, m, listedSent, q)
	if err != nil {
		return nil, err
	}
	of := make(map[string]hook.Hook, len(hooks))
	for _, h := range hooks {
		of[h.ID] = h
	}
	out := &deliveriesAnswer{Deliveries: make([]deliveryAnswer, 0, len(records)), Next: next}
	for _, r := range records {
		if h, known := of[r.Job.Hook]; known {
			out.Deliveries = append(out.Deliveries, deliveryShown(h, r))
		}
	}
	return out, nil
}

type redeliverInput struct {
	ID       string `path:"id" doc:"wh_…"`
	Delivery string `path:"delivery" doc:"dlv_…"`
}

// redrivenAnswer says what is sent again.
type redrivenAnswer struct {
	Matched    int      `json:"matched" doc:"How many were meant"`
	Redriven   int      `json:"redriven" doc:"How many are queued; the others have not ended yet, or the log no longer holds them"`
	DryRun     bool     `json:"dry_run,omitempty"`
	Deliveries []string `json:"deliveries" doc:"The new deliveries' ids, the first hundred; of a dry run over dead letters their own, of one of a replay those of the events' first deliveries"`
}

// maxListed bounds the ids that a bulk answer lists.
const maxListed = 100

func (r *redrivenAnswer) add(jobs []delivery.Job) {
	r.Redriven += len(jobs)
	for _, j := range jobs {
		r.list(j)
	}
}

func (r *redrivenAnswer) list(j delivery.Job) {
	if len(r.Deliveries) < maxListed {
		r.Deliveries = append(r.Deliveries, j.ID())
	}
}

func (a *API) redeliver(ctx context.Context, in *redeliverInput) (*redrivenAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.redriveOne(ctx, h.Memory, h.ID, in.Delivery)
}

var errNoDelivery = fault.New(fault.NotFound, "no delivery has this id: the list of deliveries shows them")

// redriveOne sends one delivery's event again. Of is the hook that it must be
// of, "" = any.
func (a *API) redriveOne(ctx context.Context, m change.Memory, of, id string) (*redrivenAnswer, error) {
	r, err := a.deliveryRecord(ctx, m, of, id)
	if err != nil {
		return nil, err
	}
	jobs, err := a.cfg.Cloud.Redriver.Redrive(ctx, m, r.Job.Hook, []int64{r.Job.Entry.Seq})
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, fault.New(fault.Conflict, "this event can't be sent again now: its newest delivery has not ended yet, or the log no longer holds it")
	}
	out := &redrivenAnswer{Matched: 1}
	out.add(jobs)
	return out, nil
}

func (a *API) deliveryRecord(ctx context.Context, m change.Memory, of, id string) (delivery.Record, error) {
	hookID, seq, redrive, ok := delivery.ParseID(id)
	if !ok || of != "" && of != hookID {
		return delivery.Record{}, errNoDelivery
	}
	r, err := a.cfg.Cloud.Ledger.Find(ctx, m, hookID, seq, redrive)
	if fault.KindOf(err) == fault.NotFound {
		err = errNoDelivery
	}
	return r, err
}
