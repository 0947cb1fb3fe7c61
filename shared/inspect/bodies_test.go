package inspect_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/redact"
)

// together is what is left of a memory, which tells of the first two changes
// only when both are asked for; it counts how often its policies are.
type together struct {
	both  chan struct{}
	asked int
}

func (g *together) Tell(_ context.Context, c change.Change) (dialect.Event, error) {
	switch c.Seq {
	case 1:
		<-g.both
	case 2:
		g.both <- struct{}{}
	}
	return dialect.Event{Change: c}, nil
}

func (g *together) DetectsPII(context.Context, change.Memory) (bool, error) {
	g.asked++
	return false, nil
}

func TestBodiesAreMadeSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &together{both: make(chan struct{})}
		var records []delivery.Record
		for seq, id := range []string{0: "gone", 1: "a", 2: "b", 3: "a"} {
			r := delivery.Record{}
			r.Job.Hook, r.Job.Entry.Seq, r.Job.Entry.Change = id, int64(seq), change.Change{ID: "x", Memory: home, Cause: events.Created}
			records = append(records, r)
		}
		hooks := []hook.Hook{{ID: "a", Dialect: dialect.Areev, Redaction: redact.Full}, {ID: "b", Dialect: dialect.Areev, Redaction: redact.Full}}
		got, err := inspect.New(inspect.Config{Memories: g}).Deliveries(t.Context(), home, hooks, records)
		order := ""
		for _, d := range got {
			order += fmt.Sprint(d.Job.Entry.Seq, " ", d.Body != nil, ", ")
		}
		if err != nil || order != "1 true, 2 true, 3 true, " || g.asked != 1 {
			t.Errorf("%s: %v, policies were asked for %d times", order, err, g.asked)
		}
	})
}
