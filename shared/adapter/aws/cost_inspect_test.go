package aws_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/seal"
)

// A call that inspects a memory reads a part of it, however large it is. The
// figures are read units with 3,000 events and five hooks that saw all of them.
func TestInspectionReadsAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settled(t, 5)
		hashes := s.write(3000)
		s.drain()
		last := hashes[len(hashes)-1]
		for i := range 6 {
			w, err := s.memories.stages.Memory.Supersede(t.Context(), s.mem, change.NewDraw(time.Now()), last,
				memory.Input{Type: "event", Fields: map[string]any{"content": fmt.Sprint("version ", i)}})
			s.must(err)
			last = w.Grain.Hash
			s.pass(time.Second)
			s.drain()
		}
		_, err := s.memories.stages.Memory.Erase(t.Context(), s.mem, change.NewDraw(time.Now()), seal.Selector{Person: person(3)})
		s.must(err)
		s.drain()
		for _, c := range s.inspections(hashes, last) {
			s.used()
			s.must(c.run())
			if units := s.used().reads["memories"]; units == 0 || units > c.most {
				t.Errorf("%s: %.0f read units, at most %.0f are wanted", c.what, units, c.most)
			}
		}
	})
}

// inspection is one call and what it may read.
type inspection struct {
	what string
	most float64
	run  func() error
}

func (s *system) inspections(hashes []string, last string) []inspection {
	in, ctx := s.memories.stages.Inspect, s.t.Context()
	middle, err := in.Newest(ctx, s.mem, 1500, 1)
	s.must(err)
	hooks, err := s.memories.stages.Hooks.List(ctx, s.mem)
	s.must(err)
	erasures, err := in.Erasures(ctx, s.mem, 0, 1)
	s.must(err)
	filter, err := pattern.Parse(map[string]any{"tags": []any{"x"}})
	s.must(err)
	e := middle.Entries[0]
	event := func(ref string) func() error {
		return func() error {
			found, err := in.Event(ctx, s.mem, ref)
			if err == nil && found.Seq == 0 {
				err = fmt.Errorf("%s leads to no entry", ref)
			}
			return err
		}
	}
	activity := func(recent int) func() error {
		return func() error {
			_, err := in.Activity(ctx, s.mem, inspect.Extent{Recent: recent}, time.Now())
			return err
		}
	}
	return []inspection{
		{"the newest events", 30, func() error { _, err := in.Newest(ctx, s.mem, 0, 50); return err }},
		{"an event by its id", 400, event(e.Change.EventID())},
		{"the newest event about a grain", 400, event(hashes[1000])},
		{"an event's story", 400, func() error { _, err := in.Story(ctx, s.mem, e); return err }},
		{"the activity", 400, activity(inspect.MostRecent)},
		{"a little of the activity", 300, activity(100)},
		{"whether somebody is needed", 20, func() error { _, err := in.Among(ctx, []change.Memory{s.mem}, true, ""); return err }},
		{"whether a grain is there", 10, func() error { _, err := in.Among(ctx, []change.Memory{s.mem}, false, last); return err }},
		{"a grain's seven versions", 1200, func() error {
			h, err := in.History(ctx, s.mem, last)
			if err == nil && (len(h.Versions) != 7 || h.Truncated) {
				err = fmt.Errorf("%d versions are told", len(h.Versions))
			}
			return err
		}},
		{"erasures", 300, func() error { _, err := in.Erasures(ctx, s.mem, 0, 20); return err }},
		{"who had been told", 6000, func() error {
			r, err := in.Recipients(ctx, erasures.Entries[0])
			if err == nil && (len(r.Told) != 5 || r.Told[0].Delivered < 30) {
				err = fmt.Errorf("%+v had been told", r.Told)
			}
			return err
		}},
		{"a filter on a hundred events", 400, func() error { _, err := in.Try(ctx, hooks[0], filter, 100); return err }},
	}
}
