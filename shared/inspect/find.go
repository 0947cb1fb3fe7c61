package inspect

import (
	"context"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// hashDigits is how long a grain's hash is.
const hashDigits = 64

// Event finds the event that a reference leads to: an event's id (evt_…), a
// delivery's (dlv_…), a seq, or a grain's hash, which means the newest event
// about that grain. fault.NotFound says what was looked through.
func (s *Service) Event(ctx context.Context, m change.Memory, ref string) (feed.Entry, error) {
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return feed.Entry{}, err
	}
	id, isEvent := strings.CutPrefix(ref, "evt_")
	hookID, seq, redrive, isDelivery := delivery.ParseID(ref)
	number, notNumber := strconv.ParseInt(ref, 10, 64)
	switch {
	case isEvent:
		return s.byID(ctx, m, b, id)
	case isDelivery:
		r, err := s.cfg.Ledger.Find(ctx, m, hookID, seq, redrive)
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "no delivery has this id: it is compacted, or its hook is deleted, or it never was; the lists of deliveries show those that are")
		}
		return r.Job.Entry, err
	case notNumber == nil:
		return s.bySeq(ctx, m, b, number)
	case isHash(ref):
		return s.aboutGrain(ctx, m, b, ref)
	}
	return feed.Entry{}, fault.New(fault.NotFound, "%.80q names no event: give an event's id (evt_…), a delivery's (dlv_…), a seq, or a grain's hash", ref)
}

func isHash(s string) bool {
	return len(s) == hashDigits && strings.Trim(s, "0123456789abcdef") == ""
}

// bySeq reads one entry, below the floor from what is kept.
func (s *Service) bySeq(ctx context.Context, m change.Memory, b feed.Bounds, seq int64) (feed.Entry, error) {
	if seq < 1 || seq > b.Head {
		return feed.Entry{}, fault.New(fault.NotFound, "there is no seq %d: the log goes from %d to %d", seq, b.Floor, b.Head)
	}
	entries, err := s.span(ctx, m, seq, seq)
	if err == nil && len(entries) == 0 {
		entries, err = s.cfg.Kept.Kept(ctx, m, seq-1, 1)
	}
	if err == nil && (len(entries) == 0 || entries[0].Seq != seq) {
		err = fault.New(fault.NotFound, "seq %d is compacted: the log begins at %d", seq, b.Floor)
	}
	if err != nil {
		return feed.Entry{}, err
	}
	return entries[0], nil
}

// byID finds an event by the time that its id begins with.
func (s *Service) byID(ctx context.Context, m change.Memory, b feed.Bounds, id string) (feed.Entry, error) {
	u, err := ulid.ParseStrict(id)
	switch {
	case strings.HasPrefix(id, "test_"):
		return feed.Entry{}, fault.New(fault.NotFound, "evt_%.64s was a test send: those stand in no log and are told once, in the answer to the test", id)
	case err != nil:
		return feed.Entry{}, fault.New(fault.NotFound, "evt_%.64s is no event's id: they are evt_ and 26 capital letters and digits", id)
	}
	is := func(e *feed.Entry) bool { return e.Change.ID == id }
	found, from, to, err := s.around(ctx, m, b, int64(u.Time()), is)
	if err == nil && found == nil && from == b.Floor && b.Floor > 1 {
		_, err = s.keptBack(ctx, m, b.Floor, looked, func(e *feed.Entry) bool {
			if is(e) {
				found = e
			}
			return found != nil
		})
	}
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "no event evt_%s: the log was looked through around its time, from seq %d to %d; "+
			"below seq %d it is compacted, and only erasures and key rotations stay", id, from, to, b.Floor)
	}
	if err != nil {
		return feed.Entry{}, err
	}
	return *found, nil
}

// aboutGrain finds the newest event about a grain: its own, or the one that
// superseded, forgot or erased it.
func (s *Service) aboutGrain(ctx context.Context, m change.Memory, b feed.Bounds, hash string) (feed.Entry, error) {
	st, err := s.cfg.Grains.Load(ctx, m, store.Ref{Hash: hash})
	if fault.KindOf(err) == fault.NotFound {
		return feed.Entry{}, fault.New(fault.NotFound, "no grain of this memory has the hash %s", hash)
	}
	if err != nil {
		return feed.Entry{}, err
	}
	var found *feed.Entry
	about := func(e *feed.Entry) bool {
		if e.Change.Hash == hash || e.Change.Superseded == hash {
			found = e
		}
		return found != nil
	}
	own := func() error { // the event that made it
		entries, err := s.span(ctx, m, st.Seq, st.Seq)
		if err == nil && st.Seq > 0 && len(entries) > 0 {
			about(&entries[0])
		}
		return err
	}
	if st.State == store.Current {
		err = own()
	}
	reached := b.Head + 1
	if err == nil && found == nil {
		reached, err = s.back(ctx, m, b, reached, looked, about)
	}
	if err == nil && found == nil {
		err = own()
	}
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "no event about this grain: the log was looked through from seq %d to %d, and below %d it is compacted", reached, b.Head, b.Floor)
	}
	if err != nil {
		return feed.Entry{}, err
	}
	return *found, nil
}
