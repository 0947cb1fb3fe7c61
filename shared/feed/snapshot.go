package feed

import (
	"context"
	"fmt"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/redact"
)

// Current pages the grains that stand now, opened.
type Current interface {
	List(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) ([]memory.Grain, store.Page, error)
}

// Snapshot is a page of what a hook would know had it seen everything: current
// grains, each told like its creation, after them the Erased and Rotated
// events below the floor. Streaming goes on behind StreamFrom, the head as it
// was before the first page; it may repeat what the snapshot holds.
type Snapshot struct {
	StreamFrom int64
	Grains     []Item // Seq is the grain's last change, 0 where the cloud does not keep it
	Kept       []Item
	Next       string // cursor of the next page; "" at the end
}

// The parts of a snapshot, as its cursors name them.
const (
	partGrains = "g"
	partKept   = "k"
)

// Snapshot reads a page; cursor "" is the first.
func (s *Service) Snapshot(ctx context.Context, h hook.Hook, cursor string, limit int) (Snapshot, error) {
	limit = min(max(limit, 1), MaxLimit)
	snap, part, after, err := s.openSnapshot(ctx, h, cursor)
	if err != nil {
		return Snapshot{}, err
	}
	mode, err := s.cfg.Modes.Effective(ctx, h)
	if err != nil {
		return Snapshot{}, err
	}
	snap.Grains, snap.Kept = []Item{}, []Item{}
	if part == partGrains {
		err = s.currentPage(ctx, h, mode, after, limit, &snap)
	} else {
		err = s.keptPage(ctx, h, mode, after, limit, &snap)
	}
	return snap, err
}

// openSnapshot reads a snapshot's cursor, or fixes where it begins.
func (s *Service) openSnapshot(ctx context.Context, h hook.Hook, cursor string) (snap Snapshot, part, after string, err error) {
	if cursor == "" {
		b, err := s.cfg.Log.Bounds(ctx, h.Memory)
		return Snapshot{StreamFrom: b.Head}, partGrains, "", err
	}
	text, err := s.cfg.Cursors.Read(ctx, h.Memory, snapshots(h), cursor)
	if err != nil {
		return Snapshot{}, "", "", err
	}
	head, rest, _ := strings.Cut(text, " ")
	part, after, _ = strings.Cut(rest, " ")
	snap.StreamFrom, _ = seqOf(head)
	return snap, part, after, nil
}

func snapshots(h hook.Hook) string { return "snapshot\x00" + h.ID }

func (s *Service) nextSnapshot(ctx context.Context, h hook.Hook, from int64, part, after string) (string, error) {
	return s.cfg.Cursors.Make(ctx, h.Memory, snapshots(h), fmt.Sprintf("%d %s %s", from, part, after))
}

func (s *Service) currentPage(ctx context.Context, h hook.Hook, mode redact.Mode, after string, limit int, snap *Snapshot) error {
	grains, page, err := s.cfg.Current.List(ctx, h.Memory, store.Filter{}, after, limit)
	if err != nil {
		return err
	}
	for _, g := range grains {
		c := change.Change{
			ID: g.Hash, Memory: h.Memory, Cause: events.Created, At: g.CreatedAt, Lineage: g.Lineage, Hash: g.Hash,
			GrainType: g.Type, Namespace: g.Namespace, UserID: g.Person, ScopePath: g.ScopePath, CreatedAt: g.FirstAt,
		}
		if h.Namespace != nil && g.Namespace != *h.Namespace || !h.Pattern.Match(hook.Fields(&c, g.Fields)) {
			continue
		}
		body, err := dialect.Body(h.Dialect, dialect.Event{Change: c, Fields: g.Fields}, mode)
		if err != nil {
			return fmt.Errorf("feed: render grain %s: %w", g.Hash, err)
		}
		snap.Grains = append(snap.Grains, Item{Seq: g.Seq, ID: g.Hash, Body: body})
	}
	part := partGrains
	if page.Next == "" {
		part = partKept
	}
	snap.Next, err = s.nextSnapshot(ctx, h, snap.StreamFrom, part, page.Next)
	return err
}

func (s *Service) keptPage(ctx context.Context, h hook.Hook, mode redact.Mode, after string, limit int, snap *Snapshot) error {
	from, _ := seqOf(after)
	kept, err := s.cfg.Compactor.Kept(ctx, h.Memory, from, limit)
	if err != nil {
		return err
	}
	for i := range kept {
		c := &kept[i].Change
		if !dialect.Has(h.Dialect, c.Cause) || !h.Wants(c, hook.Fields(c, nil)) {
			continue
		}
		body, err := dialect.Body(h.Dialect, dialect.Event{Change: *c}, mode)
		if err != nil {
			return fmt.Errorf("feed: render seq %d: %w", kept[i].Seq, err)
		}
		snap.Kept = append(snap.Kept, Item{Seq: kept[i].Seq, ID: c.EventID(), Body: body})
	}
	if len(kept) == limit {
		snap.Next, err = s.nextSnapshot(ctx, h, snap.StreamFrom, partKept, fmt.Sprint(kept[len(kept)-1].Seq))
	}
	return err
}
