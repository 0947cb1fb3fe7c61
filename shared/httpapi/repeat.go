package httpapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/once"
)

// retold is an answer that holds what may not be kept beside the store:
// content, a person's words, secrets. strip takes it out before a receipt is
// kept; refill puts back what may be told at the moment of a repetition. Both
// are methods of a pointer. Answers without such parts need neither.
type retold interface {
	strip()
	refill(ctx context.Context, a *API, m change.Memory) error
}

// secretive is a retold answer with a secret. What sealed points at is in no
// JSON; it goes into the receipt in the secret's place.
type secretive interface{ sealed() *string }

// settleTime bounds how long a receipt may take to be written when the caller
// has gone already.
const settleTime = 5 * time.Second

// repeat runs a POST under its idempotency key: once, and for every repetition
// the first answer is told again. The draw comes from the receipt, so that a
// run which died is repeated with the same ids.
func repeat[O any](ctx context.Context, a *API, instance string, status func(*O) int, run func(context.Context) (*O, error)) (*O, error) {
	c := callOf(ctx)
	seed, err := once.NewSeed(c.draw.At, c.draw.Rand)
	if err != nil {
		return nil, err
	}
	scope := c.caller.Tenant + "/" + c.caller.ID
	receipt, err := a.cfg.Once.Begin(ctx, once.Receipt{Scope: scope, Key: c.onceKey, Body: c.body, Seed: seed, At: c.draw.At.UnixMilli()})
	if err != nil {
		return nil, err
	}
	if receipt.Done() {
		return tellAgain[O](ctx, a, change.Memory{Tenant: c.caller.Tenant, ID: instance}, receipt.Answer)
	}
	c.draw = change.Seeded(receipt.Time(), receipt.Seed)
	out, err := run(withCall(ctx, c))
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err != nil {
		return nil, errors.Join(err, a.giveBack(settle, receipt, err))
	}
	if status(out) == http.StatusAccepted { // half-way: the same request goes on
		return out, a.cfg.Once.Break(settle, receipt)
	}
	kept, err := stripped(out)
	if err == nil {
		err = a.cfg.Once.Finish(settle, receipt, status(out), kept)
	}
	if err != nil { // the work is done: its repetition ends with the same ids
		a.cfg.Log.Warn("a receipt was not kept", "request_id", c.id, "error", err)
	}
	return out, nil
}

// giveBack frees the key of a request that failed.
func (a *API) giveBack(ctx context.Context, r once.Receipt, failure error) error {
	if refusals[classify(failure).Kind].status < http.StatusInternalServerError {
		return a.cfg.Once.Release(ctx, r)
	}
	return a.cfg.Once.Break(ctx, r)
}

// stripped is an answer as its receipt keeps it.
func stripped[O any](out *O) ([]byte, error) {
	var text bytes.Buffer
	if err := writeJSON(&text, out); err != nil {
		return nil, err
	}
	bare := new(O)
	r, holds := any(bare).(retold)
	if !holds {
		return text.Bytes(), nil
	}
	if err := decode(text.Bytes(), bare); err != nil {
		return nil, err
	}
	if from, ok := any(out).(secretive); ok {
		if to, ok := r.(secretive); ok {
			*to.sealed() = *from.sealed()
		}
	}
	r.strip()
	text.Reset()
	err := writeJSON(&text, bare)
	return text.Bytes(), err
}

func tellAgain[O any](ctx context.Context, a *API, m change.Memory, kept []byte) (*O, error) {
	out := new(O)
	if err := decode(kept, out); err != nil {
		return nil, err
	}
	if r, ok := any(out).(retold); ok {
		return out, r.refill(ctx, a, m)
	}
	return out, nil
}
