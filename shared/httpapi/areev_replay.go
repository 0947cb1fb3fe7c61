package httpapi

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// The bounds of one replay; what is left is named by next_seq.
const (
	maxReplayed = 10_000
	maxScanned  = 200_000
)

type replayInput struct {
	InHook
	Body replayBody
}

// replayBody says which events are sent again, in one of three ways.
type replayBody struct {
	FromSeq *int64 `json:"from_seq,omitempty" minimum:"1" doc:"The first seq; from the log's floor where absent"`
	ToSeq   *int64 `json:"to_seq,omitempty" minimum:"1" doc:"The last seq; to the head where absent"`
	From    string `json:"from,omitempty" doc:"Events at or after this time, RFC 3339"`
	To      string `json:"to,omitempty" doc:"Events before this time, RFC 3339"`
	Failed  string `json:"failed_since,omitempty" doc:"All dead letters with a last attempt at or after this time, RFC 3339"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"Only count and list"`
}

// replayAnswer says what is sent again.
type replayAnswer struct {
	redrivenAnswer
	NextSeq int64 `json:"next_seq,omitempty" doc:"There is more than one call takes: repeat it with this as from_seq"`
}

// span is a part of a log: seqs from and to, both included, and of these only
// events at or after begin and, unless end is 0, before it.
type span struct{ from, to, begin, end int64 }

func (a *API) replay(ctx context.Context, in *replayInput) (*replayAnswer, error) {
	h, err := a.posted(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	b := in.Body
	bySeq, byTime := b.FromSeq != nil || b.ToSeq != nil, b.From != "" || b.To != ""
	switch {
	case !bySeq && !byTime && b.Failed == "":
		return nil, fault.New(fault.MissingField, "nothing to replay is named: send from_seq and to_seq, from and to, or failed_since")
	case b.Failed != "" && (bySeq || byTime):
		return nil, fault.New(fault.InvalidField, "failed_since stands alone: send it, or a range")
	}
	out := &replayAnswer{redrivenAnswer: redrivenAnswer{DryRun: b.DryRun, Deliveries: []string{}}}
	var seqs []int64
	if b.Failed != "" {
		seqs, err = a.failedSince(ctx, h, b.Failed)
	} else {
		seqs, out.NextSeq, err = a.matching(ctx, h, b)
	}
	if err != nil {
		return nil, withSnapshot(err, in.InHook)
	}
	out.Matched = len(seqs)
	if b.DryRun {
		for _, seq := range seqs[:min(maxListed, len(seqs))] {
			out.list(delivery.Job{Hook: h.ID, Entry: feed.Entry{Seq: seq}})
		}
		return out, nil
	}
	for part := range slices.Chunk(seqs, redrivePage) {
		jobs, err := a.cfg.Cloud.Redriver.Redrive(ctx, h.Memory, h.ID, part)
		if err != nil {
			return nil, err
		}
		out.add(jobs)
	}
	return out, nil
}

// failedSince lists the seqs of a hook's dead letters, oldest first. Those
// beyond what one call takes are still dead when it is repeated.
func (a *API) failedSince(ctx context.Context, h hook.Hook, since string) ([]int64, error) {
	q := delivery.Query{Hook: h.ID, Status: delivery.StatusDead, Limit: redrivePage}
	var err error
	if q.Since, err = moment("failed_since", since); err != nil {
		return nil, err
	}
	var seqs []int64
	for {
		records, next, err := a.cfg.Cloud.Ledger.List(ctx, h.Memory, q)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			seqs = append(seqs, r.Job.Entry.Seq)
		}
		if next == "" {
			slices.Sort(seqs)
			return slices.Compact(seqs), nil
		}
		q.After = next
	}
}

// matching lists the seqs in a range that the hook sees, and where the next
// call goes on, 0 where nothing is left.
func (a *API) matching(ctx context.Context, h hook.Hook, b replayBody) (seqs []int64, next int64, err error) {
	s, err := a.spanOf(ctx, h, b)
	if err != nil {
		return nil, 0, err
	}
	at := s.from - 1
	for budget := maxScanned; at < s.to; {
		if budget <= 0 || len(seqs) >= maxReplayed {
			return seqs, at + 1, nil
		}
		entries, err := a.cfg.Cloud.Log.Read(ctx, h.Memory, at, feed.MaxLimit)
		if err != nil {
			return nil, 0, err
		}
		if len(entries) == 0 {
			break
		}
		budget -= len(entries)
		for i := range entries {
			e := &entries[i]
			at = e.Seq
			if _, sees := e.For(h.ID); sees && s.holds(e) {
				seqs = append(seqs, e.Seq)
			}
		}
	}
	return seqs, 0, nil
}

func (s span) holds(e *feed.Entry) bool {
	return e.Seq <= s.to && e.Change.At >= s.begin && (s.end == 0 || e.Change.At < s.end)
}

// disorder is how far times in a log may be out of order where several
// processes write.
const disorder = 10 * time.Second

// spanOf turns a request into a part of the log.
func (a *API) spanOf(ctx context.Context, h hook.Hook, b replayBody) (span, error) {
	var s span
	var err error
	if s.begin, err = moment("from", b.From); err != nil {
		return s, err
	}
	if s.end, err = moment("to", b.To); err != nil {
		return s, err
	}
	bounds, err := a.cfg.Cloud.Log.Bounds(ctx, h.Memory)
	if err != nil {
		return s, err
	}
	s.from, s.to = max(bounds.Floor, 1), bounds.Head
	if b.From != "" {
		if s.from, err = a.firstAt(ctx, h, bounds, s.begin-disorder.Milliseconds()); err != nil {
			return s, err
		}
	}
	if b.To != "" {
		after, err := a.firstAt(ctx, h, bounds, s.end+disorder.Milliseconds())
		if err != nil {
			return s, err
		}
		s.to = after - 1
	}
	if b.FromSeq != nil {
		s.from = *b.FromSeq
		if b.From != "" {
			s.from = max(s.from, bounds.Floor)
		}
	}
	if b.ToSeq != nil {
		s.to = min(s.to, *b.ToSeq)
		if *b.ToSeq < given(b.FromSeq) {
			return s, fault.New(fault.InvalidField, "to_seq is %d, before from_seq %d: swap them", *b.ToSeq, *b.FromSeq)
		}
	}
	return s, nil
}

// firstAt is the first seq whose event is at or after a time, behind the head
// where there is none.
func (a *API) firstAt(ctx context.Context, h hook.Hook, bounds feed.Bounds, at int64) (int64, error) {
	var failed error
	n := sort.Search(int(bounds.Head-bounds.Floor+1), func(i int) bool {
		if failed != nil {
			return true
		}
		entries, err := a.cfg.Cloud.Log.Read(ctx, h.Memory, bounds.Floor+int64(i)-1, 1)
		failed = err
		return len(entries) == 0 || entries[0].Change.At >= at
	})
	return bounds.Floor + int64(n), failed
}
