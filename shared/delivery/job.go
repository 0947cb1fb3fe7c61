// Package delivery takes one job, makes one POST and gives one verdict.
package delivery

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/redact"
)

// Job is one event for one hook.
type Job struct {
	Hook     string
	Prev     int64 // the seq that this hook saw before
	Redrive  int   // 0 = the event's own delivery; n = its nth repetition by hand
	Attempts int   // made so far
	FirstAt  int64 // when the first attempt began, epoch milliseconds; 0 = none yet
	// Redaction is the mode of the attempts so far, "" = none yet: later ones
	// show no more than it, so that their bodies are equal or tighter.
	Redaction redact.Mode
	Entry     feed.Entry
}

// Verdict is what becomes of a job.
type Verdict uint8

// The verdicts.
const (
	Delivered  Verdict = iota // the receiver answered 2xx
	RetryAfter                // try again after Outcome.Delay
	GiveUp                    // a dead letter
	Cancelled                 // the hook is gone
	// PutBack means that no attempt was made, or none that counts: the job
	// comes again when its hook is active (Delay 0), or no sooner than after
	// Delay, as all of that hook's jobs should, because its destination hangs
	// or because the content could not be read just now.
	PutBack
)

// Outcome is one job's verdict and what is recorded of the attempt.
type Outcome struct {
	Job     Job // Attempts, FirstAt and Redaction count this attempt in
	Verdict Verdict
	Delay   time.Duration
	Status  int    // of the answer; 0 where there was none
	Error   string // of the attempt, at most 300 bytes without content or secrets; "" on success
	At      int64  // when the attempt ended, epoch milliseconds
	Took    time.Duration
	Disable bool   // the receiver answered 410: the hook takes no more
	Answer  string // of a test send: how the receiver's answer begins, at most 300 bytes; "" for every other
}

// Status is where a delivery stands, as lists show it.
type Status string

// The states that a (change, hook) pair can be in. Exactly one holds.
const (
	StatusPending   Status = "pending" // in line, or waiting for its next attempt
	StatusHeld      Status = "held"    // in line behind a hook that is not active
	StatusDelivered Status = "delivered"
	StatusDead      Status = "dead"
	StatusCancelled Status = "cancelled" // its hook was deleted
	StatusSkipped   Status = "skipped"   // resumed at latest
	StatusExpired   Status = "expired"   // compacted before it was sent
	StatusDiscarded Status = "discarded" // a dead letter that a person closed
)

// Record is one delivery as the ledger keeps it: no content, no secret.
type Record struct {
	Job     Job
	Status  Status
	Code    int    // the last answer's HTTP status
	Error   string // of the last attempt
	FirstAt int64
	LastAt  int64
	NextAt  int64 // of the next attempt; 0 = none planned
	Reason  string
	Took    time.Duration
	// Trail has one attempt for each that was recorded, the oldest first; those
	// of a redrive are its own. It is bounded: of more than 41 the first and the
	// newest 40 are kept. Only Find fills it.
	Trail []Attempt
}

// Query narrows a listing; zero fields do not. After is a cursor from Next.
type Query struct {
	Hook   string // "" = all hooks of the memory
	Status Status // "" = all
	Since  int64  // last attempt at or after, epoch milliseconds
	After  string
	Limit  int
}

// Ledger is what happened. Counts agree with what happened, also after a crash;
// lists are newest first: by seq, then by redrive.
type Ledger interface {
	List(ctx context.Context, m change.Memory, q Query) (records []Record, next string, err error)
	// Find returns one delivery, fault.NotFound where there is none. Its Trail
	// tells each attempt as its Outcome did; what was put back is no attempt.
	Find(ctx context.Context, m change.Memory, hook string, seq int64, redrive int) (Record, error)
	// Counts returns how many changes that a hook sees are in each state, by the
	// newest delivery of each; together they are all changes it ever saw.
	Counts(ctx context.Context, m change.Memory, hook string) (map[Status]int, error)
}

// Redriver changes the end of deliveries by hand.
type Redriver interface {
	// Redrive queues the event of each (hook, seq) again under the next redrive
	// number; a dead letter that is redriven is one no longer. It returns the
	// new jobs: none for events that the hook does not see, that the log no
	// longer holds, or whose newest delivery has not ended yet.
	Redrive(ctx context.Context, m change.Memory, hook string, seqs []int64) ([]Job, error)
	// Discard closes a dead letter, fault.NotFound where there is none.
	Discard(ctx context.Context, m change.Memory, hook string, seq int64, redrive int, reason string) error
}

// Handler makes one attempt for each job and answers with one outcome per job,
// in the order of the jobs.
type Handler func(ctx context.Context, jobs []Job) []Outcome

// Queue hands jobs to a handler until the context ends: at least once, the
// first of each (hook, group) only, groups and hooks independently of each
// other; a job that was answered RetryAfter comes again no sooner than asked,
// the rest of its group waits. What was handed out when the process died is
// handed out again.
type Queue interface {
	Serve(ctx context.Context, h Handler) error
}
