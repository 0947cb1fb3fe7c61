package inspect_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
)

// hooks is a list of hooks.
type hooks []hook.Hook

func (h hooks) List(context.Context, change.Memory) ([]hook.Hook, error) { return h, nil }

// book is a ledger that only lists, as its function says.
type book func(q delivery.Query) (records []delivery.Record, next string)

func (b book) List(_ context.Context, _ change.Memory, q delivery.Query) ([]delivery.Record, string, error) {
	records, next := b(q)
	return records, next, nil
}

func (book) Find(context.Context, change.Memory, string, int64, int) (delivery.Record, error) {
	return delivery.Record{}, nil
}

func (c *chronicle) activity(t *testing.T, h hooks, b book) (inspect.Activity, error) {
	return inspect.New(inspect.Config{Log: c, Kept: c, Hooks: h, Ledger: b}).Activity(t.Context(), home, inspect.Extent{Recent: inspect.MostRecent}, noon)
}

func TestWhatPanicsAtOnceIsAnError(t *testing.T) {
	c := &chronicle{floor: 1}
	_, err := c.activity(t, nil, func(delivery.Query) ([]delivery.Record, string) { panic("a broken store") })
	if err == nil || !strings.Contains(err.Error(), "a broken store") {
		t.Errorf("error %v", err)
	}
}

func TestASeriesReachesToEventsThatStandOutOfOrder(t *testing.T) {
	c := &chronicle{floor: 1}
	for _, ago := range []time.Duration{time.Minute, 2 * time.Minute, 0, 30 * time.Second} {
		c.tell(events.Created, noon.Add(-ago))
	}
	a, err := c.activity(t, nil, func(delivery.Query) ([]delivery.Record, string) { return nil, "" })
	n := 0
	for _, b := range a.Buckets {
		n += b.Events
	}
	if err != nil || n != 4 {
		t.Errorf("%d of 4 events stand in the series, %v", n, err)
	}
}

func TestOneHooksManyHideNoOthers(t *testing.T) {
	c := &chronicle{floor: 1}
	of := func(q delivery.Query, n int, at time.Time) (all []delivery.Record) {
		for range n {
			r := delivery.Record{Status: q.Status}
			r.Job.Hook, r.Job.Entry.Seq, r.Job.Entry.Change.At = q.Hook, 1, at.UnixMilli()
			all = append(all, r)
		}
		return all
	}
	all := hooks{{ID: "busy", Mode: hook.Webhook, State: hook.Active}, {ID: "slow", Mode: hook.Webhook, State: hook.Active}}
	a, err := c.activity(t, all, func(q delivery.Query) ([]delivery.Record, string) {
		switch {
		case q.Status == delivery.StatusPending:
			return of(q, 1, noon.Add(-6*time.Hour)), ""
		case q.Hook == "slow" && q.Status == delivery.StatusDead:
			return of(q, 3, noon), ""
		case q.Hook == "busy" && q.Status == delivery.StatusDead:
			return of(q, q.Limit, noon), "more"
		}
		return nil, ""
	})
	if err != nil || a.Pending != 1 || a.Oldest != 6*time.Hour || a.MorePending || a.Dead != 203 || !a.MoreDead ||
		len(a.Attention) != 2 || a.Attention[1].Hook.ID != "slow" || a.Attention[1].Count != 3 {
		t.Errorf("%+v, %v", a, err)
	}
}
