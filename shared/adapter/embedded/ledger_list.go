package embedded

import (
	"cmp"
	"context"
	"errors"
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
	maxLook     = 5000 // log entries that one page looks through for what waits
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
	hooks, err := q.d.hooksOf(ctx, m)
	if err != nil {
		return nil, "", err
	}
	page := &listing{q: query, below: below}
	if query.Hook == "" {
		err = q.listAll(ctx, page, hooks)
	} else {
		err = q.listOne(ctx, page, hooks)
	}
	if err != nil {
		return nil, "", err
	}
	return q.finishPage(ctx, page)
}

func (q *queue) listOne(ctx context.Context, page *listing, hooks []*hookRow) error {
	i := slices.IndexFunc(hooks, func(h *hookRow) bool { return h.ID == page.q.Hook })
	if i < 0 {
		return fault.New(fault.NotFound, "there is no hook %q", page.q.Hook)
	}
	if hooks[i].Mode != hook.Webhook {
		return nil
	}
	return q.listHook(ctx, page, hooks[i], true)
}

// finishPage cuts a page to its limit and reads the entries of its records.
func (q *queue) finishPage(ctx context.Context, page *listing) ([]delivery.Record, string, error) {
	// What ended while the sources were read may be there twice: what was read
	// last holds.
	found, next := page.found, ""
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b listed) int { return b.at.compare(a.at) })
	found = slices.CompactFunc(found, func(a, b listed) bool { return a.at == b.at })
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
	records, err := q.tellEntries(ctx, found)
	return records, next, err
}

// listHook adds a hook's deliveries; open is false where it is known that all
// have ended.
func (q *queue) listHook(ctx context.Context, page *listing, h *hookRow, open bool) error {
	status := page.q.Status
	if open && page.q.Since == 0 && (status == "" || status == waiting(h)) {
		if err := q.listWaiting(ctx, page, h); err != nil {
			return err
		}
	}
	if status == "" || status == delivery.StatusDelivered {
		if err := q.listBatches(ctx, page, h); err != nil {
			return err
		}
	}
	return q.listRows(ctx, page, h)
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

// listRows adds the jobs that have rows.
func (q *queue) listRows(ctx context.Context, page *listing, h *hookRow) error {
	where := "status=?"
	switch page.q.Status {
	case delivery.StatusPending, delivery.StatusHeld:
		if page.q.Status != waiting(h) {
			return nil
		}
		where = "?<>'' AND status IN " + pendingRows
	case "":
		where = "?=''"
	}
	args := []any{h.n, string(page.q.Status), page.below.seq, page.q.Since, page.q.Limit + 2}
	// Of the seq where the page begins some may stand before it: one for each
	// redrive, and they are few.
	return q.d.rows(ctx, selectJob+"WHERE hook=? AND "+where+` AND seq<=? AND last_at>=? ORDER BY seq DESC, redrive DESC LIMIT
		?+(SELECT count(*) FROM job WHERE hook=?1 AND seq=?3)`,
		args, func(scan func(...any) error) error {
			r, err := scanJob(scan)
			if err == nil {
				page.add(h, r.record(h))
			}
			return err
		})
}

// listBatches adds what succeeded at once: first from the batches that reach
// beyond the page's beginning, then from those below it.
func (q *queue) listBatches(ctx context.Context, page *listing, h *hookRow) error {
	var across [][]byte
	if err := q.d.rows(ctx, selectBatches, []any{h.n, page.below.seq, page.below.seq, maxWindow}, collect(&across)); err != nil {
		return err
	}
	var seqs []int64
	take := func(data []byte) (old bool, err error) {
		batch, err := delivery.DecodeBatch(data)
		old = true
		for _, s := range batch {
			old = old && s.At < page.q.Since
			if page.add(h, s.Record(h.ID)) {
				seqs = append(seqs, s.Seq)
			}
		}
		return old, err
	}
	for _, data := range across {
		if _, err := take(data); err != nil {
			return err
		}
	}
	oldInRow := 0
	err := q.d.rows(ctx, "SELECT last_seq, data FROM delivered WHERE hook=? AND last_seq<? ORDER BY last_seq DESC",
		[]any{h.n, page.below.seq}, func(scan func(...any) error) error {
			var last int64
			var data []byte
			if err := scan(&last, &data); err != nil {
				return err
			}
			above := 0
			for _, seq := range seqs {
				if seq > last {
					above++
				}
			}
			if above > page.q.Limit || oldInRow >= maxOld {
				return errEnough
			}
			old, err := take(data)
			if oldInRow++; !old {
				oldInRow = 0
			}
			return err
		})
	return enough(err)
}

// errEnough ends the reading of rows that are not needed.
var errEnough = errors.New("enough")

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// listWaiting adds what waits and has no row yet: entries after the hook's
// place that it sees and nothing is known of.
func (q *queue) listWaiting(ctx context.Context, page *listing, h *hookRow) error {
	ask := func(query string, args []any, each func(scan func(...any) error) error) error {
		return q.d.rows(ctx, query, args, each)
	}
	cursor := h.Since
	if _, err := q.d.row("SELECT cursor FROM place WHERE hook=?", []any{h.n}, &cursor); err != nil {
		return err
	}
	late, err := settledAfter(ask, h.n, cursor)
	if err != nil {
		return err
	}
	looked, added := 0, 0
	err = ask("SELECT seq, matches FROM log WHERE memory=? AND seq>? AND seq<=? ORDER BY seq DESC", []any{h.memory, cursor, page.below.seq},
		func(scan func(...any) error) error {
			var seq int64
			var matches []byte
			if err := scan(&seq, &matches); err != nil {
				return err
			}
			eachMatch(matches, func(hook, _ int64) {
				if hook == h.n && !late[seq] {
					r := delivery.Record{Job: delivery.Job{Hook: h.ID}, Status: waiting(h)}
					r.Job.Entry.Seq = seq
					if page.add(h, r) {
						added++
					}
				}
			})
			if looked++; looked == maxLook {
				page.cut = max(page.cut, seq-1)
			}
			if looked == maxLook || added > page.q.Limit {
				return errEnough
			}
			return nil
		})
	return enough(err)
}
