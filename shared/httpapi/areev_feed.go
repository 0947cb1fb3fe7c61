package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

func (a *API) areevFeedRoutes() []endpoint {
	consumer := areevHook + "/consumers/{name}"
	return []endpoint{
		{Method: http.MethodGet, Path: areevHook + "/events", ID: "read-events", Scope: auth.Read, Tag: tagFeed, Summary: "Read the log as the hook sees it; reading consumes nothing", Handler: handle(a.readEvents)},
		{Method: http.MethodGet, Path: areevHook + "/snapshot", ID: "read-snapshot", Scope: auth.Read, Tag: tagFeed, Summary: "Page all that stands now, to begin or to catch up from", Handler: handle(a.readSnapshot)},
		{Method: http.MethodGet, Path: areevHook + "/consumers", ID: "list-consumers", Scope: auth.Read, Tag: tagFeed, Summary: "List named consumers", Handler: handle(a.listConsumers)},
		{
			Method: http.MethodPut, Path: consumer, ID: "register-consumer", Scope: auth.Write, Tag: tagFeed,
			Summary: "Make a named consumer, whose place the log keeps; one that is there keeps its place", Example: `{"after":"earliest"}`, Handler: handle(a.registerConsumer),
		},
		{Method: http.MethodGet, Path: consumer, ID: "get-consumer", Scope: auth.Read, Tag: tagFeed, Summary: "Show a consumer's place", Handler: handle(a.getConsumer)},
		{
			Method: http.MethodPost, Path: consumer + "/ack", ID: "ack", Scope: auth.Write, Tag: tagFeed,
			Summary: "Say that everything up to a cursor is done; it never goes back", Example: `{"cursor":"latest"}`, Handler: handle(a.ackConsumer),
		},
	}
}

