package inspect

import (
	"context"

	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

// Tried is one event that a filter was tried on.
type Tried struct {
	Entry   feed.Entry
	Matched bool
	Why     string // where it did not match: the first reason
}

// Try says of the newest events which of them a hook would see if it had
// another filter, the newest first. All else that the hook asks for counts;
// when it was made does not.
func (s *Service) Try(ctx context.Context, h hook.Hook, p pattern.Pattern, limit int) ([]Tried, error) {
	h.Pattern = p
	page, err := s.Newest(ctx, h.Memory, 0, limit)
	if err != nil {
		return nil, err
	}
	tried := make([]Tried, len(page.Entries))
	return tried, side(len(tried), func(i int) error {
		e := &page.Entries[i]
		told := dialect.Event{Change: e.Change}
		if h.TurnsOnContent(&e.Change) {
			var err error
			if told, err = s.tell(ctx, *e); err != nil {
				return err
			}
		}
		sees, why := judge(&h, told)
		if sees == unknown {
			why += ", so whether it would have matched can't be known"
		}
		tried[i] = Tried{*e, sees == yes, why}
		return nil
	})
}
