package roadtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/redact"
)

// checkPosts holds what receivers got to the invariants.
func (r *run) checkPosts() {
	of := map[string]*subscriber{}
	for _, h := range r.hooks {
		of[h.ID] = h
	}
	tries := map[deliveryOf][]*post{}
	first := map[string]int64{} // hook and group → the highest seq that was tried
	tried := map[deliveryOf]bool{}
	for _, p := range r.receivers.all() {
		h := of[p.hook]
		e, there := r.entry(h, p.seq)
		if !there || e.Change.EventID() != p.event {
			r.found(2, "%s got seq %d as %s, the log has %s", p.hook, p.seq, p.event, e.Change.EventID())
			continue
		}
		m, sees := e.For(h.ID)
		if !sees && !h.leaving {
			r.found(10, "%s got seq %d, which is not for it", p.hook, p.seq)
		}
		if seq, prev := p.header.Get("X-Memhooks-Seq"), p.header.Get("X-Memhooks-Prev-Seq"); sees && (seq != strconv.FormatInt(e.Seq, 10) || prev != strconv.FormatInt(m.Prev, 10)) {
			r.found(2, "%s got seq %d with the headers %q after %q, it saw %d before", p.hook, p.seq, seq, prev, m.Prev)
		}
		d := deliveryOf{p.hook, p.seq, p.redrive}
		line := p.hook + " " + e.Change.Group()
		if !tried[d] && p.redrive == 0 && p.seq < first[line] {
			r.found(4, "%s got seq %d first after seq %d of its lineage", p.hook, p.seq, first[line])
		}
		if p.redrive == 0 {
			first[line] = max(first[line], p.seq)
		}
		tried[d] = true
		r.checkQuiet(h, p, len(tries[d]) > 0)
		tries[d] = append(tries[d], p)
		r.checkBody(h, p.seq, p.event, p.body, p.began)
		r.checkSignature(h, p)
	}
	for d, all := range tries {
		r.checkTries(of[d.hook], d, all)
	}
}

func (r *run) entry(h *subscriber, seq int64) (feed.Entry, bool) {
	if h == nil || seq < 1 || seq > int64(len(r.log[h.Memory])) {
		return feed.Entry{}, false
	}
	return r.log[h.Memory][seq-1], true
}

// checkQuiet: no attempt begins while a hook is paused or after it is deleted,
// nor of what was skipped.
func (r *run) checkQuiet(h *subscriber, p *post, again bool) {
	for _, q := range h.quiet {
		if p.began.After(q.from) && (q.to.IsZero() || p.began.Before(q.to)) {
			r.found(3, "%s was posted seq %d %s after %s", h.ID, p.seq, p.began.Sub(q.from), q.why)
		}
	}
	for _, s := range h.skips {
		if p.redrive == 0 && p.seq <= s.head && p.began.After(s.at) && !again {
			r.found(3, "%s was posted seq %d first %s after it was skipped", h.ID, p.seq, p.began.Sub(s.at))
		}
	}
}

// checkTries: attempts are bounded and their gaps grow; one is repeated only
// where a process died or a call failed after it began.
func (r *run) checkTries(h *subscriber, d deliveryOf, all []*post) {
	for i, p := range all {
		if p.attempt > 1+h.MaxRetries {
			r.found(5, "%s got seq %d as attempt %d, max_retries is %d", h.ID, d.seq, p.attempt, h.MaxRetries)
		}
		if i == 0 {
			continue
		}
		before := all[i-1]
		switch {
		case p.attempt == before.attempt+1:
			least := max(time.Duration(float64(settings.RetryBase<<(before.attempt-1))*(1-settings.RetryJitter)), before.asked) - (p.off - before.off).Abs()
			if gap := p.began.Sub(before.ended); gap < least {
				r.found(5, "%s got attempt %d of seq %d %s after the one before, not %s", h.ID, p.attempt, d.seq, gap, least)
			}
		case p.attempt != before.attempt:
			r.found(5, "%s got attempt %d of seq %d after attempt %d", h.ID, p.attempt, d.seq, before.attempt)
		case p.trouble == before.trouble:
			r.found(5, "%s got attempt %d of seq %d twice, %s apart, and nothing failed between", h.ID, p.attempt, d.seq, p.began.Sub(before.began))
		}
	}
}

// allowed are the keys of a body and of its data that a mode leaves; nil: all.
var allowed = map[string]map[redact.Mode][2][]string{
	dialect.Areev: {
		redact.MetadataOnly: {{"event_type", "timestamp_ms", "hash", "grain_type", "namespace", "redacted"}},
		redact.HashOnly:     {{"event_type", "hash"}},
	},
	dialect.Standard: {
		redact.MetadataOnly: {{"type", "timestamp", "data"}, {"hash", "grain_type", "namespace", "redacted"}},
		redact.HashOnly:     {{"type", "timestamp", "data"}, {"hash"}},
	},
	dialect.REM: {
		redact.MetadataOnly: {{"id", "event", "timestamp", "data"}, {"memory_id", "namespace", "tags", "created_at", "updated_at", "deleted_at", "total", "redacted"}},
		redact.HashOnly:     {{"id", "event", "timestamp", "data"}, {"memory_id"}},
	},
}

// checkBody: a body shows what the hook may see at that time, of its own event
// only, and nothing that was erased before.
func (r *run) checkBody(h *subscriber, seq int64, event string, body []byte, at time.Time) {
	mode := h.modes[0].mode
	for _, s := range h.modes {
		if at.After(s.at) {
			mode = s.mode
		} else if mode.TighterThan(s.mode) {
			mode = s.mode // it changed at that very moment
		}
	}
	if err := fixedPoint(body); err != nil {
		r.found(9, "%s got a body that JavaScript does not leave as it is, %v: %s", h.ID, err, body)
	}
	var top map[string]any
	if err := json.Unmarshal(body, &top); err != nil {
		r.found(9, "%s got a body that is no JSON: %v", h.ID, err)
		return
	}
	data, _ := top["data"].(map[string]any)
	if keys := allowed[h.Dialect][mode]; keys[0] != nil {
		for i, object := range [...]map[string]any{top, data} {
			for key, v := range object {
				tags, list := v.([]any)
				if !slices.Contains(keys[i], key) || key == "tags" && (!list || len(tags) > 0) {
					r.found(7, "%s in mode %s got %q of seq %d: %s", h.ID, mode, key, seq, body)
				}
			}
		}
	}
	for _, t := range r.heard.all() {
		if t.by == nil || t.by.sentinel == "" || !bytes.Contains(body, []byte(t.by.sentinel)) {
			continue
		}
		switch own := r.heard.changes[event[len("evt_"):]]; {
		case t.change.Memory != h.Memory:
			r.found(10, "%s of %s got content of %s", h.ID, h.Memory.Tenant, t.change.Memory.Tenant)
		case own == nil || t.change.Lineage != own.change.Lineage:
			r.found(7, "%s got content of another lineage with seq %d: %s", h.ID, seq, body)
		}
		if t.put == nil {
			continue
		}
		if e, gone := r.erasedBefore(h.Memory, t.put.Hash); gone && at.After(e.answered) {
			r.found(8, "%s got erased content %s after the erasure: %s", h.ID, at.Sub(e.answered), body)
		}
	}
}
