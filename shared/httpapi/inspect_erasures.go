package httpapi

import (
	"context"
	"strconv"

	"github.com/memhooks/memhooks/shared/feed"
)

type erasuresInput struct {
	InMemory
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" pattern:"^[1-9][0-9]{0,17}$" patternDescription:"a next_cursor" doc:"next_cursor of the page before"`
}

// ErasureAnswer is one erasure with its proof.
type ErasureAnswer struct {
	EventID     string `json:"event_id" doc:"evt_…"`
	Seq         int64  `json:"seq"`
	At          string `json:"at" format:"date-time"`
	UserID      string `json:"user_id,omitempty"`
	ScopePath   string `json:"scope_path,omitempty"`
	Count       int    `json:"count" doc:"Lineages that went"`
	Fingerprint string `json:"key_fingerprint,omitempty" doc:"Proof of the destroyed keys"`
}

func erasureShown(e *feed.Entry) ErasureAnswer {
	c := &e.Change
	return ErasureAnswer{c.EventID(), e.Seq, stamp(c.At), c.UserID, c.ScopePath, c.Count, c.Fingerprint}
}

type erasuresAnswer struct {
	Erasures []ErasureAnswer `json:"erasures"`
	Next     string          `json:"next_cursor,omitempty" doc:"There is more to look through, whether or not this page holds any"`
	LookedTo int64           `json:"looked_to_seq" doc:"The lowest seq that was looked at"`
}

func (a *API) listErasures(ctx context.Context, in *erasuresInput) (*erasuresAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	before, _ := strconv.ParseInt(in.Cursor, 10, 64) // its pattern holds what fits; "" is 0
	page, err := a.cfg.Inspect.Erasures(ctx, m, before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &erasuresAnswer{Erasures: make([]ErasureAnswer, len(page.Entries)), LookedTo: page.LookedTo}
	for i := range page.Entries {
		out.Erasures[i] = erasureShown(&page.Entries[i])
	}
	if page.Before > 0 {
		out.Next = strconv.FormatInt(page.Before, 10)
	}
	return out, nil
}

type erasureInput struct {
	InMemory
	Event string `path:"event" maxLength:"64" doc:"evt_…, or its seq"`
}

// toldAnswer is a hook whose receiver had got events about what was erased.
type toldAnswer struct {
	Hook      string `json:"hook"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	Delivered int    `json:"delivered" doc:"How many events that wrote it"`
	LastAt    string `json:"last_at" format:"date-time" doc:"When the last of them arrived"`
}

type erasureTold struct {
	ErasureAnswer
	Told       []toldAnswer `json:"told" doc:"Hooks that had been delivered what was written of that person or scope before; of hooks that are deleted or polled nothing is known"`
	LookedFrom int64        `json:"looked_from_seq" doc:"The lowest seq that was looked at for that"`
	Truncated  bool         `json:"truncated,omitempty" doc:"There were more deliveries than are looked up: the counts are the least"`
}

func (a *API) showErasure(ctx context.Context, in *erasureInput) (*erasureTold, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.Inspect.Erasure(ctx, m, in.Event)
	if err != nil {
		return nil, err
	}
	r, err := a.cfg.Inspect.Recipients(ctx, e)
	if err != nil {
		return nil, err
	}
	out := &erasureTold{erasureShown(&e), make([]toldAnswer, len(r.Told)), r.LookedFrom, r.Truncated}
	for i, t := range r.Told {
		out.Told[i] = toldAnswer{t.Hook.ID, t.Hook.Name, t.Hook.URL, t.Delivered, stamp(t.LastAt)}
	}
	return out, nil
}
