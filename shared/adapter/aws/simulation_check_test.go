package aws_test

import (
	"slices"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// entries reads the whole log and holds it to invariant 2: from 1, without gaps.
func (s *simulation) entries() []feed.Entry {
	var all []feed.Entry
	for {
		page, err := s.cloud.Log.Read(s.t.Context(), s.mem, int64(len(all)), 1000)
		s.must(err)
		if len(page) == 0 {
			return all
		}
		for _, e := range page {
			if e.Seq != int64(len(all))+1 {
				s.t.Fatalf("seq %d follows %d", e.Seq, len(all))
			}
			all = append(all, e)
		}
	}
}

// ids are the changes in the log, in their order; nil where it could not be
// read just now.
func (s *simulation) ids() []string {
	var ids []string
	page, err := s.cloud.Log.Read(s.t.Context(), s.mem, 0, 1000)
	if err != nil {
		return nil
	}
	for _, e := range page {
		ids = append(ids, e.Change.ID)
	}
	return ids
}

// check holds what is there to the invariants.
func (s *simulation) check() {
	all := s.entries()
	for i, id := range s.early {
		if i >= len(all) || all[i].Change.ID != id {
			s.t.Errorf("seq %d was change %s half-way, and is another now", i+1, id)
		}
	}
	s.checkWrites(all)
	for _, h := range s.hooks {
		if !h.removed {
			s.checkMatches(h, all)
			s.checkEnds(h, all)
		}
	}
	for line, seqs := range s.first {
		if !slices.IsSorted(seqs) {
			s.t.Errorf("%s was tried first in the order %v", line, seqs)
		}
	}
}

// checkWrites: an answered write raised exactly one change; of others none that
// is not in the store.
func (s *simulation) checkWrites(all []feed.Entry) {
	told := map[string]int{}
	for _, e := range all {
		told[e.Change.ID]++
	}
	known := 0
	for _, w := range s.writes {
		n := told[w.c.ID]
		if n > 0 {
			known++
		}
		if n > 1 || w.answered && n != 1 {
			s.t.Errorf("a write (%s, answered: %v) raised %d changes", w.c.Cause, w.answered, n)
		}
		if w.c.Cause != events.Created && w.c.Cause != events.Superseded {
			continue
		}
		_, err := s.cloud.Grains.Load(s.t.Context(), s.mem, store.Ref{Hash: w.c.Hash})
		if stands := err == nil; stands != (n == 1) {
			s.t.Errorf("a write (%s) is in the store: %v, and raised %d changes", w.c.Cause, stands, n)
		}
	}
	if known != len(told) {
		s.t.Errorf("the log tells %d changes, %d of them of writes", len(told), known)
	}
}

// checkMatches: a hook sees every change whose write began after it was made,
// and none that was committed a second before; its chain is unbroken.
func (s *simulation) checkMatches(h *subscriber, all []feed.Entry) {
	writes := map[string]*attempted{}
	for _, w := range s.writes {
		writes[w.c.ID] = w
	}
	prev := int64(0)
	for i := range all {
		m, sees := all[i].For(h.ID)
		w := writes[all[i].Change.ID]
		if w == nil {
			continue
		}
		if !sees && !w.begun.Before(h.made) {
			s.t.Errorf("%s does not see seq %d, whose write began %s after it was made", h.ID, all[i].Seq, w.begun.Sub(h.made))
		}
		if sees && w.answered && w.ended.Add(time.Second).Before(h.begun) {
			s.t.Errorf("%s sees seq %d, which was committed %s before", h.ID, all[i].Seq, h.begun.Sub(w.ended))
		}
		if sees && m.Prev != prev {
			s.t.Errorf("%s saw %d before seq %d, its chain says %d", h.ID, prev, all[i].Seq, m.Prev)
		}
		if sees {
			prev = all[i].Seq
		}
	}
}

// checkEnds: every match is in exactly one state, which is the one that
// happened.
func (s *simulation) checkEnds(h *subscriber, all []feed.Entry) {
	ctx := s.t.Context()
	counts, err := s.cloud.Ledger.Counts(ctx, s.mem, h.ID)
	s.must(err)
	want := map[delivery.Status]int{}
	saw, sum := 0, 0
	for i := range all {
		if _, sees := all[i].For(h.ID); !sees {
			continue
		}
		saw++
		rec, err := s.newest(h.ID, all[i].Seq)
		s.must(err)
		want[rec.Status]++
		s.checkTrail(&rec)
		for status, verdict := range map[delivery.Status]delivery.Verdict{
			delivery.StatusDelivered: delivery.Delivered, delivery.StatusDead: delivery.GiveUp,
		} {
			if rec.Status == status && !s.ended[rec.Job.ID()][verdict] {
				s.t.Errorf("%s is recorded as %s; its attempts came to %v", rec.Job.ID(), status, s.ended[rec.Job.ID()])
			}
		}
	}
	for status, n := range counts {
		sum += n
		if want[status] != n {
			s.t.Errorf("%s counts %d %s, there are %d: %v, %v", h.ID, n, status, want[status], counts, want)
		}
	}
	if sum != saw {
		s.t.Errorf("%s saw %d changes and counts %d: %v", h.ID, saw, sum, counts)
	}
}

// checkTrail: a delivery tells each attempt that it counts, as it came to it.
func (s *simulation) checkTrail(rec *delivery.Record) {
	tried := s.tried[rec.Job.ID()]
	for i, a := range rec.Trail {
		if a.N != i+1 || !slices.Contains(tried, a) {
			s.t.Errorf("%s tells attempt %d as %+v; its attempts were %+v", rec.Job.ID(), i+1, a, tried)
		}
	}
	if len(rec.Trail) != rec.Job.Attempts {
		s.t.Errorf("%s was attempted %d times and tells %+v", rec.Job.ID(), rec.Job.Attempts, rec.Trail)
	}
}

// newest is the newest delivery of a change to a hook.
func (s *simulation) newest(hook string, seq int64) (delivery.Record, error) {
	rec, err := s.cloud.Ledger.Find(s.t.Context(), s.mem, hook, seq, 0)
	for n := 1; err == nil; n++ {
		later, missing := s.cloud.Ledger.Find(s.t.Context(), s.mem, hook, seq, n)
		if missing != nil {
			break
		}
		rec = later
	}
	return rec, err
}
