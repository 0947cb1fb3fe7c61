package inspect

import (
	"cmp"
	"context"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
)

const (
	walked   = 98 // versions from the newest back; a history has at most 100, with the first and the one that was asked for
	searched = 10 // of them, that are looked for by their time, where the cloud keeps no seq
)

// History is a grain's lineage, the newest version first.
type History struct {
	Lineage   string
	Gone      bool
	Versions  []Version
	Truncated bool // there are versions between or before those that are told, or one is cut
}

// Version is one version of a grain; Seq is its event's where that is known.
type Version struct {
	store.Stored
	Fields map[string]any
	Gone   dialect.Gone // why there are no fields; "" = they are there
	Cut    bool         // there was no room for the fields: ask for this version to see them
}

// History tells a grain's versions; ref is the hash of any of them, or the REM
// id. fault.NotFound where there is none. What leads from a version to the one
// before is the log: where that is compacted, the version that was asked for
// and the first one are told beside the newest.
func (s *Service) History(ctx context.Context, m change.Memory, ref string) (History, error) {
	by := store.Ref{Hash: ref}
	if prefix, isID := change.LineagePrefix(ref); isID {
		by = store.Ref{Prefix: prefix}
	} else if !isHash(ref) {
		return History{}, fault.New(fault.NotFound, "%.80q names no grain: give a hash of 64 digits, or mem_ and 32 digits", ref)
	}
	asked, err := s.cfg.Grains.Load(ctx, m, by)
	if fault.KindOf(err) == fault.NotFound {
		return History{}, fault.New(fault.NotFound, "no grain of this memory is named %s", ref)
	}
	if err != nil {
		return History{}, err
	}
	head, err := s.cfg.Grains.Load(ctx, m, store.Ref{Lineage: asked.Lineage})
	if err != nil {
		return History{}, err
	}
	stored, err := s.walk(ctx, m, head)
	if err != nil {
		return History{}, err
	}
	out := History{Lineage: head.Lineage, Gone: head.State == store.Gone, Truncated: stored[len(stored)-1].Version > 1}
	if out.Truncated {
		first, err := s.cfg.Grains.Load(ctx, m, store.Ref{Hash: head.Lineage})
		if err != nil {
			return History{}, err
		}
		stored = append(stored, asked, first)
		slices.SortStableFunc(stored, func(a, b store.Stored) int { return cmp.Compare(b.Version, a.Version) })
		stored = slices.CompactFunc(stored, func(a, b store.Stored) bool { return a.Hash == b.Hash })
		out.Truncated = len(stored) < head.Version
	}
	out.Versions = make([]Version, len(stored))
	err = side(len(stored), func(i int) error {
		told, err := s.cfg.Memories.Tell(ctx, change.Change{Memory: m, Cause: events.Created, Hash: stored[i].Hash})
		out.Versions[i] = Version{Stored: stored[i], Fields: told.Fields, Gone: told.Gone}
		return err
	})
	if err != nil {
		return History{}, err
	}
	return out, out.fit(asked.Hash)
}

// walk follows a lineage from its newest version back, as far as the log leads.
func (s *Service) walk(ctx context.Context, m change.Memory, head store.Stored) ([]store.Stored, error) {
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return nil, err
	}
	all, before, unsought := []store.Stored{head}, b.Head+1, int64(looked)
	for left := searched; len(all) < walked && all[len(all)-1].Version > 1; {
		at := &all[len(all)-1]
		if at.Seq == 0 {
			if left--; left < 0 {
				break
			}
		}
		e, err := s.making(ctx, m, b, at)
		if err != nil {
			return nil, err
		}
		if e == nil && at.Seq == 0 { // its time is what its author says: look back from the next version
			if e, unsought, err = s.madeBefore(ctx, m, b, at, before, unsought); err != nil {
				return nil, err
			}
		}
		if e == nil {
			break
		}
		at.Seq, before = e.Seq, e.Seq
		older, err := s.cfg.Grains.Load(ctx, m, store.Ref{Hash: e.Change.Superseded})
		if fault.KindOf(err) == fault.NotFound || err == nil && older.Lineage != head.Lineage {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, older)
	}
	return all, nil
}

// making finds the event that made a version, nil where the log does not hold
// it.
func (s *Service) making(ctx context.Context, m change.Memory, b feed.Bounds, v *store.Stored) (*feed.Entry, error) {
	is := func(e *feed.Entry) bool { return makes(e, v) }
	if v.Seq == 0 {
		found, _, _, err := s.around(ctx, m, b, v.CreatedAt, is)
		return found, err
	}
	entries, err := s.span(ctx, m, v.Seq, v.Seq)
	if err != nil || len(entries) == 0 || !is(&entries[0]) {
		return nil, err
	}
	return &entries[0], nil
}

// makes says whether an event made a version of an older one.
func makes(e *feed.Entry, v *store.Stored) bool {
	return e.Change.Hash == v.Hash && e.Change.Superseded != ""
}

// madeBefore finds the event that made a version below a seq, nil where it is
// not among so many entries; left is how many more may be looked through.
func (s *Service) madeBefore(ctx context.Context, m change.Memory, b feed.Bounds, v *store.Stored, before, most int64) (found *feed.Entry, left int64, err error) {
	to, err := s.back(ctx, m, b, before, most, func(e *feed.Entry) bool {
		if makes(e, v) {
			found = e
		}
		return found != nil
	})
	return found, most - (before - to), err
}
