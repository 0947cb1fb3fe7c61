package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// The attributes of a delivery's row. Its seq and redrive are in its key too.
const (
	otherSeq       = "q"
	otherRedrive   = "k"
	otherStatus    = "s"
	otherAttempts  = "n"
	otherFirst     = "f1"
	otherLast      = "l"
	otherNext      = "nx"
	otherCode      = "cd"
	otherError     = "er"
	otherReason    = "rs"
	otherTook      = "tk" // microseconds
	otherRedaction = "rd"
	otherPrev      = "pv"
	otherMade      = "mk"
	otherWas       = "was"
	otherEarlier   = "ea" // delivery.Attempt.AppendTo

	batchData = "d" // delivery.EncodeBatch

	bucketSize = 1000 // seqs whose batches lie side by side
)

// other is a delivery that has a row: any but those that their first attempt
// ended well, and those that were never attempted.
type other struct {
	seq       int64
	redrive   int
	status    delivery.Status // StatusPending until it ends
	attempts  int
	firstAt   int64
	lastAt    int64
	nextAt    int64
	code      int
	err       string
	reason    string
	took      time.Duration
	redaction redact.Mode
	prev      int64
	madeAt    int64 // of a redrive
	// was is how the event's own delivery had ended where it has no row, noted
	// by the first redrive; "" otherwise.
	was     delivery.Status
	earlier []byte // attempts than the last, as package delivery packs them
}

func readOther(row table.Row) other {
	return other{
		seq: row.Number(otherSeq), redrive: int(row.Number(otherRedrive)), status: delivery.Status(row.Text(otherStatus)),
		attempts: int(row.Number(otherAttempts)), firstAt: row.Number(otherFirst), lastAt: row.Number(otherLast), nextAt: row.Number(otherNext),
		code: int(row.Number(otherCode)), err: row.Text(otherError), reason: row.Text(otherReason),
		took: time.Duration(row.Number(otherTook)) * time.Microsecond, redaction: redact.Mode(row.Text(otherRedaction)),
		prev: row.Number(otherPrev), madeAt: row.Number(otherMade), was: delivery.Status(row.Text(otherWas)), earlier: row.Bytes(otherEarlier),
	}
}

// row leaves out what is empty.
func (o *other) row() table.Row {
	row := table.Row{otherSeq: o.seq, otherStatus: string(o.status)}
	for name, n := range map[string]int64{
		otherRedrive: int64(o.redrive), otherAttempts: int64(o.attempts), otherFirst: o.firstAt, otherLast: o.lastAt, otherNext: o.nextAt,
		otherCode: int64(o.code), otherTook: max(o.took, 0).Microseconds(), otherPrev: o.prev, otherMade: o.madeAt,
	} {
		if n != 0 {
			row[name] = n
		}
	}
	for name, text := range map[string]string{
		otherError: o.err, otherReason: o.reason, otherRedaction: string(o.redaction), otherWas: string(o.was),
	} {
		if text != "" {
			row[name] = text
		}
	}
	if len(o.earlier) > 0 {
		row[otherEarlier] = o.earlier
	}
	return row
}

func (o *other) pending() bool { return o.status == delivery.StatusPending }

func (o *other) key(m change.Memory, hookID string) table.Key {
	return table.Key{Part: hookPart(m, hookID), Sort: deliverySort(o.seq, o.redrive)}
}

// record is the row as the ledger shows it, but for its log entry.
func (o *other) record(h *hookRow) delivery.Record {
	r := delivery.Record{
		Job: delivery.Job{
			Hook: h.ID, Prev: o.prev, Redrive: o.redrive, Attempts: o.attempts, FirstAt: o.firstAt, Redaction: o.redaction,
		},
		Status: o.status, Code: o.code, Error: o.err, FirstAt: o.firstAt, LastAt: o.lastAt, Reason: o.reason, Took: o.took,
	}
	r.Job.Entry.Seq = o.seq
	if o.pending() {
		r.Status, r.NextAt = h.waiting(), o.nextAt
	}
	return r
}

// waiting is the status of what has not ended.
func (h *hookRow) waiting() delivery.Status {
	if h.State == hook.Active {
		return delivery.StatusPending
	}
	return delivery.StatusHeld
}

// history is what is known of a hook's deliveries of some seqs: their rows, by
// seq and redrive, and the first attempts that ended well.
type history struct {
	rows   []other
	firsts map[int64]delivery.Success
}

