// Package cloudtest is the one conformance suite for all clouds. Each Rule
// quotes a promise of a port and tries to break it; a cloud that passes Run can
// carry the core. The rules return errors, so that they can be tested
// themselves, against clouds that are broken on purpose.
package cloudtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/cloud"
)

// Opened is one empty cloud and what a rule may do to it. The functions are
// called by one goroutine at a time; all are required.
type Opened struct {
	Cloud *cloud.Cloud
	// Reopen closes the newest cloud and opens another on what it leaves.
	Reopen func(ctx context.Context) (*cloud.Cloud, error)
	// Crash opens a cloud on what the newest one would leave if its process
	// died now. The old one may live on, but nothing that it does from now on
	// reaches the new one.
	Crash func(ctx context.Context) (*cloud.Cloud, error)
	// Now is the clock that the cloud reads. Advance moves it; the other
	// functions may move it too, by less than 100 ms.
	Now     func() time.Time
	Advance func(d time.Duration)
	// Idle returns when all that was asked for is done: changes are in the log,
	// jobs that are due were handed out, outcomes are recorded. It does not wait
	// for a Handler or another call that is blocked.
	Idle func()
	// HoldAfter is how many dead letters in a row hold a hook, 3 or more; 0:
	// the cloud was told to hold none, and the rule about it is passed over.
	HoldAfter int
}

// Rule is one promise and the attempt to break it.
type Rule struct {
	Name    string // port or subject, a slash, what is looked at
	Promise string // quoted from a port's comment
	run     func(*bench)
}

// Rules are all rules, in the order of the road: what is written, what is told
// of it, what is delivered.
var Rules = slices.Concat(
	commitRules, conflictRules, loadRules, scanRules, indexRules,
	logRules, matchRules, compactionRules, consumerRules,
	keyRules, erasureRules, registryRules, hookRules,
	queueRules, retryRules, restartRules, stateRules, ledgerRules, redriveRules,
	accessRules, tenantRules,
)

// Check tries one rule on an empty cloud. The error says what happened and
// quotes the promise that it breaks; nil: the rule holds. It does not close
// the cloud.
func (r Rule) Check(ctx context.Context, o Opened) error {
	err := run(ctx, o, r.run)
	if err != nil {
		return fmt.Errorf("%s: %w; promised is %q", r.Name, err, r.Promise)
	}
	return nil
}

// Run checks every rule as a subtest, each on a cloud of its own. Each subtest
// runs inside around: synctest.Test for a cloud that may run in a bubble, where
// Advance and Idle are time.Sleep and synctest.Wait, else Plain. What open
// opens it closes with t.Cleanup.
func Run(t *testing.T, around func(*testing.T, func(*testing.T)), open func(*testing.T) Opened) {
	for _, r := range Rules {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			around(t, func(t *testing.T) {
				if err := r.Check(t.Context(), open(t)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Plain runs a test as it is.
func Plain(t *testing.T, f func(*testing.T)) { f(t) }
