package inspect

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// span reads the entries from one seq to another, both with it. What was
// compacted, perhaps just now, is left out.
func (s *Service) span(ctx context.Context, m change.Memory, from, to int64) ([]feed.Entry, error) {
	for to >= from {
		entries, err := s.cfg.Log.Read(ctx, m, from-1, int(to-from+1))
		if fault.KindOf(err) != fault.Compacted {
			return entries, err
		}
		b, err := s.cfg.Log.Bounds(ctx, m)
		if err != nil {
			return nil, err
		}
		from = max(from+1, b.Floor)
	}
	return nil, nil
}

// The sizes of the bites in which a log is read backwards.
const (
	firstBite = 64
	lastBite  = 1024
)

// back shows the entries below a seq, the newest first, until visit has enough,
// most were shown, or the floor is reached. It answers with the seq of the last
// that was shown, before where there was none.
func (s *Service) back(ctx context.Context, m change.Memory, b feed.Bounds, before, most int64, visit func(*feed.Entry) (enough bool)) (int64, error) {
	least := max(b.Floor, before-most)
	for bite := int64(firstBite); before > least; bite = min(2*bite, lastBite) {
		entries, err := s.span(ctx, m, max(least, before-bite), before-1)
		if err != nil {
			return before, err
		}
		if len(entries) == 0 { // compacted meanwhile
			return before, nil
		}
		for i := len(entries) - 1; i >= 0; i-- {
			if before = entries[i].Seq; visit(&entries[i]) {
				return before, nil
			}
		}
	}
	return before, nil
}

// keptBack is back of what outlives the floor, below a seq.
func (s *Service) keptBack(ctx context.Context, m change.Memory, before, most int64, visit func(*feed.Entry) (enough bool)) (int64, error) {
	for reach := int64(lastBite); before > 1 && most > 0; reach *= 2 {
		from := max(1, before-reach)
		kept, err := s.cfg.Kept.Kept(ctx, m, from-1, lastBite)
		if err != nil {
			return before, err
		}
		most -= int64(len(kept))
		if len(kept) == lastBite && kept[lastBite-1].Seq < before-1 && reach > lastBite {
			reach /= 4 // there is more than one page shows: look at less
			continue
		}
		for i := len(kept) - 1; i >= 0; i-- {
			if kept[i].Seq < before {
				if before = kept[i].Seq; visit(&kept[i]) {
					return before, nil
				}
			}
		}
		before = from
	}
	return before, nil
}

// reaches is how far around a time the log is looked through, in entries on
// each side, further each time. Requests that began together are told in
// another order than they began, so that an event may stand a little off.
var reaches = [...]int64{64, 512, 4096, looked}

// around looks for an entry of a certain time: found is nil where none of those
// from one seq to another is it. The widest reach is for a moment that so many
// share, as after an erasure.
func (s *Service) around(ctx context.Context, m change.Memory, b feed.Bounds, at int64, is func(*feed.Entry) bool) (found *feed.Entry, from, to int64, err error) {
	middle, err := s.firstSince(ctx, m, b, at)
	if err != nil {
		return nil, 0, 0, err
	}
	from, to = middle, middle-1
	shared := false // the newest that was looked at is of that very moment
	for i, reach := range reaches {
		if i == len(reaches)-1 && !shared {
			break
		}
		for _, part := range [][2]int64{{to + 1, min(b.Head, middle+reach)}, {max(b.Floor, middle-reach), from - 1}} {
			entries, err := s.span(ctx, m, part[0], part[1])
			if err != nil {
				return nil, 0, 0, err
			}
			for k := range entries {
				if is(&entries[k]) {
					return &entries[k], part[0], part[1], nil
				}
			}
			if n := len(entries); n > 0 && entries[n-1].Seq > to {
				shared = entries[n-1].Change.At == at
			}
		}
		from, to = max(b.Floor, middle-reach), min(b.Head, middle+reach)
	}
	return nil, from, to, nil
}

// firstSince is about the lowest seq whose event is not older than a time,
// Head+1 where all are.
func (s *Service) firstSince(ctx context.Context, m change.Memory, b feed.Bounds, at int64) (int64, error) {
	low, high := b.Floor, b.Head+1
	for low < high {
		middle := low + (high-low)/2
		entries, err := s.span(ctx, m, middle, middle)
		if err != nil {
			return 0, err
		}
		if len(entries) == 0 || entries[0].Change.At < at { // none: compacted meanwhile, as all that is older
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}
