package httpapi

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/inspect"
)

type listEventsInput struct {
	InMemory
	Before int64  `query:"before" minimum:"1" doc:"Only below this seq: next_before of the page before"`
	After  string `query:"after" pattern:"^[0-9]{1,18}$" patternDescription:"a seq" doc:"Instead: only above this seq, oldest first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Wait   int    `query:"wait_ms" minimum:"0" maximum:"20000" default:"0" doc:"With after: how long to wait for a first event, where the installation can"`
}

type loggedAnswer struct {
	Events []LoggedEvent `json:"events"`
	Head   int64         `json:"head_seq" doc:"The newest; 0 = none yet"`
	Floor  int64         `json:"floor_seq" doc:"The oldest that is still held"`
	Before int64         `json:"next_before,omitempty" doc:"Where the next page begins; absent on the last, and with after"`
}

func (a *API) listEvents(ctx context.Context, in *listEventsInput) (*loggedAnswer, error) {
	if in.After != "" && in.Before != 0 {
		return nil, fault.New(fault.InvalidField, "before and after are two ways to read: send one of them")
	}
	if in.After == "" && in.Wait != 0 {
		return nil, fault.New(fault.InvalidField, "wait_ms waits behind a seq: send after too")
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var page inspect.Page
	if in.After == "" {
		page, err = a.cfg.Inspect.Newest(ctx, m, in.Before, in.Limit)
	} else {
		after, _ := strconv.ParseInt(in.After, 10, 64) // its pattern holds what fits
		page, err = a.cfg.Inspect.After(ctx, m, after, in.Limit, time.Duration(in.Wait)*time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	out := &loggedAnswer{Events: make([]LoggedEvent, len(page.Entries)), Head: page.Bounds.Head, Floor: page.Bounds.Floor, Before: page.Before}
	for i := range page.Entries {
		out.Events[i] = loggedShown(&page.Entries[i])
	}
	return out, nil
}

type explainEventInput struct {
	InMemory
	Ref string `path:"ref" maxLength:"256" doc:"evt_…, dlv_…, a seq, or a grain's hash: then the newest event about it"`
}

type storyAnswer struct {
	Event     LoggedEvent `json:"event"`
	Hooks     []storyPart `json:"hooks" doc:"Those that saw it first; at most 50"`
	Matched   int         `json:"matched" doc:"Hooks that saw it and are still there"`
	Unmatched int         `json:"unmatched"`
	Truncated bool        `json:"truncated,omitempty" doc:"There are more hooks than are told of, or one of them is truncated"`
}

// storyPart is one hook's part in an event's story.
type storyPart struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	Mode       string           `json:"delivery_mode" enum:"webhook,cdc"`
	Dialect    string           `json:"dialect" enum:"areev,rem,standard"`
	URL        string           `json:"url,omitempty"`
	State      string           `json:"state" enum:"active,paused,held,disabled"`
	Redaction  string           `json:"redaction_mode" enum:"full,metadata_only,hash_only" doc:"That deliveries use now"`
	Matched    bool             `json:"matched"`
	Why        string           `json:"why,omitempty" doc:"Why it did not see the event, by its settings of now"`
	Status     string           `json:"status,omitempty" doc:"Of the newest delivery"`
	Deliveries []deliveryAnswer `json:"deliveries,omitempty" doc:"Newest first; a body that several share stands in the newest of them"`
	Body       json.RawMessage  `json:"body,omitempty" doc:"Of a polled hook: the event as it would be read now"`
	Headers    []headerShown    `json:"headers,omitempty" doc:"Of the last attempt; signatures are there by name alone"`
	Truncated  bool             `json:"truncated,omitempty" doc:"Bodies or older deliveries are left out: those of one story hold 1 MiB at most; one delivery alone has its body"`
}

type headerShown struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (a *API) explainEvent(ctx context.Context, in *explainEventInput) (*storyAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.Inspect.Event(ctx, m, in.Ref)
	if err != nil {
		return nil, err
	}
	story, err := a.cfg.Inspect.Story(ctx, m, e)
	if err != nil {
		return nil, err
	}
	out := &storyAnswer{
		Event: loggedShown(&e), Hooks: make([]storyPart, len(story.Hooks)),
		Matched: story.Matched, Unmatched: story.Unmatched, Truncated: story.Truncated,
	}
	for i := range story.Hooks {
		out.Hooks[i] = partShown(&story.Hooks[i])
	}
	return out, nil
}

func partShown(p *inspect.Part) storyPart {
	h := p.Hook
	out := storyPart{
		ID: h.ID, Name: h.Name, Mode: string(h.Mode), Dialect: h.Dialect, URL: h.URL, State: string(h.State),
		Redaction: string(p.Mode), Matched: p.Matched, Why: p.Why, Body: p.Body, Truncated: p.Cut,
	}
	for _, d := range p.Deliveries {
		out.Deliveries = append(out.Deliveries, deliveryWhole(h, d))
	}
	if len(out.Deliveries) > 0 {
		out.Status = out.Deliveries[0].Status
	}
	for _, header := range p.Headers {
		out.Headers = append(out.Headers, headerShown{header[0], header[1]})
	}
	return out
}
