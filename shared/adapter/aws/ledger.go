package aws

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// ledger is the ports delivery.Ledger and delivery.Redriver.
type ledger struct{ a *Adapter }

// countTries is how often counting begins anew because rows were being taken
// away.
const countTries = 8

// Counts is the port's. A CDC hook has no deliveries.
func (l ledger) Counts(ctx context.Context, m change.Memory, id string) (map[delivery.Status]int, error) {
	h, err := l.a.hookRow(ctx, m, id)
	if err != nil || h.Mode != hook.Webhook {
		return map[delivery.Status]int{}, err
	}
	for range countTries {
		p, err := l.a.place(ctx, m, id)
		if err != nil {
			return nil, err
		}
		rows, err := l.a.others(ctx, m, id, p.floor, highestSeq)
		if err != nil {
			return nil, err
		}
		firsts, err := l.a.firsts(ctx, m, id, p.done, highestSeq)
		if err != nil {
			return nil, err
		}
		after, err := l.a.place(ctx, m, id)
		if err != nil {
			return nil, err
		}
		if after.changes != p.changes {
			continue
		}
		c, err := l.a.lastChunk(ctx, m)
		return counted(&h, c.hooks[id].total, p.tally(history{rows, firsts})), err
	}
	return nil, fault.New(fault.Unavailable, "the deliveries of hook %q are being compacted: count them again", id)
}

// counted adds what waits: all that a hook saw and that has not ended.
func counted(h *hookRow, total int64, ended map[delivery.Status]int64) map[delivery.Status]int {
	counts := make(map[delivery.Status]int)
	for status, n := range ended {
		if total -= n; n > 0 {
			counts[status] = int(n)
		}
	}
	if total > 0 {
		counts[h.waiting()] = int(total)
	}
	return counts
}

// tally is how many changes have ended in each state, by the newest delivery of
// each, of all rows from the floor on and what first attempts ended from done
// on.
func (p *place) tally(all history) map[delivery.Status]int64 {
	ended := maps.Clone(p.ended)
	own := make(map[int64]bool)
	for newest, rows := range bySeq(p, all.rows) {
		if !newest.pending() {
			ended[newest.status]++
		}
		if rows[0].redrive == 0 {
			own[newest.seq] = true
		} else {
			ended[rows[0].was]--
		}
	}
	for seq := range all.firsts {
		if !own[seq] {
			ended[delivery.StatusDelivered]++
		}
	}
	return ended
}

// bySeq gives the newest row of each seq with all rows of it, rows that were
// left and those below the floor not among them.
func bySeq(p *place, rows []other) map[*other][]other {
	rows = slices.DeleteFunc(slices.Clone(rows), func(o other) bool { return p.left(&o) || o.seq < p.floor })
	of := make(map[*other][]other)
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].seq == rows[i].seq {
			n++
		}
		of[&rows[n-1]] = rows[i:n]
		i = n
	}
	return of
}

// Find is the port's.
func (l ledger) Find(ctx context.Context, m change.Memory, id string, seq int64, redrive int) (delivery.Record, error) {
	none := fault.New(fault.NotFound, "there is no delivery %s", deliveryID(id, seq, redrive))
	h, err := l.a.hookRow(ctx, m, id)
	if err != nil {
		return delivery.Record{}, err
	}
	if h.Mode != hook.Webhook || seq < 1 || seq >= highestSeq {
		return delivery.Record{}, none
	}
	e, there, err := l.a.entry(ctx, m, seq)
	if err != nil {
		return delivery.Record{}, err
	}
	match, sees := e.For(id)
	if !there || !sees {
		return delivery.Record{}, none
	}
	p, err := l.a.place(ctx, m, id)
	if err != nil {
		return delivery.Record{}, err
	}
	all, err := l.a.history(ctx, m, id, seq, seq+1)
	if err != nil {
		return delivery.Record{}, err
	}
	for _, r := range records(&h, &p, &e, match, all) {
		if r.Job.Redrive == redrive {
			return r, r.Recall(all.earlier(redrive))
		}
	}
	return delivery.Record{}, none
}

// earlier are the attempts of a delivery before its last, where all is of one seq.
func (all *history) earlier(redrive int) []byte {
	for i := range all.rows {
		if all.rows[i].redrive == redrive {
			return all.rows[i].earlier
		}
	}
	return nil
}

// records are all deliveries of an entry that a hook sees, the newest first.
func records(h *hookRow, p *place, e *feed.Entry, match feed.Match, all history) []delivery.Record {
	at, _ := slices.BinarySearchFunc(all.rows, e.Seq, func(o other, seq int64) int { return cmp.Compare(o.seq, seq) })
	var found []delivery.Record
	own := false
	for _, o := range all.rows[at:] {
		if o.seq != e.Seq {
			break
		}
		if !p.left(&o) {
			own = own || o.redrive == 0
			found = append(found, o.record(h))
		}
	}
	slices.Reverse(found)
	if !own {
		found = append(found, p.unwritten(h, e.Seq, all))
	}
	for i := range found {
		found[i].Job.Entry, found[i].Job.Prev = *e, match.Prev
	}
	return found
}

// unwritten is an event's own delivery where it has no row.
func (p *place) unwritten(h *hookRow, seq int64, all history) delivery.Record {
	if s, delivered := all.firsts[seq]; delivered {
		return s.Record(h.ID)
	}
	r := delivery.Record{Job: delivery.Job{Hook: h.ID}, Status: h.waiting()}
	if seq < p.done {
		r.Status = delivery.StatusSkipped
	}
	return r
}

// entriesOf reads entries of some seqs, side by side ones at once. Those that
// the log does not hold are left out.
func (a *Adapter) entriesOf(ctx context.Context, m change.Memory, seqs []int64) (map[int64]feed.Entry, error) {
	const near = 200 // entries that are read to find a further one
	seqs = slices.Sorted(slices.Values(seqs))
	found := make(map[int64]feed.Entry, len(seqs))
	for i := 0; i < len(seqs); {
		n := i + 1
		for n < len(seqs) && seqs[n]-seqs[n-1] < near && seqs[n]-seqs[i] < bucketSize {
			n++
		}
		if first := max(seqs[i], 1); seqs[n-1] >= first && first < highestSeq {
			some, err := a.span(ctx, m, first, seqs[n-1]+1)
			if err != nil {
				return nil, err
			}
			for _, e := range some {
				found[e.Seq] = e
			}
		}
		i = n
	}
	return found, nil
}

// span reads the entries from a seq on, below another. What was compacted is
// left out.
func (a *Adapter) span(ctx context.Context, m change.Memory, from, to int64) ([]feed.Entry, error) {
	entries, err := a.readLog(ctx, m, from-1, int(to-from))
	n, _ := slices.BinarySearchFunc(entries, to, func(e feed.Entry, seq int64) int { return cmp.Compare(e.Seq, seq) })
	return entries[:n], err
}
