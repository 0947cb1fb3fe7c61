package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// What the hooks of both APIs share.

// makeHook makes a hook and returns its secret, "" where it has none. A
// request that is run again under the same draw finds its own hook.
func (a *API) makeHook(ctx context.Context, m change.Memory, prefix string, set hook.Settings) (hook.Hook, string, error) {
	if err := mayRead(ctx); err != nil {
		return hook.Hook{}, "", err
	}
	d := drawOf(ctx)
	id := prefix + d.ID()
	h, secret, err := a.cfg.Hooks.Create(ctx, m, d, id, callOf(ctx).caller.ID, set)
	if fault.KindOf(err) == fault.Conflict {
		if own, missing := a.cfg.Hooks.Get(ctx, m, id); missing == nil {
			text, err := a.secretOf(ctx, own)
			return own, text, err
		}
	}
	if secret == nil {
		return h, "", err
	}
	return h, secret.Reveal(), err
}

// secretOf is a hook's current secret, "" where it has none.
func (a *API) secretOf(ctx context.Context, h hook.Hook) (string, error) {
	open, err := a.cfg.Hooks.Open(ctx, h, drawOf(ctx).At)
	if err != nil || len(open.Standard) == 0 {
		return "", err
	}
	return open.Standard[0].Reveal(), nil
}

// secretPrint tells a hook's sealed secret from any other, "" where it has none.
// It stands in a receipt for a secret that is to be told again.
func secretPrint(h hook.Hook) string {
	if h.Secret == nil {
		return ""
	}
	sum := sha256.Sum256(h.Secret.Box)
	return hex.EncodeToString(sum[:])
}

// retellSecret opens a secret that an answer showed; "" where it showed none,
// the hook has another by now, or is gone.
func (a *API) retellSecret(ctx context.Context, m change.Memory, id, kept string) (string, error) {
	if kept == "" {
		return "", nil
	}
	h, err := a.cfg.Hooks.Get(ctx, m, id)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	if err != nil || secretPrint(h) != kept {
		return "", err
	}
	return a.secretOf(ctx, h)
}

// alter changes a hook of either API.
func (a *API) alter(ctx context.Context, h hook.Hook, set hook.Settings) (hook.Hook, error) {
	if set.Resume != "" && !given(set.Active) {
		return h, fault.New(fault.InvalidField, "resume says how a hook goes on: send it with \"active\": true")
	}
	if err := mayRead(ctx); err != nil {
		return h, err
	}
	return a.cfg.Hooks.Change(ctx, h.Memory, drawOf(ctx), h.ID, callOf(ctx).caller.ID, set)
}

// mayRead refuses a hook's settings to a key that may not read: a hook tells
// its receiver what is in the memory.
func mayRead(ctx context.Context) error {
	if callOf(ctx).caller.Has(auth.Read) {
		return nil
	}
	return fault.New(fault.ScopeDenied, "a hook tells what is in the memory, so setting it up needs the scopes \"write\" and \"read\": use a key that has both")
}

type acknowledgment struct {
	At    string `json:"at"`
	KeyID string `json:"key_id"`
}

func acknowledged(h hook.Hook) *acknowledgment {
	if h.PIIRisk == nil {
		return nil
	}
	return &acknowledgment{stamp(h.PIIRisk.At), h.PIIRisk.KeyID}
}

// eventNames lists the events that a hook asked for, in its dialect's words.
func eventNames(h hook.Hook) []string {
	if len(h.Causes) == 0 {
		return dialect.EventNames(h.Dialect)
	}
	return namesOf(h.Dialect, h.Causes)
}

func namesOf(of string, causes []events.Cause) []string {
	out := []string{}
	seen := map[string]bool{"": true}
	for _, c := range causes {
		if n := dialect.Name(of, c); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// testAnswer says how a test send went.
type testAnswer struct {
	Delivered bool   `json:"delivered"`
	EventID   string `json:"event_id" doc:"evt_test_…"`
	Status    int    `json:"status,omitempty" doc:"The receiver's HTTP status, where it answered"`
	Error     string `json:"error,omitempty"`
	TookMS    int64  `json:"took_ms"`
	Answer    string `json:"answer,omitempty" doc:"How the receiver's answer begins, at most 300 bytes; it is not kept, and not told where only the operator's list of destinations lets the receiver be reached"`
}

// testHook sends a hook of either API a sample.
func (a *API) testHook(ctx context.Context, h hook.Hook) (*testAnswer, error) {
	o := a.cfg.Tester.Test(ctx, h)
	return &testAnswer{
		Delivered: o.Error == "", EventID: o.Job.Entry.Change.EventID(),
		Status: o.Status, Error: o.Error, TookMS: o.Took.Milliseconds(), Answer: o.Answer,
	}, nil
}

type rotateBody struct {
	Secret  *string `json:"secret,omitempty" doc:"The new secret; made and shown once when absent"`
	Overlap *int    `json:"overlap_seconds,omitempty" minimum:"0" maximum:"2592000" doc:"How long both secrets sign; a day when absent, 0 = the new one alone at once"`
}

// rotatedAnswer answers rotate-secret.
type rotatedAnswer struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty" doc:"A generated secret, shown this once"`
	Until  string `json:"previous_valid_until,omitempty" doc:"When the previous secret stops signing"`

	print string // of the secret
}

func (r *rotatedAnswer) sealed() *string { return &r.print }

func (r *rotatedAnswer) strip() {
	if r.Secret != "" {
		r.Secret = r.print
	}
}

func (r *rotatedAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	var err error
	r.Secret, err = a.retellSecret(ctx, m, r.ID, r.Secret)
	return err
}

// rotateHook gives a hook of either API a new secret.
func (a *API) rotateHook(ctx context.Context, h hook.Hook, body *rotateBody) (*rotatedAnswer, error) {
	var given *string
	overlap := hook.DefaultOverlap
	if body != nil {
		given = body.Secret
		if body.Overlap != nil {
			overlap = time.Duration(*body.Overlap) * time.Second
		}
	}
	h, secret, err := a.cfg.Hooks.Rotate(ctx, h.Memory, drawOf(ctx), h.ID, given, overlap)
	if err != nil {
		return nil, err
	}
	out := &rotatedAnswer{ID: h.ID, print: secretPrint(h)}
	if given == nil {
		out.Secret = secret.Reveal()
	}
	if h.Secret.Previous != nil {
		out.Until = stamp(h.Secret.Until)
	}
	return out, nil
}
