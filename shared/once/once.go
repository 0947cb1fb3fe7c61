// Package once makes a POST with an Idempotency-Key happen once: the key is
// claimed before the work, with the draw that the work takes its ids and its
// time from, so that a repetition after a crash ends with the same ids.
package once

import "context"

// Receipt is what is kept of a request for 24 hours.
type Receipt struct {
	Scope  string // tenant and key id: whose idempotency key it is
	Key    string
	Body   [32]byte // SHA-256 of method, path and body
	Seed   [32]byte // of the draw
	At     int64    // of the claim, epoch milliseconds
	Status int      // of the answer; 0 while the work is not done
	Answer []byte   // without content and raw keys; nil while the work is not done
}

// Receipts keeps them. Claim stores r if its key is free or older than `since`
// and answers with what stands there now and whether that is r; Finish fills
// Status and Answer.
type Receipts interface {
	Claim(ctx context.Context, r Receipt, since int64) (Receipt, bool, error)
	Finish(ctx context.Context, r Receipt) error
}
