package roadtest

import (
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/feed"
)

// checkPosts holds what receivers got to the invariants.
func (r *run) checkPosts() {
	of := map[string]*subscriber{}
	for _, h := range r.hooks {
		of[h.ID] = h
	}
	tries := map[deliveryOf][]*post{}
	posts := map[string][]*post{} // of each hook
	first := map[string]int64{}   // hook and group → the highest seq that was tried
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
		posts[p.hook] = append(posts[p.hook], p)
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
		p.shown = r.checkBody(attempted(h, e, p, tries[d]))
		tries[d] = append(tries[d], p)
		r.checkSignature(h, p)
	}
	for _, b := range r.polled {
		b.entry, _ = r.entry(b.by, b.entry.Seq)
		r.checkBody(b)
	}
	for _, h := range r.hooks {
		r.checkHeld(h, posts[h.ID])
	}
	for d, all := range tries {
		r.checkTries(of[d.hook], d, all)
	}
}

// attempted is the body of an attempt after others.
func attempted(h *subscriber, e feed.Entry, p *post, before []*post) body {
	b := body{by: h, entry: e, text: p.body, at: p.began, from: p.began}
	if n := len(before); n > 0 {
		b.from = before[0].began
		if last := before[n-1]; last.attempt+1 == p.attempt { // else nobody may know of it
			b.shown = last.shown
		}
	}
	return b
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