type eventsInput struct {
	InHook
	After string `query:"after" maxLength:"1024" doc:"A seq, a cursor, earliest (the default) or latest"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Wait  int    `query:"wait_ms" minimum:"0" maximum:"20000" default:"0" doc:"How long to wait for a first event, where the installation can"`
}

// eventAnswer is one event of the log as a hook sees it.
type eventAnswer struct {
	Seq   int64           `json:"seq" doc:"From 1, without gaps in the memory's log"`
	Prev  int64           `json:"prev_seq" doc:"The seq that this hook saw before; 0 = none"`
	ID    string          `json:"id" doc:"evt_…"`
	Event json.RawMessage `json:"event" doc:"The redacted body, as it would be delivered"`
}

type eventsAnswer struct {
	Events   []eventAnswer `json:"events"`
	Next     string        `json:"next_cursor" doc:"Behind all that was looked at, what the hook does not see included"`
	HasMore  bool          `json:"has_more"`
	CaughtUp bool          `json:"caught_up"`
	Head     int64         `json:"head_seq"`
	Floor    int64         `json:"floor_seq" doc:"The oldest seq that is still held"`
	Lag      lagAnswer     `json:"lag"`
}

type lagAnswer struct {
	Events int64 `json:"events"`
	MS     int64 `json:"ms"`
}

func (a *API) readEvents(ctx context.Context, in *eventsInput) (*eventsAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	page, err := a.cfg.Feed.Events(ctx, h, feed.Request{After: in.After, Limit: in.Limit, Wait: time.Duration(in.Wait) * time.Millisecond})
	if err != nil {
		return nil, withSnapshot(err, in.InHook)
	}
	out := &eventsAnswer{
		Events: make([]eventAnswer, len(page.Items)), Next: page.Next, HasMore: page.HasMore, CaughtUp: page.CaughtUp,
		Head: page.Bounds.Head, Floor: page.Bounds.Floor, Lag: lagAnswer{page.Lag.Events, page.Lag.Age.Milliseconds()},
	}
	for i, item := range page.Items {
		out.Events[i] = eventAnswer{item.Seq, item.Prev, item.ID, item.Body}
	}
	return out, nil
}

// withSnapshot adds to a refusal of a place below the floor where to go
// instead.
func withSnapshot(err error, in InHook) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Compacted {
		return err
	}
	told := *f
	told.Details = maps.Clone(f.Details)
	if told.Details == nil {
		told.Details = map[string]any{}
	}
	told.Details["snapshot"] = "/api/memories/" + url.PathEscape(in.ID) + "/hooks/" + url.PathEscape(in.Hook) + "/snapshot"
	return &told
}

type snapshotInput struct {
	InHook
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

// grainStanding is a current grain, told like its creation.
type grainStanding struct {
	LastSeq int64           `json:"last_seq,omitempty" doc:"Of the grain's last change, where the installation keeps it"`
	Hash    string          `json:"hash"`
	Event   json.RawMessage `json:"event" doc:"The redacted body"`
}

// eventKept is an event below the floor that is never lost.
type eventKept struct {
	Seq   int64           `json:"seq"`
	ID    string          `json:"id"`
	Event json.RawMessage `json:"event"`
}

type snapshotAnswer struct {
	StreamFrom int64           `json:"stream_from" doc:"Read events after this seq when all pages are read; some may repeat what the snapshot holds"`
	Grains     []grainStanding `json:"grains"`
	Events     []eventKept     `json:"events" doc:"crypto_erase and key_rotated below the log's floor"`
	Next       string          `json:"next_cursor,omitempty" doc:"Absent on the last page"`
	HasMore    bool            `json:"has_more"`
}

func (a *API) readSnapshot(ctx context.Context, in *snapshotInput) (*snapshotAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	page, err := a.cfg.Feed.Snapshot(ctx, h, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &snapshotAnswer{
		StreamFrom: page.StreamFrom, Next: page.Next, HasMore: page.Next != "",
		Grains: make([]grainStanding, len(page.Grains)), Events: make([]eventKept, len(page.Kept)),
	}
	for i, g := range page.Grains {
		out.Grains[i] = grainStanding{g.Seq, g.ID, g.Body}
	}
	for i, e := range page.Kept {
		out.Events[i] = eventKept{e.Seq, e.ID, e.Body}
	}
	return out, nil
}

// InConsumer is what every path below a consumer names.
type InConsumer struct {
	InHook
	Name string `path:"name" maxLength:"128"`
}

// consumerAnswer is a named reader's place.
type consumerAnswer struct {
	Name    string `json:"name"`
	Cursor  string `json:"cursor" doc:"Where to go on: after=<cursor>"`
	Acked   int64  `json:"acked_seq" doc:"Everything up to and with this seq is done"`
	Lag     int64  `json:"lag" doc:"Events of the memory's log behind it"`
	Expired int64  `json:"expired,omitempty" doc:"How many of these the log no longer holds, for it waited up to its hard limit: go on from a snapshot"`
	Live    bool   `json:"live" doc:"The log waits for it, up to its hard limit: it acked within 7 days"`
	SeenAt  string `json:"last_ack_at" format:"date-time"`
}

func consumerShown(p feed.Place) *consumerAnswer {
	return &consumerAnswer{p.Name, p.Cursor, p.Acked, p.Lag, p.Expired, p.Live, stamp(p.At.UnixMilli())}
}

type consumersAnswer struct {
	Consumers []consumerAnswer `json:"consumers" doc:"By name"`
}

func (a *API) listConsumers(ctx context.Context, in *InHook) (*consumersAnswer, error) {
	h, err := a.hookOf(ctx, *in)
	if err != nil {
		return nil, err
	}
	places, err := a.cfg.Feed.ConsumersOf(ctx, h)
	if err != nil {
		return nil, err
	}
	out := &consumersAnswer{Consumers: make([]consumerAnswer, len(places))}
	for i, p := range places {
		out.Consumers[i] = *consumerShown(p)
	}
	return out, nil
}

func (a *API) getConsumer(ctx context.Context, in *InConsumer) (*consumerAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	p, err := a.cfg.Feed.ConsumerOf(ctx, h, in.Name)
	return consumerShown(p), err
}

type registerConsumerInput struct {
	InConsumer
	Body *struct {
		After string `json:"after,omitempty" maxLength:"1024" doc:"Where a new consumer begins: a seq, a cursor, earliest (the default) or latest"`
	}
}

func (a *API) registerConsumer(ctx context.Context, in *registerConsumerInput) (*consumerAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	after := ""
	if in.Body != nil {
		after = in.Body.After
	}
	p, err := a.cfg.Feed.Register(ctx, h, in.Name, after)
	return consumerShown(p), withSnapshot(err, in.InHook)
}

type ackInput struct {
	InConsumer
	Body struct {
		Cursor string `json:"cursor" minLength:"1" maxLength:"1024" doc:"next_cursor of the last page that is done with"`
	}
}

func (a *API) ackConsumer(ctx context.Context, in *ackInput) (*consumerAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	p, err := a.cfg.Feed.Ack(ctx, h, in.Name, in.Body.Cursor)
	return consumerShown(p), err
}
