package roadtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/sign"
)

// signing is what may sign a hook's POSTs for some time; to is zero while it
// may. More than one may while a rotation is under way, or had no answer.
type signing struct {
	from, to time.Time
	current  string   // "" = none, or none that anybody was shown
	standard []string // that sign webhook-signature, the newest first
	product  string   // that signs the dialect's own header
	unshown  bool     // a secret is among them that nobody was shown
}

// given is a caller's own secret for an op, nil where one is to be generated.
func given(op Op) *string {
	if op.A%2 == 0 {
		return nil
	}
	own := fmt.Sprintf("own%08x%08x", op.A, op.C)
	return &own
}

// signed notes what a hook that is made is to be signed by.
func (r *run) signed(h *subscriber, set hook.Settings, shown *sign.Secret, err error) {
	s := signing{from: h.begun}
	switch {
	case set.Secret != nil:
		s.current = *set.Secret
	case err == nil && shown != nil:
		s.current = shown.Reveal()
	case set.Generate:
		s.unshown = true
	}
	if s.product = s.current; s.current != "" {
		s.standard = []string{s.current}
		r.secrets = append(r.secrets, s.current)
	}
	h.signings = []signing{s}
}

// rotateSecret gives a hook another secret, its caller's own or a generated
// one; the one before signs on for a day, or ends at once.
func (r *run) rotateSecret(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	own, overlap, begun := given(op), time.Duration(op.C%2)*hook.DefaultOverlap, time.Now()
	ctx, cancel := request(nil)
	defer cancel()
	_, secret, err := r.Hooks.Rotate(ctx, h.Memory, r.draw(op), h.ID, own, overlap)
	fresh := signing{from: begun, unshown: own == nil && err != nil}
	if !fresh.unshown {
		fresh.current = secret.Reveal()
		if own != nil {
			fresh.current = *own
		}
		r.secrets = append(r.secrets, fresh.current)
	}
	for i, before := range slices.Clone(h.signings) {
		if !before.to.IsZero() {
			continue
		}
		next := fresh
		next.product, next.standard = fresh.current, []string{fresh.current}
		if overlap > 0 && (before.current != "" || before.unshown) {
			next.product, next.unshown = before.current, fresh.unshown || before.unshown
			next.standard = append(next.standard, before.current)
		}
		if err == nil {
			h.signings[i].to = time.Now()
		}
		h.signings = append(h.signings, next)
	}
}

// signedBy are what may have signed a POST, as headers would tell.
func (h *subscriber) signedBy(p *post) (all []signing) {
	for _, s := range h.signings {
		if !s.from.After(p.began) && (s.to.IsZero() || !s.to.Before(p.handed.from)) {
			all = append(all, s)
		}
	}
	return all
}
