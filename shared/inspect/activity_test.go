package inspect_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
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

// of makes deliveries such as a query asks for.
func of(q delivery.Query, n int, at time.Time) (all []delivery.Record) {
	for range n {
		r := delivery.Record{Status: q.Status}
		r.Job.Hook, r.Job.Entry.Seq, r.Job.Entry.Change.At = q.Hook, 1, at.UnixMilli()
		all = append(all, r)
	}
	return all
}

// letters is a ledger of nothing but dead letters, so many of each hook; asked
// counts its calls.
func letters(all hooks, held map[string]int, asked *atomic.Int32) book {
	return func(q delivery.Query) (found []delivery.Record, next string) {
		asked.Add(1)
		if q.Status != delivery.StatusDead {
			return nil, ""
		}
		for _, h := range all {
			if q.Hook == "" || q.Hook == h.ID {
				found = append(found, of(delivery.Query{Hook: h.ID, Status: q.Status}, held[h.ID], noon)...)
			}
		}
		if len(found) > q.Limit {
			return found[:q.Limit], "more"
		}
		return found, ""
	}
}

func TestManyHooksAreAskedOneByOneWhereOneListIsTooShort(t *testing.T) {
	var all hooks
	few, many := map[string]int{"h0": 2, "h1": 3}, map[string]int{}
	for i := range 150 {
		all = append(all, hook.Hook{ID: fmt.Sprint("h", i), Mode: hook.Webhook, State: hook.Active})
		many[all[i].ID] = 3
	}
	many["h0"] = 500
	var asked atomic.Int32
	a, err := (&chronicle{floor: 1}).activity(t, all, letters(all, few, &asked))
	if err != nil || asked.Load() != 4 || a.Dead != 5 || a.MoreDead || len(a.Attention) != 2 || a.Attention[0].Count != 2 || a.Unnamed != 0 {
		t.Errorf("few: %d questions, %d dead, %+v, %v", asked.Load(), a.Dead, a.Attention, err)
	}
	a, err = (&chronicle{floor: 1}).activity(t, all, letters(all, many, &asked))
	if err != nil || a.Dead != 26+149*3 || !a.MoreDead || len(a.Attention) != 100 || a.Unnamed != 50 {
		t.Fatalf("many: %d dead, %d are named and %d are not, %v", a.Dead, len(a.Attention), a.Unnamed, err)
	}
	if busy, other := a.Attention[0], a.Attention[99]; busy.Count != 26 || !busy.More || other.Count != 3 || other.More {
		t.Errorf("many: %+v, %+v", busy, other)
	}
}

func TestOneHooksManyHideNoOthers(t *testing.T) {
	c := &chronicle{floor: 1}
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

// Of what waits for a hook that is held only so many are counted, and it is said.
func TestWhatWaitsIsCountedAsFarAsItWasLookedAt(t *testing.T) {
	held := hook.Hook{ID: "h", Mode: hook.Webhook, State: hook.Held}
	for _, next := range []string{"", "more"} {
		a, err := (&chronicle{floor: 1}).activity(t, hooks{held}, func(q delivery.Query) ([]delivery.Record, string) {
			if q.Status != delivery.StatusHeld {
				return nil, ""
			}
			return []delivery.Record{{Job: delivery.Job{Hook: "h"}}, {Job: delivery.Job{Hook: "h"}}}, next
		})
		if err != nil || len(a.Attention) != 1 || a.Attention[0].Count != 2 || a.Attention[0].More != (next != "") {
			t.Errorf("with %q to follow: %+v, %v", next, a.Attention, err)
		}
	}
}
