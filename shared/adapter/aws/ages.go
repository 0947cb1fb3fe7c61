package aws

import (
	"context"
	"slices"
	"sort"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// Ages is the port's. A log that can't be read is left out, and logged: it
// keeps no other from being compacted.
func (s logs) Ages(ctx context.Context, old int64) ([]feed.Age, error) {
	var memories []change.Memory
	err := s.a.allMemories(ctx, func(m change.Memory) error {
		memories = append(memories, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]feed.Age, len(memories))
	err = abreast(ctx, len(memories), memoriesAtOnce, func(ctx context.Context, i int) (err error) {
		if all[i], err = s.a.age(ctx, memories[i], old); err != nil && ctx.Err() == nil {
			s.a.cfg.Log.ErrorContext(ctx, "a log's age can't be read, so it is not compacted", "tenant", memories[i].Tenant, "memory", memories[i].ID, "error", err)
			all[i], err = feed.Age{}, nil
		}
		return err
	})
	return slices.DeleteFunc(all, func(a feed.Age) bool { return a.Bounds.Head == 0 }), err
}

// age describes one log; its head is 0 where there is none.
func (a *Adapter) age(ctx context.Context, m change.Memory, old int64) (feed.Age, error) {
	b, err := a.bounds(ctx, m)
	age := feed.Age{Memory: m, Bounds: b, Needed: b.Head + 1}
	if err != nil || b.Head == 0 {
		return age, err
	}
	if age.OldSeq, err = a.oldSeq(ctx, m, b, old); err != nil {
		return age, err
	}
	hooks, err := a.hookRows(ctx, m)
	if err != nil {
		return age, err
	}
	for _, h := range hooks {
		needed, err := a.neededOf(ctx, m, h, b.Head)
		if err != nil {
			return age, err
		}
		age.Needed = min(age.Needed, needed)
	}
	return age, nil
}

// neededOf is the lowest seq that a hook or a live consumer of it waits for,
// one above the head where there is none.
func (a *Adapter) neededOf(ctx context.Context, m change.Memory, h hookRow, head int64) (int64, error) {
	needed := head + 1
	live := a.cfg.Now().Add(-feed.LiveFor)
	err := a.eachConsumer(ctx, m, h.ID, func(c feed.Consumer) {
		if c.At.After(live) {
			needed = min(needed, c.Acked+1)
		}
	})
	if err != nil || h.Mode != hook.Webhook {
		return needed, err
	}
	unfinished, err := a.neededBy(ctx, m, h, head)
	return min(needed, unfinished), err
}

// oldSeq finds the newest entry that was committed before a time, 0 where none
// of those that stand was. Commit times rise with the seq but for the
// differences of clocks and shards, so halving finds it. It begins at the
// floor, near which it mostly lies.
func (a *Adapter) oldSeq(ctx context.Context, m change.Memory, b feed.Bounds, old int64) (int64, error) {
	low, high := b.Floor-1, b.Head // low is old or below the floor, what lies above high is not old
	for probe := b.Floor; low < high; probe = low + (high-low+1)/2 {
		c, err := a.chunkOf(ctx, m, probe)
		if err != nil {
			return 0, err
		}
		within := c.between(low, high)
		if c.last() < probe || len(within) == 0 {
			low = probe // compacted meanwhile
			continue
		}
		young := sort.Search(len(within), func(i int) bool { return within[i].Change.At >= old })
		switch young {
		case 0:
			high = within[0].Seq - 1
		case len(within):
			low = within[young-1].Seq
		default:
			low = within[young-1].Seq
			high = low
		}
	}
	if low < b.Floor {
		return 0, nil
	}
	return low, nil
}