// history reads the deliveries of seqs from one on, below another.
func (a *Adapter) history(ctx context.Context, m change.Memory, hookID string, from, to int64) (history, error) {
	var all history
	var err error
	if all.rows, err = a.others(ctx, m, hookID, from, to); err == nil {
		all.firsts, err = a.firsts(ctx, m, hookID, from, to)
	}
	return all, err
}

// others reads the rows of deliveries of seqs from one on, below another.
func (a *Adapter) others(ctx context.Context, m change.Memory, hookID string, from, to int64) ([]other, error) {
	var all []other
	if from = max(from, 1); from >= to {
		return nil, nil
	}
	q := table.Query{Part: hookPart(m, hookID), From: seqSort(sortOther, from), To: seqSort(sortOther, to)}
	err := a.eachRow(ctx, q, func(f table.Found) error {
		all = append(all, readOther(f.Row))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the deliveries of hook %s: %w", hookID, err)
	}
	return all, nil
}

// newestOther reads the newest row of a seq, nil where it has none.
func (a *Adapter) newestOther(ctx context.Context, m change.Memory, hookID string, seq int64) (*other, error) {
	page, err := a.cfg.Main.Query(ctx, table.Query{
		Part: hookPart(m, hookID), From: seqSort(sortOther, seq), To: seqSort(sortOther, seq+1), Newest: true, Limit: 1,
	})
	if err != nil || len(page.Rows) == 0 {
		return nil, err
	}
	o := readOther(page.Rows[0].Row)
	return &o, nil
}

// firsts reads the first attempts that ended well, of seqs from one on, below
// another.
func (a *Adapter) firsts(ctx context.Context, m change.Memory, hookID string, from, to int64) (map[int64]delivery.Success, error) {
	all := make(map[int64]delivery.Success)
	if from = max(from, 1); from >= to {
		return all, nil
	}
	q := table.Query{Part: hookPart(m, hookID), From: bucketSort(from), To: bucketSort(to - 1 + bucketSize)}
	err := a.eachRow(ctx, q, func(f table.Found) error {
		batch, err := delivery.DecodeBatch(f.Row.Bytes(batchData))
		for _, s := range batch {
			if s.Seq >= from && s.Seq < to {
				all[s.Seq] = s
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what hook %s was delivered: %w", hookID, err)
	}
	return all, nil
}

// bucketFrom is the first seq of a seq's bucket. Buckets begin at 1, as full
// chunks of the log and full batches of the queue do.
func bucketFrom(seq int64) int64 { return max(seq-1, 0)/bucketSize*bucketSize + 1 }

// bucketSort begins the sort keys of the batches of a seq's bucket.
func bucketSort(seq int64) string {
	return fmt.Sprintf("%s%013d#", sortBatch, bucketFrom(seq)/bucketSize)
}

// batches parts successes into rows of one bucket each, under an id that no
// other batch has: batches of one job may be many.
func (a *Adapter) batches(m change.Memory, hookID string, firsts []delivery.Success) []table.Op {
	slices.SortFunc(firsts, func(a, b delivery.Success) int { return cmp.Compare(a.Seq, b.Seq) })
	firsts = slices.CompactFunc(firsts, func(a, b delivery.Success) bool { return a.Seq == b.Seq })
	id := change.NewDraw(a.cfg.Now()).ID()
	var ops []table.Op
	for len(firsts) > 0 {
		n, _ := slices.BinarySearchFunc(firsts, bucketFrom(firsts[0].Seq)+bucketSize, func(s delivery.Success, seq int64) int { return cmp.Compare(s.Seq, seq) })
		ops = append(ops, table.Op{
			Key: table.Key{Part: hookPart(m, hookID), Sort: bucketSort(firsts[0].Seq) + id},
			Set: table.Row{batchData: delivery.EncodeBatch(firsts[:n])},
		})
		firsts = firsts[n:]
	}
	return ops
}

// newestBelow is the newest seq below another that has a row, 0 where none has.
func (a *Adapter) newestBelow(ctx context.Context, m change.Memory, hookID string, to int64) (int64, error) {
	page, err := a.cfg.Main.Query(ctx, table.Query{
		Part: hookPart(m, hookID), From: sortOther, To: seqSort(sortOther, to), Newest: true, Limit: 1,
	})
	if err != nil || len(page.Rows) == 0 {
		return 0, err
	}
	return page.Rows[0].Row.Number(otherSeq), nil
}
