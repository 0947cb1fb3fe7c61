package roadtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/seal"
)

// body is a body as somebody got it, posted or polled.
type body struct {
	by    *subscriber
	entry feed.Entry
	text  []byte
	at    time.Time
	from  time.Time     // when the first attempt of its delivery began
	shown []redact.Mode // what the attempt before it was in; nil: anything
}

// checkBody: a body shows what its hook may see at that time, of its own grain
// only, and nothing that was forgotten or erased before. It returns the modes
// that it can be in.
func (r *run) checkBody(b body) []redact.Mode {
	if err := fixedPoint(b.text); err != nil {
		r.found(9, "%s got a body that JavaScript does not leave as it is, %v: %s", b.by.ID, err, b.text)
	}
	given := map[string]any(nil)
	if t := r.writers[b.entry.Change.Hash]; t != nil {
		given = t.by.given
	}
	s, err := read(b.by.Dialect, b.entry.Change, given, b.text)
	if err != nil {
		r.found(9, "%s got a body that is no JSON: %v", b.by.ID, err)
		return nil
	}
	if len(s.modes) == 0 {
		r.found(7, "%s got seq %d with keys or tags that no mode has: %s", b.by.ID, b.entry.Seq, b.text)
	} else if !slices.ContainsFunc(s.modes, b.mayShow) {
		r.found(7, "%s got seq %d as in %v, it may see it in %v: %s", b.by.ID, b.entry.Seq, s.modes, b.by.modes, b.text)
	}
	r.checkMarker(b, s)
	r.checkContent(b, s)
	r.checkAlike(b, s)
	return s.modes
}

// mayShow says whether a body may be in a mode: one that the hook had since the
// first attempt, none looser than what it has at that time, nor than what the
// attempt before it was in.
func (b *body) mayShow(mode redact.Mode) bool {
	had, has := false, false
	for i, s := range b.by.modes {
		until := b.at
		if i+1 < len(b.by.modes) {
			until = b.by.modes[i+1].at
		}
		if s.at.After(b.at) || until.Before(b.from) {
			continue
		}
		had = had || !s.most.TighterThan(mode) && !mode.TighterThan(s.least)
		has = has || !s.most.TighterThan(mode) && !until.Before(b.at)
	}
	return had && has && (b.shown == nil || !b.shown[0].TighterThan(mode))
}

// checkMarker: content that was forgotten or erased is told as such, and no
// other is.
func (r *run) checkMarker(b body, s shown) {
	c := b.entry.Change
	forgotten, erased := r.forgotten(c), r.erased(c)
	switch {
	case s.redacted == "" && written(c) && len(s.modes) > 0 && s.modes[0] != redact.HashOnly && (forgotten.over(b.at) || erased.over(b.at)):
		r.found(7, "%s got seq %d as if its grain was still there: %s", b.by.ID, b.entry.Seq, b.text)
	case s.redacted != "" && !erased.begun(b.at) && (s.redacted != "forgotten" || !written(c) || !forgotten.begun(b.at)):
		r.found(7, "%s got seq %d as %s, and nobody asked for that: %s", b.by.ID, b.entry.Seq, s.redacted, b.text)
	}
}

// checkContent: no word in a body is another grain's, nor was it gone before the
// body left; where all may be seen, the grain's own are in it.
func (r *run) checkContent(b body, s shown) {
	c := b.entry.Change
	forgotten, erased := r.forgotten(c), r.erased(c)
	own, told := (*asked)(nil), false
	if t := r.writers[c.Hash]; t != nil {
		own = t.by
	}
	for _, a := range r.calls {
		if a.sentinel == "" || !bytes.Contains(b.text, []byte(a.sentinel)) {
			continue
		}
		told = told || a == own
		switch {
		case a.memory != b.by.Memory:
			r.found(10, "%s of %s got content of %s", b.by.ID, b.by.Memory.Tenant, a.memory.Tenant)
		case a != own:
			r.found(7, "%s got another grain's content with seq %d: %s", b.by.ID, b.entry.Seq, b.text)
		case erased.over(b.at):
			r.found(8, "%s got erased content %s after the erasure: %s", b.by.ID, b.at.Sub(erased.answered), b.text)
		case written(c) && forgotten.over(b.at):
			r.found(7, "%s got content %s after it was forgotten: %s", b.by.ID, b.at.Sub(forgotten.answered), b.text)
		case !written(c) && !onlyTags(b, s, a.sentinel):
			r.found(7, "%s got content with a %s, seq %d: %s", b.by.ID, c.Cause, b.entry.Seq, b.text)
		}
	}
	if own != nil && !told && written(c) && s.redacted == "" && slices.Equal(s.modes, modes[:1]) {
		r.found(7, "%s got seq %d without its content: %s", b.by.ID, b.entry.Seq, b.text)
	}
}

