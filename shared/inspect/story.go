package inspect

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

const (
	detailed = 50 // hooks that a story tells of
	repeated = 50 // deliveries of one event to one hook
)

// Story is all that became of one event.
type Story struct {
	Entry     feed.Entry
	Hooks     []Part // those that saw it first, each in the order of their making
	Matched   int    // hooks that saw it and are still there
	Unmatched int
	Truncated bool // there are more hooks than it tells of, or a part is cut
}

// Part is one hook's part in a story.
type Part struct {
	Hook       hook.Hook
	Mode       redact.Mode // that deliveries use now
	Matched    bool
	Why        string // where it did not match: the first reason, by its settings of now
	Deliveries []Delivery
	Body       []byte      // of an event that is polled, as it would be read now
	Headers    [][2]string // of the newest delivery's last attempt: names and values
	Cut        bool        // there was no room for all bodies, or all deliveries
}

// Delivery is one delivery with its body as it would be sent now, within what
// its hook's redaction, and that of the attempts so far, allow. In a story the
// newest of those that have the same body has it.
type Delivery struct {
	delivery.Record
	Body []byte
}

// Story tells an event's story. What is told of hooks that saw the event comes
// from the log and the ledger; why others did not is judged by what they are now.
func (s *Service) Story(ctx context.Context, m change.Memory, e feed.Entry) (Story, error) {
	hooks, err := s.cfg.Hooks.List(ctx, m)
	if err != nil {
		return Story{}, err
	}
	detects, err := s.cfg.Memories.DetectsPII(ctx, m)
	if err != nil {
		return Story{}, err
	}
	told, err := s.tell(ctx, e)
	if err != nil {
		return Story{}, err
	}
	saw := make(map[string]bool, len(e.Matches))
	for _, match := range e.Matches {
		saw[match.Hook] = true
	}
	out := Story{Entry: e}
	var others []Part
	for _, h := range hooks {
		p := Part{Hook: h, Mode: redact.Effective(h.Redaction, detects, h.PIIRisk != nil), Matched: saw[h.ID]}
		if p.Matched {
			out.Hooks = append(out.Hooks, p)
		} else {
			others = append(others, p)
		}
	}
	out.Matched, out.Unmatched = len(out.Hooks), len(others)
	out.Hooks = append(out.Hooks, others...)
	out.Truncated = len(out.Hooks) > detailed
	out.Hooks = out.Hooks[:min(detailed, len(out.Hooks))]
	err = side(len(out.Hooks), func(i int) error { return s.fill(ctx, &out.Hooks[i], told, &e) })
	out.fit()
	return out, err
}

// tell reads what may be said about an entry at this moment.
func (s *Service) tell(ctx context.Context, e feed.Entry) (dialect.Event, error) {
	c := e.Change
	c.Seq = e.Seq
	return s.cfg.Memories.Tell(ctx, c)
}

// fill adds what a part tells beyond whether its hook saw the event.
func (s *Service) fill(ctx context.Context, p *Part, told dialect.Event, e *feed.Entry) error {
	if !p.Matched {
		p.Why = missed(&p.Hook, told, e)
		return nil
	}
	var err error
	if p.Hook.Mode == hook.CDC {
		p.Body, err = dialect.Body(p.Hook.Dialect, told, p.Mode)
		return err
	}
	var records []delivery.Record
	for n := range repeated {
		r, err := s.cfg.Ledger.Find(ctx, e.Change.Memory, p.Hook.ID, e.Seq, n)
		if fault.KindOf(err) == fault.NotFound {
			break
		}
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	if n := len(records); n > 0 {
		p.Headers = records[n-1].Headers(p.Hook, s.cfg.Version)
	}
	shown := map[redact.Mode]bool{}
	for _, r := range slices.Backward(records) {
		d := Delivery{Record: r}
		if mode := modeOf(p.Mode, &r); !shown[mode] {
			shown[mode] = true
			if d, err = withBody(p.Hook, p.Mode, told, r); err != nil {
				return err
			}
		}
		p.Deliveries = append(p.Deliveries, d)
	}
	return nil
}

// modeOf is the redaction of a delivery whose hook has a mode now.
func modeOf(now redact.Mode, r *delivery.Record) redact.Mode {
	if was := r.Job.Redaction; was != "" && was.TighterThan(now) {
		return was
	}
	return now
}

// withBody renders the body of a delivery.
func withBody(h hook.Hook, mode redact.Mode, told dialect.Event, r delivery.Record) (Delivery, error) {
	body, err := dialect.Body(h.Dialect, told, modeOf(mode, &r))
	return Delivery{r, body}, err
}

// apart is how far the clocks of one cloud may differ, in milliseconds.
const apart = 1000

// missed says why a hook did not see an event.
func missed(h *hook.Hook, told dialect.Event, e *feed.Entry) string {
	if e.Seq <= h.Since || e.Change.At+apart < h.CreatedAt {
		return "made after this event"
	}
	sees, why := judge(h, told)
	switch {
	case sees == unknown:
		return why + ", so whether it would match now can't be known"
	case sees == yes:
		return "its settings were changed since: as they are now it would match"
	}
	return why
}

// sight is whether a hook's settings let it see an event.
type sight uint8

const (
	no sight = iota
	yes
	unknown
)

// judge holds an event against a hook's settings, and says why where it is not
// seen.
func judge(h *hook.Hook, told dialect.Event) (sight, string) {
	c := &told.Change
	if h.TurnsOnContent(c) {
		if gone := told.Gone; gone != "" {
			return unknown, "filter: it asks for content, which is " + string(gone)
		}
		if c.Cause == events.Forgotten && asksBeyondTags(h) {
			return unknown, "filter: it asks for content, which is " + string(dialect.Forgotten)
		}
	}
	sees, why := h.Explain(c, told.Fields)
	if sees {
		return yes, ""
	}
	return no, why
}

// asksBeyondTags says whether a hook's filter names content of which a
// forgotten grain's event keeps nothing: of that it keeps the tags alone.
func asksBeyondTags(h *hook.Hook) bool {
	return slices.ContainsFunc([]string{"subject", "relation", "object", "confidence"}, h.Pattern.Names)
}
