package embedded

import (
	"context"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// warmAtOnce is how many grains one query reads ahead.
const warmAtOnce = 128

// apart is how far from each other grains may stand, in grains of all memories,
// to be read together: passing one costs so much less than finding one.
const apart = 16

// rangeQuery reads a memory's grains from one to another of its numbers, unless
// they are too far from each other: what was written one after another stands
// together. warmQuery reads grains wherever they stand.
var (
	rangeQuery = "SELECT " + grainColumns + " FROM (SELECT min(n) AS low, max(n) AS high FROM (" + numbersBy(2) + `)) e
	CROSS JOIN grain g NOT INDEXED ON g.n BETWEEN e.low AND e.high AND e.high - e.low < ? AND g.memory=` + memoryN + `
	JOIN shelf s ON s.n = g.shelf JOIN seal_key k ON k.n = s.key`
	warmQuery = fromGrain + "WHERE g.n IN (" + numbersBy(warmAtOnce) + ")"
)

// numbersBy is a query of grains' numbers: by so many hashes, where they are filed,
// and by as many numbers; what is not given is NULL.
func numbersBy(count int) string {
	return "SELECT n FROM filed WHERE memory=" + memoryN + " AND hash IN (?" + strings.Repeat(",?", count-1) + ") UNION ALL VALUES (?)" +
		strings.Repeat(",(?)", count-1)
}

// askFor gives the arguments of numbersBy for some hashes.
func (d *db) askFor(m change.Memory, hashes []string, count int) []any {
	args := make([]any, 2*count)
	for i, hash := range hashes {
		if at := d.unfiled.find(m, hash); len(at) > 1 {
			args[count+i] = at[0]
		} else {
			args[i] = hex64(hash).value()
		}
	}
	return named(m, args...)
}

// ahead is the feed's reading ahead. Its error is left to whoever reads the same
// grain again.
func (d *db) ahead(ctx context.Context, h hook.Hook, entries []feed.Entry) {
	_ = d.warm(ctx, h.Memory, h.ID, entries)
}

// warm reads the grains of entries that the hook of an id is about to be told of
// into the row cache: a backlog is read in a few queries instead of one an event.
// It only saves time: what it does not read is read when it is needed.
func (d *db) warm(ctx context.Context, m change.Memory, id string, entries []feed.Entry) error {
	var wanted []string
	for i := range entries {
		c := &entries[i].Change
		if _, sees := entries[i].For(id); sees && (c.Cause == events.Created || c.Cause == events.Superseded) {
			wanted = append(wanted, c.Hash)
		}
	}
	for some := range slices.Chunk(wanted, warmAtOnce) {
		if err := d.warmSome(ctx, m, some); err != nil {
			return err
		}
	}
	return nil
}

// warmSome reads the grains of up to warmAtOnce hashes, in the order of their
// writing: first those that stand together, then what is still missing.
func (d *db) warmSome(ctx context.Context, m change.Memory, hashes []string) error {
	missing := d.unheld(m, hashes)
	if len(missing) > 2 {
		ends := d.askFor(m, []string{missing[0], missing[len(missing)-1]}, 2)
		if err := d.hold(ctx, m, rangeQuery, append(ends, apart*len(missing), m.Tenant, m.ID)); err != nil {
			return err
		}
		missing = d.unheld(m, hashes)
	}
	if len(missing) == 0 {
		return nil
	}
	return d.hold(ctx, m, warmQuery, d.askFor(m, missing, warmAtOnce))
}

// unheld are the hashes of those grains that are not held.
func (d *db) unheld(m change.Memory, hashes []string) []string {
	var missing []string
	for _, hash := range hashes {
		if _, held := d.boxes.get(boxOf{m, hash}); !held {
			missing = append(missing, hash)
		}
	}
	return missing
}

// hold reads grains of a memory into the row cache.
func (d *db) hold(ctx context.Context, m change.Memory, query string, args []any) error {
	era := d.boxes.begin()
	return d.rows(ctx, query, args, func(scan func(...any) error) error {
		var r row
		if err := r.scan(scan); err != nil {
			return err
		}
		d.boxes.keep(era, boxOf{m, r.Hash}, r.Stored)
		return nil
	})
}
