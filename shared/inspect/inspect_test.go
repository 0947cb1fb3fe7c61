package inspect_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/inspect"
)

var home = change.Memory{Tenant: "t", ID: "m"}

// chronicle is a log in memory, with what outlives its floor; it counts what is
// read of both.
type chronicle struct {
	entries []feed.Entry // from seq 1
	floor   int64
	read    int
}

func (c *chronicle) Bounds(context.Context, change.Memory) (feed.Bounds, error) {
	return feed.Bounds{Head: int64(len(c.entries)), Floor: c.floor}, nil
}

func (c *chronicle) Read(_ context.Context, _ change.Memory, after int64, limit int) ([]feed.Entry, error) {
	if after+1 < c.floor {
		return nil, fault.New(fault.Compacted, "below %d", c.floor)
	}
	from := min(after, int64(len(c.entries)))
	out := c.entries[from:min(from+int64(limit), int64(len(c.entries)))]
	c.read += len(out)
	return out, nil
}

func (c *chronicle) Wait(context.Context, change.Memory, int64) error { return nil }

func (c *chronicle) Kept(_ context.Context, _ change.Memory, after int64, limit int) ([]feed.Entry, error) {
	var out []feed.Entry
	for i := after; i < c.floor-1 && len(out) < limit; i++ {
		if cause := c.entries[i].Change.Cause; cause == events.Erased || cause == events.Rotated {
			out = append(out, c.entries[i])
		}
	}
	c.read += len(out)
	return out, nil
}

func (c *chronicle) inspect() *inspect.Service { return inspect.New(inspect.Config{Log: c, Kept: c}) }

// tell adds an event.
func (c *chronicle) tell(cause events.Cause, at time.Time) {
	d := change.NewDraw(at)
	c.entries = append(c.entries, feed.Entry{Seq: int64(len(c.entries)) + 1, Change: change.Change{ID: d.ID(), Memory: home, Cause: cause, At: at.UnixMilli()}})
}

var noon = time.Date(2026, 4, 13, 12, 0, 0, 0, time.UTC)

func TestErasuresAreAllFoundHoweverTheyLie(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for name, erased := range map[string]func(i int) bool{
		"none":                   func(int) bool { return false },
		"all":                    func(int) bool { return true },
		"few":                    func(int) bool { return random.IntN(3000) == 0 },
		"many, long ago":         func(i int) bool { return i < 9000 },
		"many between far apart": func(i int) bool { return i > 20_000 && i < 26_000 || i%7919 == 0 },
	} {
		c := &chronicle{floor: 35_000}
		var want []int64
		for i := range 40_000 {
			cause := events.Created
			if erased(i) {
				cause, want = events.Erased, append(want, int64(i)+1)
			} else if i%500 == 0 {
				cause = events.Rotated
			}
			c.tell(cause, noon)
		}
		slices.Reverse(want)
		var got []int64
		for before, calls := int64(0), 0; ; calls++ {
			c.read = 0
			page, err := c.inspect().Erasures(t.Context(), home, before, 700)
			if err != nil || c.read > 12_000 || calls > 100 {
				t.Fatalf("%s: %v after %d calls, the last of which read %d", name, err, calls, c.read)
			}
			for _, e := range page.Entries {
				got = append(got, e.Seq)
			}
			if before = page.Before; before == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d erasures are found of %d", name, len(got), len(want))
		}
	}
}

func TestAnEventIsFoundByTheTimeInItsID(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	c := &chronicle{floor: 1}
	for i := range 30_000 {
		at := noon.Add(time.Duration(i) * 40 * time.Millisecond)
		switch {
		case i >= 10_000 && i < 18_000: // an erasure of many
			at = noon.Add(10_000 * 40 * time.Millisecond)
		default: // requests overtake each other
			at = at.Add(-time.Duration(random.IntN(2000)) * time.Millisecond)
		}
		c.tell(events.Created, at)
	}
	for range 500 {
		want := c.entries[random.IntN(len(c.entries))]
		got, err := c.inspect().Event(t.Context(), home, want.Change.EventID())
		if err != nil || got.Seq != want.Seq {
			t.Fatalf("seq %d is found as %d, %v", want.Seq, got.Seq, err)
		}
	}
	c.read = 0
	if _, err := c.inspect().Event(t.Context(), home, "evt_"+change.NewDraw(noon).ID()); fault.KindOf(err) != fault.NotFound || c.read > 10_000 {
		t.Errorf("an id that is not there: %v after %d entries", err, c.read)
	}
}

func TestASpanGoesOnWhereTheFloorRises(t *testing.T) {
	c := &chronicle{floor: 1}
	for range 10 {
		c.tell(events.Created, noon)
	}
	raised := &rising{chronicle: c}
	page, err := inspect.New(inspect.Config{Log: raised, Kept: c}).Newest(t.Context(), home, 0, 10)
	if err != nil || len(page.Entries) != 4 || page.Entries[3].Seq != 7 {
		t.Errorf("%d entries, %v", len(page.Entries), err)
	}
}

// rising is a log that is compacted between two reads.
type rising struct{ *chronicle }

func (r *rising) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	r.floor = 7
	return r.chronicle.Read(ctx, m, after, limit)
}
