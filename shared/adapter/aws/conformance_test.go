package aws_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/cloud/cloudtest"
)

// settling is longer than a chain of jobs of one group takes to be recorded.
const settling = 25 * time.Millisecond

// TestConformance runs the one suite of all clouds on services in memory.
func TestConformance(t *testing.T) {
	cloudtest.Run(t, synctest.Test, func(t *testing.T) cloudtest.Opened { return newWorld(t, 1).opened() })
}

// opened is what the suite may do to a world.
func (w *world) opened() cloudtest.Opened {
	return cloudtest.Opened{
		Cloud: w.start(), Reopen: w.reopen, Crash: w.crash, HoldAfter: holdAfter,
		Now:     time.Now,
		Advance: w.pass,
		Idle:    func() { w.pass(settling); synctest.Wait() },
	}
}
