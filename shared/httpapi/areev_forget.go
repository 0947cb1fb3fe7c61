package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

type forgetGrainsInput struct {
	InMemory
	Body forgetGrainsBody
}

// forgetGrainsBody says what goes: grains, in one or more of three ways, or
// all of a person or a scope.
type forgetGrainsBody struct {
	Hash      *string  `json:"blob_hash,omitempty" nullable:"true" doc:"Forgets the grain's whole lineage"`
	Hashes    []string `json:"hashes,omitempty" nullable:"true" doc:"The same for several"`
	Subject   *string  `json:"subject,omitempty" nullable:"true" doc:"Forgets all grains whose field subject is this"`
	UserID    *string  `json:"user_id,omitempty" nullable:"true" doc:"Alone: destroys the keys of all that is about this person"`
	ScopePath *string  `json:"scope_path,omitempty" nullable:"true" doc:"Alone: destroys the keys of all at and below this path"`
}

// forgetGrainsAnswer says how many lineages went, and proves an erasure.
type forgetGrainsAnswer struct {
	Deleted     int    `json:"deleted" doc:"Lineages"`
	Status      string `json:"status" enum:"forgotten,erased,continuing"`
	UserID      string `json:"user_id,omitempty"`
	ScopePath   string `json:"scope_path,omitempty"`
	Count       *int   `json:"count,omitempty" doc:"Lineages that were erased"`
	Fingerprint string `json:"key_fingerprint,omitempty" doc:"16 hex digits: the first of SHA-256 over the destroyed keys; absent where there was none"`
	ErasedAt    string `json:"erased_at,omitempty" format:"date-time"`
}

const continuing = "continuing"

func (f *forgetGrainsAnswer) status() int {
	if f.Status == continuing {
		return http.StatusAccepted
	}
	return http.StatusOK
}

func (a *API) forgetGrains(ctx context.Context, in *forgetGrainsInput) (*forgetGrainsAnswer, error) {
	sel, erase, err := in.Body.selector()
	if err != nil {
		return nil, err
	}
	refs, subject, err := in.Body.grains()
	if err != nil {
		return nil, err
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if erase {
		return a.erase(ctx, m, sel)
	}
	inTime, cancel := aheadOf(ctx)
	defer cancel()
	n, err := a.cfg.Memory.Forget(inTime, m, drawOf(ctx), refs)
	if err == nil && subject != "" {
		var about int
		about, err = a.cfg.Memory.ForgetSubject(inTime, m, drawOf(ctx), subject)
		n += about
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &forgetGrainsAnswer{Deleted: n, Status: continuing}, nil
	}
	return &forgetGrainsAnswer{Deleted: n, Status: "forgotten"}, err
}

// erase answers with the proof. Where the keys are destroyed and there was no
// time for the rest it says so: the same call ends it.
func (a *API) erase(ctx context.Context, m change.Memory, sel seal.Selector) (*forgetGrainsAnswer, error) {
	done, err := a.cfg.Memory.Erase(ctx, m, drawOf(ctx), sel)
	out := &forgetGrainsAnswer{
		Deleted: done.Count, Status: "erased", UserID: sel.Person, ScopePath: sel.Scope,
		Count: &done.Count, Fingerprint: done.Fingerprint, ErasedAt: stamp(done.At),
	}
	if errors.Is(err, seal.ErrContinuing) {
		out.Status, err = continuing, nil
	}
	return out, err
}

// selector is what an erasure is about, false where grains are meant.
func (f forgetGrainsBody) selector() (seal.Selector, bool, error) {
	if f.UserID == nil && f.ScopePath == nil {
		return seal.Selector{}, false, nil
	}
	if f.UserID != nil && f.ScopePath != nil || f.Hash != nil || f.Hashes != nil || f.Subject != nil {
		return seal.Selector{}, false, fault.New(fault.InvalidField, "user_id or scope_path erases all that it covers and stands alone: send one request for each")
	}
	sel := seal.Selector{}
	var err error
	if sel.Person, err = normal("user_id", given(f.UserID)); err != nil {
		return sel, false, err
	}
	if sel.Scope, err = normal("scope_path", given(f.ScopePath)); err != nil {
		return sel, false, err
	}
	return sel, true, sel.Validate()
}

// grains are the references and the subject that are to be forgotten.
func (f forgetGrainsBody) grains() (refs []store.Ref, subject string, err error) {
	if f.UserID != nil || f.ScopePath != nil {
		return nil, "", nil
	}
	if f.Hash == nil && len(f.Hashes) == 0 && f.Subject == nil {
		return nil, "", fault.New(fault.MissingField, "nothing to forget is named: send blob_hash, hashes or subject, or user_id or scope_path alone")
	}
	hashes := f.Hashes
	if f.Hash != nil {
		if err := checkHash("blob_hash", *f.Hash); err != nil {
			return nil, "", err
		}
		hashes = append(hashes, *f.Hash)
	}
	seen := make(map[string]bool, len(hashes))
	for _, hash := range hashes {
		if err := checkHash("hashes", hash); err != nil {
			return nil, "", err
		}
		if !seen[hash] {
			seen[hash] = true
			refs = append(refs, store.Ref{Hash: hash})
		}
	}
	if f.Subject == nil {
		return refs, "", nil
	}
	if *f.Subject == "" {
		return nil, "", fault.New(fault.InvalidField, "subject is empty: name whom or what to forget")
	}
	subject, err = normal("subject", *f.Subject)
	return refs, subject, err
}

// answerTime is kept back of a request's own deadline to answer in.
const answerTime = 4 * time.Second

// aheadOf ends a little before the time that a function has been given; where
// there is no such limit (one process), it does not end.
func aheadOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, limited := ctx.Deadline(); limited {
		return context.WithDeadline(ctx, end.Add(-answerTime))
	}
	return ctx, func() {}
}