// onlyTags says whether the tags of rem's memory.deleted are all that has a
// word.
func onlyTags(b body, s shown, word string) bool {
	delete(s.inside, "tags")
	rest, err := json.Marshal(s.top)
	return b.by.Dialect == dialect.REM && err == nil && !bytes.Contains(rest, []byte(word))
}

// checkAlike: two bodies of one event and hook are the same bytes, unless one
// has keys, tags or a reason for missing content that the other has not.
func (r *run) checkAlike(b body, s shown) {
	of := b.by.ID + " " + b.entry.Change.ID + " " + s.like()
	if before, again := r.bodies[of]; again && !bytes.Equal(before, b.text) {
		r.found(5, "%s got seq %d once as %s and once as %s", b.by.ID, b.entry.Seq, before, b.text)
	}
	r.bodies[of] = b.text
}

// written says whether a change tells what somebody wrote.
func written(c change.Change) bool {
	return c.Cause == events.Created || c.Cause == events.Superseded
}

// end is when content was first asked to be taken away, and when that was first
// answered; zero: never.
type end struct{ asked, answered time.Time }

func (e end) begun(at time.Time) bool { return !e.asked.IsZero() && !e.asked.After(at) }
func (e end) over(at time.Time) bool  { return !e.answered.IsZero() && at.After(e.answered) }

// with is the earlier of both.
func (e end) with(asked, answered time.Time) end {
	if e.asked.IsZero() || asked.Before(e.asked) {
		e.asked = asked
	}
	if e.answered.IsZero() || !answered.IsZero() && answered.Before(e.answered) {
		e.answered = answered
	}
	return e
}

// forgotten is when a change's lineage was forgotten, be it because another
// version of it was erased.
func (r *run) forgotten(c change.Change) (e end) {
	for _, t := range r.heard.all() {
		if t.change.Cause != events.Forgotten || t.change.Memory != c.Memory || t.change.Lineage != c.Lineage {
			continue
		}
		answered := time.Time{}
		if t.fate == kept && t.by != nil && t.by.answered {
			answered = t.by.ended
		}
		e = e.with(t.begun, answered)
	}
	for _, one := range r.erasures {
		of := func(t *told) bool { return t.change.Lineage == c.Lineage }
		if one.memory == c.Memory && slices.ContainsFunc(one.covered, of) {
			e = e.with(one.begun, time.Time{})
		}
		if one.memory == c.Memory && slices.Contains(one.lineages, c.Lineage) {
			e = e.with(one.begun, one.answered)
		}
	}
	return e
}

// erased is when a change's content was erased.
func (r *run) erased(c change.Change) (e end) {
	at := seal.Pair{Person: c.UserID, Scope: cmp.Or(c.ScopePath, c.Namespace)}
	if t := r.heard.changes[c.ID]; c.Cause == events.Recalled && t != nil && t.by != nil {
		at.Scope = t.by.scope()
	}
	for _, one := range r.erasures {
		if one.memory != c.Memory || !one.sel.Covers(at) {
			continue
		}
		answered := time.Time{}
		if slices.ContainsFunc(one.covered, func(t *told) bool { return t.put.Hash == c.Hash }) {
			answered = one.answered
		}
		e = e.with(one.begun, answered)
	}
	return e
}
