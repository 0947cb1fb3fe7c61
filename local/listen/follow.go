// Package listen follows the events that a hook sees, over breaks of the
// connection, and forwards each as a delivery would be.
package listen

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// Event is one event as the feed tells it. Body is what a delivery to the hook
// would carry, byte for byte.
type Event struct {
	Seq  int64           `json:"seq"`
	Prev int64           `json:"prev_seq"`
	ID   string          `json:"id"`
	Body json.RawMessage `json:"event"`
}

// How events are read: so many at once, waiting so long for the first; where a
// server does not wait, a look every pollEvery. A request that takes longer
// than it may wait and half a minute is given up.
const (
	pageLimit = 100
	maxWait   = 20 * time.Second
	pollEvery = time.Second
	slack     = 30 * time.Second
)

// How long a broken connection is left alone: twice as long each time, up to
// maxGap, which bounds the gaps between attempts to forward too.
const (
	firstGap = 250 * time.Millisecond
	maxGap   = 10 * time.Second
)

// Follower reads a hook's events one after the other.
type Follower struct {
	Client *client.Client
	Hook   string // the path of the hook

	Handle func(context.Context, Event) error  // what is done with an event; its error ends Follow
	Passed func(context.Context, string) error // told the cursor behind each page that is done with
	Lost   func(error)                         // told once when the connection breaks
	Found  func()                              // told when it is back
}

// page is a part of the log as the hook sees it.
type page struct {
	Events []Event `json:"events"`
	Next   string  `json:"next_cursor"`
}

// Follow reads on from a place (a seq, a cursor, earliest, latest) until its
// context ends, which is no error, or something fails that trying again does
// not mend. The first request is not repeated: who begins wants to know. An
// event is handled once; a place that could not be kept is kept with the next.
func (f Follower) Follow(ctx context.Context, after string) error {
	p, err := f.read(ctx, after, 0)
	for err == nil {
		for _, e := range p.Events {
			if ctx.Err() != nil {
				return nil
			}
			if err := f.Handle(ctx, e); err != nil {
				return err
			}
		}
		if len(p.Events) > 0 {
			if err := f.Passed(ctx, p.Next); err != nil && !passing(err) {
				return err
			}
		}
		p, err = f.next(ctx, p.Next)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// next reads the page behind a cursor, however often the connection breaks.
func (f Follower) next(ctx context.Context, cursor string) (page, error) {
	begun := time.Now()
	p, err := f.read(ctx, cursor, maxWait)
	if err == nil {
		if len(p.Events) == 0 && time.Since(begun) < pollEvery {
			pause(ctx, pollEvery) // nothing came, and the server does not wait
		}
		return p, ctx.Err()
	}
	for gap := firstGap; ctx.Err() == nil && passing(err); gap = min(2*gap, maxGap) {
		if gap == firstGap {
			f.Lost(err)
		}
		pause(ctx, gap/2+rand.N(gap/2)) //nolint:gosec // a pause, no secret
		if p, err = f.read(ctx, cursor, 0); err == nil {
			f.Found()
			return p, nil
		}
	}
	return p, err
}

// read asks for one page.
func (f Follower) read(ctx context.Context, after string, wait time.Duration) (p page, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+slack)
	defer cancel()
	raw, err := f.Client.Raw(ctx, http.MethodGet, f.Hook+"/events", url.Values{
		"after": {after}, "limit": {strconv.Itoa(pageLimit)}, "wait_ms": {strconv.FormatInt(wait.Milliseconds(), 10)},
	}, nil)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(raw, &p); err != nil || p.Next == "" {
		return p, &client.Error{Code: client.CodeForeign, Message: "the server's answer is no page of events: check the address"}
	}
	return p, nil
}

// passing says whether trying again may mend an error: there was no answer, or
// one that says so.
func passing(err error) bool {
	var refusal *client.Error
	return !errors.As(err, &refusal) ||
		refusal.Status >= http.StatusInternalServerError || refusal.Status == http.StatusTooManyRequests
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
