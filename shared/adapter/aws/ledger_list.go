package aws

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	listPage    = 100
	listMost    = 1000
	listBuckets = 5 // that one page looks through
)

// position is where a listing stands: records come in descending order of seq,
// redrive and hook.
type position struct {
	seq     int64
	redrive int
	hook    string
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.seq, o.seq), cmp.Compare(p.redrive, o.redrive), cmp.Compare(p.hook, o.hook))
}

func (p position) String() string {
	return strconv.FormatInt(p.seq, 10) + "." + strconv.Itoa(p.redrive) + "." + p.hook
}

func positionOf(r *delivery.Record) position {
	return position{r.Job.Entry.Seq, r.Job.Redrive, r.Job.Hook}
}

// readPosition reads what String wrote. "" is before the newest.
func readPosition(s string) (position, error) {
	if s == "" {
		return position{seq: highestSeq}, nil
	}
	bad := fault.New(fault.InvalidField, "cursor is not one that a list of deliveries gave: begin without one")
	parts := strings.SplitN(s, ".", 3)
	if len(parts) != 3 {
		return position{}, bad
	}
	seq, err := strconv.ParseInt(parts[0], 10, 64)
	redrive, errRedrive := strconv.Atoi(parts[1])
	p := position{seq, redrive, parts[2]}
	if err != nil || errRedrive != nil || seq < 0 || seq > highestSeq || redrive < 0 || p.String() != s {
		return position{}, bad
	}
	return p, nil
}

// listing is one page that is being collected, bucket by bucket of the log.
type listing struct {
	a      *Adapter
	memory change.Memory
	q      delivery.Query
	below  position
	hooks  []listedHook
	found  []delivery.Record
}

// listedHook is a hook whose deliveries are asked for.
type listedHook struct {
	hookRow
	place place
}

// List is the port's. A page looks through a few thousand entries at most; what
// it did not reach is behind its cursor.
func (l ledger) List(ctx context.Context, m change.Memory, q delivery.Query) ([]delivery.Record, string, error) {
	below, err := readPosition(q.After)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = listPage
	}
	q.Limit = min(q.Limit, listMost)
	page := &listing{a: l.a, memory: m, q: q, below: below}
	if err := page.open(ctx); err != nil {
		return nil, "", err
	}
	head, err := l.a.lastChunk(ctx, m)
	if err != nil {
		return nil, "", err
	}
	to := min(below.seq, head.last()) + 1
	for range listBuckets {
		if to, err = page.next(ctx, to); err != nil || to <= 1 || len(page.found) > q.Limit {
			break
		}
	}
	switch {
	case err != nil:
		return nil, "", err
	case len(page.found) > q.Limit:
		page.found = page.found[:q.Limit]
		return page.found, positionOf(&page.found[q.Limit-1]).String(), nil
	case to > 1:
		return page.found, position{seq: to}.String(), nil
	}
	return page.found, "", nil
}

// open reads the hooks whose deliveries are asked for.
func (p *listing) open(ctx context.Context) error {
	rows, err := p.a.hookRows(ctx, p.memory)
	if err != nil {
		return err
	}
	known := p.q.Hook == ""
	for _, h := range rows {
		if p.q.Hook != "" && h.ID != p.q.Hook {
			continue
		}
		known = true
		if h.Mode != hook.Webhook {
			continue
		}
		place, err := p.a.place(ctx, p.memory, h.ID)
		if err != nil {
			return err
		}
		p.hooks = append(p.hooks, listedHook{h, place})
	}
	if !known {
		return noHook(p.q.Hook)
	}
	return nil
}

// next adds what is asked for of the bucket that ends below a seq, or of the
// first one below it where there can be any. It answers with where that bucket
// begins, 0 where there are no more.
func (p *listing) next(ctx context.Context, to int64) (int64, error) {
	to, err := p.reach(ctx, to)
	if err != nil || to <= 1 {
		return 0, err
	}
	from := bucketFrom(to - 1)
	entries, err := p.a.span(ctx, p.memory, from, to)
	if err != nil {
		return 0, err
	}
	if len(entries) == 0 {
		return 0, nil // compacted, and all below
	}
	var found []delivery.Record
	for i := range p.hooks {
		h := &p.hooks[i]
		all, err := p.a.history(ctx, p.memory, h.ID, from, to)
		if err != nil {
			return 0, err
		}
		for k := range entries {
			found = append(found, p.wanted(h, &entries[k], all)...)
		}
	}
	slices.SortFunc(found, func(a, b delivery.Record) int { return positionOf(&b).compare(positionOf(&a)) })
	p.found = append(p.found, found...)
	return from, nil
}

// reach is the seq below which to look: where only rows can be meant, behind
// the newest row.
func (p *listing) reach(ctx context.Context, to int64) (int64, error) {
	var reach int64
	for i := range p.hooks {
		h := &p.hooks[i]
		if !p.rowsOnly(h, to) {
			return to, nil
		}
		newest, err := p.a.newestBelow(ctx, p.memory, h.ID, to)
		if err != nil {
			return 0, err
		}
		reach = max(reach, newest+1)
	}
	return reach, nil
}

// rowsOnly says whether below a seq only deliveries that have rows can have the
// status that is asked for.
func (p *listing) rowsOnly(h *listedHook, to int64) bool {
	switch p.q.Status {
	case "", delivery.StatusDelivered, delivery.StatusSkipped:
		return false
	case delivery.StatusPending, delivery.StatusHeld:
		return h.waiting() != p.q.Status || to <= h.place.done
	}
	return true
}

// wanted are the deliveries of an entry that are asked for.
func (p *listing) wanted(h *listedHook, e *feed.Entry, all history) []delivery.Record {
	match, sees := e.For(h.ID)
	if !sees {
		return nil
	}
	return slices.DeleteFunc(records(&h.hookRow, &h.place, e, match, all), func(r delivery.Record) bool {
		return p.q.Status != "" && r.Status != p.q.Status || r.LastAt < p.q.Since || positionOf(&r).compare(p.below) >= 0
	})
}
