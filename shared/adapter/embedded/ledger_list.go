package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	defaultPage = 100
	maxPage     = 1000
	maxLook     = 5000 // log entries that one page looks through
	maxOld      = 64   // batches in a row that are older than asked for
)

// position is where a listing stands: records come in descending order of seq,
// redrive and hook number.
type position struct {
	seq     int64
	redrive int
	hook    int64
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.seq, o.seq), cmp.Compare(p.redrive, o.redrive), cmp.Compare(p.hook, o.hook))
}

func (p position) String() string { return fmt.Sprintf("%d.%d.%d", p.seq, p.redrive, p.hook) }

// parsePosition reads what String wrote. "" is before the newest.
func parsePosition(s string) (position, error) {
	if s == "" {
		return position{seq: 1<<63 - 1}, nil
	}
	var n [3]int64
	parts := strings.Split(s, ".")
	ok := len(parts) == len(n)
	for i := 0; ok && i < len(n); i++ {
		var err error
		n[i], err = strconv.ParseInt(parts[i], 10, 64)
		ok = err == nil && n[i] >= 0 && strconv.FormatInt(n[i], 10) == parts[i]
	}
	p := position{n[0], int(n[1]), n[2]}
	if !ok || int64(p.redrive) != n[1] {
		return position{}, fault.New(fault.InvalidField, "cursor is not one that a list of deliveries gave: begin without one")
	}
	return p, nil
}

// listed is a record and where it stands.
type listed struct {
	at     position
	hook   *hookRow
	record delivery.Record
}

// listing collects one page. Each source adds what it has below a position, the
// newest first, up to the limit; one that gives up earlier says at which seq.
type listing struct {
	q     delivery.Query
	below position
	cut   int64 // nothing was looked for at or below it; 0 = all was
	least int64 // nothing below it is needed: enough was found from it on
	whole bool  // records come with their entries
	found []listed
}

// List is the port's.
func (q *queue) List(ctx context.Context, m change.Memory, query delivery.Query) ([]delivery.Record, string, error) {
	below, err := parsePosition(query.After)
	if err != nil {
		return nil, "", err
	}
	if query.Limit <= 0 {
		query.Limit = defaultPage
	}
	query.Limit = min(query.Limit, maxPage)
	r, err := q.d.room(ctx, m)
	if err != nil {
		return nil, "", err
	}
	page := &listing{q: query, below: below}
	hooks, known := r.posted(query.Hook)
	switch {
	case !known:
		return nil, "", fault.New(fault.NotFound, "there is no hook %q", query.Hook)
	case len(hooks) > 1 && query.Since == 0 && (query.Status == "" || query.Status == delivery.StatusDelivered):
		err = q.listLog(ctx, page, r, hooks)
	default:
		err = q.listHooks(ctx, page, hooks)
	}
	if err != nil {
		return nil, "", err
	}
	return q.finishPage(ctx, page)
}

// posted returns the hooks that are posted to, all or the one that is named;
// known is false where that is not there. A nil room has none.
func (r *room) posted(id string) (hooks []*hookRow, known bool) {
	if r == nil {
		return nil, id == ""
	}
	r.mu.RLock()
	all := r.hooks.rows
	r.mu.RUnlock()
	known = id == ""
	for _, h := range all {
		if id != "" && h.ID != id {
			continue
		}
		known = true
		if h.Mode == hook.Webhook {
			hooks = append(hooks, h)
		}
	}
	return hooks, known
}

// settle orders what was found and drops what the page does not need. What
// ended while the sources were read may be there twice: what was read last
// holds.
func (p *listing) settle() {
	slices.Reverse(p.found)
	slices.SortStableFunc(p.found, func(a, b listed) int { return b.at.compare(a.at) })
	p.found = slices.CompactFunc(p.found, func(a, b listed) bool { return a.at == b.at })
	if most := p.q.Limit + 1; len(p.found) >= most {
		p.found = p.found[:most]
		p.least = p.found[most-1].at.seq
	}
}

// finishPage cuts a page to its limit and reads the entries that its records
// lack.
func (q *queue) finishPage(ctx context.Context, page *listing) ([]delivery.Record, string, error) {
	page.settle()
	found, next := page.found, ""
	if page.cut > 0 {
		kept := slices.IndexFunc(found, func(l listed) bool { return l.at.seq <= page.cut })
		if kept >= 0 {
			found = found[:kept]
		}
		next = position{seq: page.cut + 1}.String()
	}
	if len(found) > page.q.Limit {
		found = found[:page.q.Limit]
		next = found[len(found)-1].at.String()
	}
	if !page.whole {
		records, err := q.tellEntries(ctx, found)
		return records, next, err
	}
	records := make([]delivery.Record, len(found))
	for i := range found {
		records[i] = found[i].record
	}
	return records, next, nil
}

// add takes a record if it is below the page's beginning and not too old.
func (p *listing) add(h *hookRow, r delivery.Record) bool {
	at := position{r.Job.Entry.Seq, r.Job.Redrive, h.n}
	fits := at.compare(p.below) < 0 && r.LastAt >= p.q.Since
	if fits {
		p.found = append(p.found, listed{at, h, r})
	}
	return fits
}
