package httpapi

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
)

type activityInput struct {
	InMemory
	Hook   string `query:"hook" maxLength:"128" doc:"Only of this hook"`
	Recent int    `query:"recent" minimum:"1" maximum:"1000" default:"1000" doc:"How many events, and how many deliveries, it is made of at most"`
}

type activityAnswer struct {
	From      string            `json:"from" format:"date-time" doc:"Where the recent events and the recent deliveries both reach back to"`
	To        string            `json:"to" format:"date-time"`
	BucketMS  int64             `json:"bucket_ms"`
	Buckets   []activityBucket  `json:"buckets" doc:"Oldest first, at most 48"`
	Head      int64             `json:"head_seq"`
	Floor     int64             `json:"floor_seq"`
	Hooks     hookStates        `json:"hooks"`
	Dead      deadCount         `json:"dead_letters"`
	Pending   int               `json:"pending"`
	More      bool              `json:"pending_more,omitempty" doc:"There may be more than were counted, and older ones"`
	OldestMS  int64             `json:"oldest_pending_ms,omitempty" doc:"Since the event of the oldest of them"`
	Attention []attentionAnswer `json:"attention" doc:"What a person should look at, at most 100"`
	Unnamed   int               `json:"attention_more,omitempty" doc:"How many more there are: the lists of hooks and of dead letters show all"`
}

type activityBucket struct {
	At        string `json:"at" format:"date-time"`
	Events    int    `json:"events"`
	Delivered int    `json:"delivered"`
	Failed    int    `json:"failed" doc:"Gave up"`
	P50       *int64 `json:"p50_ms,omitempty" doc:"From an event to the end of its first attempt, where that one delivered it"`
	P95       *int64 `json:"p95_ms,omitempty"`
}

type hookStates struct {
	Total    int `json:"total"`
	Active   int `json:"active"`
	Paused   int `json:"paused"`
	Held     int `json:"held"`
	Disabled int `json:"disabled"`
}

type deadCount struct {
	Count int  `json:"count"`
	More  bool `json:"more" doc:"There may be more than were counted"`
}

type attentionAnswer struct {
	Hook    string `json:"hook"`
	Name    string `json:"name"`
	Kind    string `json:"kind" enum:"held,disabled,dead,paused"`
	Count   int    `json:"count" doc:"Deliveries that are concerned, among those that were looked at"`
	More    bool   `json:"more,omitempty" doc:"There may be more than were counted"`
	Message string `json:"message" doc:"What it is, and what to do"`
}

func (a *API) readActivity(ctx context.Context, in *activityInput) (*activityAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	act, err := a.cfg.Inspect.Activity(ctx, m, inspect.Extent{Hook: in.Hook, Recent: in.Recent}, drawOf(ctx).At)
	if err != nil {
		return nil, err
	}
	out := &activityAnswer{
		From: stamp(act.From), To: stamp(act.To), BucketMS: act.Length.Milliseconds(), Buckets: make([]activityBucket, len(act.Buckets)),
		Head: act.Bounds.Head, Floor: act.Bounds.Floor,
		Hooks: hookStates{act.Hooks, act.States[hook.Active], act.States[hook.Paused], act.States[hook.Held], act.States[hook.Disabled]},
		Dead:  deadCount{act.Dead, act.MoreDead}, Pending: act.Pending, More: act.MorePending, OldestMS: act.Oldest.Milliseconds(),
		Attention: make([]attentionAnswer, len(act.Attention)), Unnamed: act.Unnamed,
	}
	for i, b := range act.Buckets {
		out.Buckets[i] = activityBucket{At: stamp(b.At), Events: b.Events, Delivered: b.Delivered, Failed: b.Failed}
		if b.Timed > 0 {
			out.Buckets[i].P50, out.Buckets[i].P95 = milliseconds(b.P50), milliseconds(b.P95)
		}
	}
	for i, at := range act.Attention {
		out.Attention[i] = attentionAnswer{at.Hook.ID, at.Hook.Name, at.Kind, at.Count, at.More, at.Message}
	}
	return out, nil
}

func milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}
