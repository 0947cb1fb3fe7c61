package roadtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// ask notes a call that raises a change.
func (r *run) ask(op Op, m change.Memory, cause events.Cause) *asked {
	a := &asked{op: op, memory: m, cause: cause}
	if cause == events.Created || cause == events.Superseded {
		a.sentinel = fmt.Sprintf("%s%08x%08x", m.Tenant, op.A, op.B)
	}
	r.calls = append(r.calls, a)
	return a
}

// home is the memory that an op is about: one in four is the other tenant's.
func (r *run) home(op Op) change.Memory {
	if op.A%4 == 3 {
		return r.memories[1]
	}
	return r.memories[0]
}

func (r *run) remember(op Op) {
	a := r.ask(op, r.home(op), events.Created)
	ctx, cancel := request(a)
	defer cancel()
	w, err := r.Memory.Remember(ctx, a.memory, r.draw(op), a.input())
	r.written(a, w, err)
}

// set writes under one of a few names, so that most are updates.
func (r *run) set(op Op) {
	a := r.ask(op, r.home(op), events.Created)
	ctx, cancel := request(a)
	defer cancel()
	in := a.input()
	in.Namespace = "default"
	w, err := r.Memory.Set(ctx, a.memory, r.draw(op), fmt.Sprintf("key%d", op.C%3), in)
	r.written(a, w, err)
}

// written learns where the lineage of a write stands.
func (r *run) written(a *asked, w memory.Written, err error) {
	a.answered, a.existing = err == nil, w.Existing
	if err == nil {
		r.reread(a.memory, w.Grain.Lineage)
	} else if fault.KindOf(err) == fault.InvalidField {
		r.found(1, "%s was refused: %v", a.op, err)
	}
}

// reread learns where a lineage stands, as a caller does whose write failed.
func (r *run) reread(m change.Memory, lineage string) {
	r.heads = slices.DeleteFunc(r.heads, func(h head) bool { return h.lineage == lineage && h.memory == m })
	got, err := r.look().Grains.Load(context.Background(), m, store.Ref{Lineage: lineage})
	if err == nil && got.State == store.Current {
		h := head{memory: m, lineage: lineage, hash: got.Hash, person: got.Person, scope: got.Scope()}
		for _, t := range r.heard.all() {
			if t.put != nil && t.put.Hash == got.Hash && t.by != nil {
				h.sentinel = t.by.sentinel
			}
		}
		r.heads = append(r.heads, h)
	}
}

// one is a lineage that stands; false where none does.
func (r *run) one(op Op) (head, bool) {
	if len(r.heads) == 0 {
		return head{}, false
	}
	return r.heads[int(op.C)%len(r.heads)], true
}

func (r *run) supersede(op Op) {
	if h, ok := r.one(op); ok {
		r.replace(op, h)
		r.reread(h.memory, h.lineage)
	}
}

func (r *run) replace(op Op, h head) bool {
	a := r.ask(op, h.memory, events.Superseded)
	return r.replaceAs(a, h)
}

func (r *run) replaceAs(a *asked, h head) bool {
	ctx, cancel := request(a)
	defer cancel()
	in := a.input()
	in.Namespace = ""
	if a.op.A/4%3 > 0 { // else it moves to another person or scope
		delete(in.Fields, "user_id")
		delete(in.Fields, "scope_path")
	}
	w, err := r.Memory.Supersede(ctx, h.memory, r.draw(a.op), h.hash, in)
	a.answered, a.existing = err == nil, w.Existing
	return err == nil
}

// race has several writers supersede one grain at once.
func (r *run) race(op Op) {
	h, ok := r.one(op)
	if !ok {
		return
	}
	var all sync.WaitGroup
	won := make([]bool, 2+op.A%2)
	for i := range won {
		each := op
		each.B += uint32(i)
		a := r.ask(each, h.memory, events.Superseded)
		all.Go(func() { won[i] = r.replaceAs(a, h) })
	}
	all.Wait()
	if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n > 1 {
		r.found(1, "%d writers superseded %s", n, h.hash)
	}
	r.reread(h.memory, h.lineage)
}

