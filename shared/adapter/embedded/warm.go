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

// warmQuery reads grains by their hashes, where they are filed, and by their
// numbers; what is not given is NULL.
var warmQuery = fromGrain + "WHERE g.n IN (SELECT n FROM filed WHERE memory=" + memoryN + " AND hash IN (" + warmList + ") UNION ALL VALUES (" +
	strings.ReplaceAll(warmList, ",", "),(") + "))"

var warmList = "?" + strings.Repeat(",?", warmAtOnce-1)

// ahead is the feed's reading ahead.
func (d *db) ahead(ctx context.Context, h hook.Hook, entries []feed.Entry) error {
	return d.warm(ctx, h.Memory, h.ID, entries)
}

// warm reads the grains of entries that a hook is about to be told of into the
// row cache: a backlog is read in a few queries instead of one an event. It only
// saves time: what it does not read is read when it is needed.
func (d *db) warm(ctx context.Context, m change.Memory, hook string, entries []feed.Entry) error {
	var hashes, numbers []any
	for i := range entries {
		c := &entries[i].Change
		if _, sees := entries[i].For(hook); !sees || c.Cause != events.Created && c.Cause != events.Superseded {
			continue
		}
		if _, held := d.boxes.get(boxOf{m, c.Hash}); held {
			continue
		}
		if places := d.unfiled.find(m, c.Hash); len(places) > 1 {
			numbers = append(numbers, places[0])
		} else {
			hashes = append(hashes, hex64(c.Hash).value())
		}
	}
	for len(hashes) > 0 || len(numbers) > 0 {
		args := make([]any, 2*warmAtOnce)
		hashes = hashes[copy(args[:warmAtOnce], hashes):]
		numbers = numbers[copy(args[warmAtOnce:], numbers):]
		if err := d.warmSome(ctx, m, args); err != nil {
			return err
		}
	}
	return nil
}

func (d *db) warmSome(ctx context.Context, m change.Memory, args []any) error {
	era := d.boxes.begin()
	return d.rows(ctx, warmQuery, named(m, args...), func(scan func(...any) error) error {
		var r row
		if err := r.scan(scan); err != nil {
			return err
		}
		d.boxes.keep(era, boxOf{m, r.Hash}, r.Stored)
		return nil
	})
}
