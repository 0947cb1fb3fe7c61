package embedded

import (
	"context"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// warmAtOnce is how many grains one query reads ahead.
const warmAtOnce = 128

// warmQuery reads grains by their hashes; hashes that are not given are NULL.
var warmQuery = fromGrain + "WHERE g.memory=" + memoryN + " AND g.hash IN (?" + strings.Repeat(",?", warmAtOnce-1) + ")"

// ahead is the feed's reading ahead.
func (d *db) ahead(ctx context.Context, h hook.Hook, entries []feed.Entry) error {
	return d.warm(ctx, h.Memory, h.ID, entries)
}

// warm reads the grains of entries that a hook is about to be told of into the
// row cache: a backlog is read in a few queries instead of one an event. It only
// saves time: what it does not read is read when it is needed.
func (d *db) warm(ctx context.Context, m change.Memory, hook string, entries []feed.Entry) error {
	wanted := make([]any, 0, warmAtOnce)
	for i := range entries {
		c := &entries[i].Change
		if _, sees := entries[i].For(hook); !sees || c.Cause != events.Created && c.Cause != events.Superseded {
			continue
		}
		if _, held := d.boxes.get(boxOf{m, c.Hash}); held {
			continue
		}
		wanted = append(wanted, hex64(c.Hash).value())
		if len(wanted) == warmAtOnce {
			if err := d.warmSome(ctx, m, wanted); err != nil {
				return err
			}
			wanted = wanted[:0]
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return d.warmSome(ctx, m, append(wanted, make([]any, warmAtOnce-len(wanted))...))
}

func (d *db) warmSome(ctx context.Context, m change.Memory, hashes []any) error {
	era := d.boxes.begin()
	return d.rows(ctx, warmQuery, named(m, hashes...), func(scan func(...any) error) error {
		var r row
		if err := r.scan(scan); err != nil {
			return err
		}
		d.boxes.keep(era, boxOf{m, r.Hash}, r.Stored)
		return nil
	})
}