func (r *run) forget(op Op) {
	h, ok := r.one(op)
	if !ok {
		return
	}
	a := r.ask(op, h.memory, events.Forgotten)
	ctx, cancel := request(a)
	defer cancel()
	n, err := r.Memory.Forget(ctx, h.memory, r.draw(op), []store.Ref{{Hash: h.hash}})
	a.answered, a.existing, a.ended = err == nil, n == 0, time.Now()
	r.reread(h.memory, h.lineage)
}

func (r *run) rotate(op Op) {
	a := r.ask(op, r.home(op), events.Rotated)
	ctx, cancel := request(a)
	defer cancel()
	_, _, err := r.Memory.Rotate(ctx, a.memory, r.draw(op))
	a.answered = err == nil
}

// scope is where a recall looks.
func (a *asked) scope() string { return scopes[a.op.B%4] }

// recall finds what has one word in common, or one grain by its sentinel.
func (r *run) recall(op Op) {
	a := r.ask(op, r.home(op), events.Recalled)
	ctx, cancel := request(a)
	defer cancel()
	hits, err := r.Memory.Recall(ctx, a.memory, r.draw(op), memory.Query{Text: "tea", Scope: a.scope()})
	a.answered = err == nil
	if err != nil {
		return
	}
	for _, h := range hits.Hits {
		content, _ := h.Fields["content"].(string)
		for _, other := range r.memories {
			if other != a.memory && strings.Contains(content, "tea is "+other.Tenant) {
				r.found(10, "a recall of %s found %q", a.memory.Tenant, content)
			}
		}
		if e, gone := r.erasedBefore(a.memory, h.Hash); gone {
			r.found(8, "a recall found %s after its erasure at %s", h.Hash, e.answered.Sub(r.began))
		}
	}
}

// erasure is an erasure and the grains that it covered.
type erasure struct {
	memory   change.Memory
	sel      seal.Selector
	begun    time.Time
	answered time.Time // zero: it was not
	covered  []*told
	lineages []string // that stood, as their writers knew
}

func (r *run) erasePerson(op Op) {
	r.erase(op, seal.Selector{Person: persons[1+op.B%3]})
}

func (r *run) eraseScope(op Op) {
	r.erase(op, seal.Selector{Scope: scopes[1+op.B%3]})
}

// erase looks whether what is to be erased can be found, and whether it is
// gone when that was answered.
func (r *run) erase(op Op, sel seal.Selector) {
	e := &erasure{memory: r.home(op), sel: sel, begun: time.Now(), covered: r.heard.covered(r.home(op), sel)}
	for _, h := range slices.Clone(r.heads) {
		if h.memory == e.memory {
			r.reread(h.memory, h.lineage) // a write without an answer may have given it to another person
		}
	}
	for _, h := range r.heads {
		if h.memory == e.memory && sel.Covers(seal.Pair{Person: h.person, Scope: h.scope}) {
			e.lineages = append(e.lineages, h.lineage)
			if !r.unanswered(h.memory, seal.Pair{Person: h.person, Scope: h.scope}) {
				r.mustFind(h)
			}
		}
	}
	r.mustStand(e)
	r.erasures = append(r.erasures, e)
	ctx, cancel := request(nil)
	defer cancel()
	_, err := r.Memory.Erase(ctx, e.memory, r.draw(op), sel)
	for range 3 {
		if !errors.Is(err, seal.ErrContinuing) {
			break
		}
		_, err = r.Memory.Erase(ctx, e.memory, r.draw(op), sel)
	}
	if err == nil {
		e.answered = time.Now()
		r.checkGone(e)
	}
	for _, lineage := range e.lineages {
		r.reread(e.memory, lineage)
	}
}

// mustFind: before its erasure a sentinel is found.
func (r *run) mustFind(h head) {
	g, err := r.Memory.Get(context.Background(), h.memory, store.Ref{Hash: h.hash})
	if fault.KindOf(err) == fault.Unavailable && err != nil {
		return
	}
	content, _ := g.Fields["content"].(string)
	if err != nil || !strings.Contains(content, h.sentinel) {
		r.found(8, "before its erasure %s was not found: %q, %v", h.sentinel, content, err)
	}
}

// erasedBefore is the erasure that covered a grain, if one did.
func (r *run) erasedBefore(m change.Memory, hash string) (*erasure, bool) {
	for _, e := range r.erasures {
		for _, t := range e.covered {
			if e.memory == m && !e.answered.IsZero() && t.put.Hash == hash {
				return e, true
			}
		}
	}
	return nil, false
}
