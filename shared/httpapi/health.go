package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

func (a *API) healthRoutes() []endpoint {
	return []endpoint{
		{
			Method: http.MethodGet, Path: "/healthz", ID: "health", Tag: "Service",
			Summary: "Says that the process serves", Handler: handle(a.healthy),
		},
		{
			Method: http.MethodGet, Path: "/readyz", ID: "ready", Tag: "Service",
			Summary: "Says whether writes can be taken; 503 and why where they can't", Handler: handle(a.isReady),
		},
	}
}

type nothing struct{}

type healthAnswer struct {
	Status  string `json:"status" example:"ok"`
	Version string `json:"version"`
}

func (a *API) healthy(context.Context, *nothing) (*healthAnswer, error) {
	return &healthAnswer{"ok", a.cfg.Settings.Version}, nil
}

func (a *API) isReady(ctx context.Context, _ *nothing) (*healthAnswer, error) {
	ask := func() error {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyLimit)
		defer cancel()
		return a.cfg.Cloud.Ready(bounded)
	}
	if err := a.ready.check(a.cfg.Draw().At, ask); err != nil {
		if fault.KindOf(err) == fault.Internal {
			err = fault.Wrap(fault.Unavailable, err, "the store can't take a write now: see the log")
		}
		return nil, err
	}
	return a.healthy(ctx, nil)
}

// readyFor is how long an answer of the cloud holds, since the check is open to
// all and may cost a write; readyLimit is how long the cloud may take.
const (
	readyFor   = time.Second
	readyLimit = 5 * time.Second
)

// readiness asks the cloud at most once in a while.
type readiness struct {
	mu    sync.Mutex
	until time.Time
	err   error
}

func (r *readiness) check(now time.Time, ask func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.until) {
		r.err, r.until = ask(), now.Add(readyFor)
	}
	return r.err
}
