package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// Test sends a hook a sample of the first event type that it wants, redacted
// and signed as its events are, marked X-Memhooks-Test: true, with an id
// evt_test_… of its own and without seq. It is sent whatever the hook's state,
// once, and counts nowhere: the verdict is Delivered or GiveUp, the outcome's
// job holds the sample's change.
// The answer's beginning is told, since a sample has nobody's content that it
// could repeat; not that of a destination inside the operator's network, whose
// answers are not for all who may make hooks. A hook that can't get any event
// answers with GiveUp and says so.
func (s *Sender) Test(ctx context.Context, h hook.Hook) Outcome {
	start := s.cfg.Now()
	id := change.Draw{At: start, Rand: s.cfg.Rand}.ID()
	c, fields, ok := sampleFor(&h, "test_"+id, start)
	made := counted(Job{Hook: h.ID, Entry: feed.Entry{Change: c}}, start)
	a, said := answer{failure: "the hook's dialect has no event to send"}, ""
	if ok {
		limited, cancel := context.WithTimeout(ctx, s.cfg.Settings.Timeout)
		defer cancel()
		a = s.probe(limited, &h, &made, dialect.Event{Change: c, Fields: fields}, start, &said)
	}
	end := s.cfg.Now()
	o := Outcome{Job: made, Verdict: GiveUp, Status: a.status, Error: clip(a.failure), At: end.UnixMilli(), Took: end.Sub(start), Answer: said}
	if a.failure == "" {
		o.Verdict = Delivered
	}
	return o
}

func (s *Sender) probe(ctx context.Context, h *hook.Hook, j *Job, e dialect.Event, start time.Time, said *string) answer {
	mode, err := s.cfg.Modes.Effective(ctx, *h)
	if err != nil {
		return answer{failure: unreadable}
	}
	j.Redaction = mode
	req, err := s.signed(ctx, h, e, mode, start)
	if err != nil {
		return answer{failure: unreadable}
	}
	req.Header[headerDelivery] = []string{idPrefix + e.Change.ID}
	req.Header[headerAttempt] = []string{"1"}
	req.Header[headerTest] = []string{"true"}
	if s.cfg.Inside == nil {
		return s.post(req, said)
	}
	watched, inside := s.cfg.Inside(ctx)
	a := s.post(req.WithContext(watched), said)
	if inside() {
		*said = ""
	}
	return a
}

// sampleFor is the sample of the first event type that a hook would see in its
// namespace; where its pattern excludes them all, of the first that its
// settings name.
func sampleFor(h *hook.Hook, id string, now time.Time) (c change.Change, fields map[string]any, ok bool) {
	for _, sample := range events.Samples {
		if !dialect.Has(h.Dialect, sample.Cause) || len(h.Causes) > 0 && !slices.Contains(h.Causes, sample.Cause) {
			continue
		}
		next := sampleChange(sample, h, id, now)
		if h.Wants(&next, hook.Fields(&next, sample.Fields)) {
			return next, sample.Fields, true
		}
		if !ok {
			c, fields, ok = next, sample.Fields, true
		}
	}
	return c, fields, ok
}

func sampleChange(s events.Sample, h *hook.Hook, id string, now time.Time) change.Change {
	c := change.Change{
		ID: id, Memory: h.Memory, Cause: s.Cause, At: now.UnixMilli(),
		Lineage: s.Lineage, Hash: s.Hash, Superseded: s.Superseded,
		GrainType: s.GrainType, Namespace: s.Namespace, UserID: s.UserID, ScopePath: s.ScopePath,
		CreatedAt: now.UnixMilli(), Count: s.Count, Fingerprint: s.Fingerprint, KeyID: s.KeyID,
	}
	if h.Namespace != nil && c.Namespace != "" {
		c.Namespace = *h.Namespace
	}
	return c
}
