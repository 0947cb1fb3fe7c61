// Package attempt is what the adapter's clients of AWS have in common: what
// the failure of a request means, and how long to wait before the next.
package attempt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/memhooks/memhooks/shared/fault"
)

const (
	firstWait   = 25 * time.Millisecond
	longestWait = 2 * time.Second
)

// Throttled reports whether the service refused a request for its rate alone:
// the same request later has every chance.
func Throttled(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// Failed wraps the error of a request that the SDK no longer repeats; the text,
// in fmt's notation, names the operation. What may pass by itself (load, a
// server's failure, a broken connection, a context that ended) is of the kind
// fault.Unavailable. What was refused for its content, rights or settings is
// not. Nil stays nil.
func Failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	what := fmt.Sprintf(format, args...)
	if !passing(err) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fault.Wrap(fault.Unavailable, err, "%s: no answer in time: try again", what)
}

func passing(err error) bool {
	var said smithy.APIError
	return errors.As(err, &said) && said.ErrorFault() == smithy.FaultServer ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) ||
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// Wait lets the time pass that is due before a request is repeated: random, so
// that those who met do not meet again, up to 25 ms after the first failure
// (failures = 1) and twice as long after each further one, at most 2 s. It
// fails when the context ends.
func Wait(ctx context.Context, failures int) error {
	limit := min(firstWait<<min(max(failures, 1)-1, 10), longestWait)
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(limit)) + 1)) //nolint:gosec // a pause, no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
