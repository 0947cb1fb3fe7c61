package httpapi

import (
	"context"
	"fmt"
)

type tryFilterInput struct {
	InHook
	Body struct {
		Filter map[string]any `json:"filter" doc:"A pattern as hooks take it; {} lets everything pass"`
		Limit  int            `json:"limit,omitempty" minimum:"1" maximum:"500" default:"100" doc:"How many of the newest events to try it on"`
	}
}

type triedAnswer struct {
	Looked  int          `json:"looked"`
	Matched int          `json:"matched"`
	Events  []triedEvent `json:"events" doc:"Newest first"`
}

type triedEvent struct {
	LoggedEvent
	Matched bool   `json:"matched" doc:"The hook would have seen it with this filter"`
	Why     string `json:"why,omitempty" doc:"Why not"`
}

func (a *API) tryFilter(ctx context.Context, in *tryFilterInput) (*triedAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	p, err := h.ParseFilter(in.Body.Filter)
	if err != nil {
		return nil, fmt.Errorf("hook: filter: %w", err)
	}
	tried, err := a.cfg.Inspect.Try(ctx, h, p, in.Body.Limit)
	if err != nil {
		return nil, err
	}
	out := &triedAnswer{Looked: len(tried), Events: make([]triedEvent, len(tried))}
	for i := range tried {
		out.Events[i] = triedEvent{loggedShown(&tried[i].Entry), tried[i].Matched, tried[i].Why}
		if tried[i].Matched {
			out.Matched++
		}
	}
	return out, nil
}
