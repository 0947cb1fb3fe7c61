package attempt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
	"github.com/memhooks/memhooks/shared/fault"
)

func said(code string, side smithy.ErrorFault) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "PutItem",
		Err: &smithy.GenericAPIError{Code: code, Message: "no", Fault: side}}
}

func TestWhatAFailureMeans(t *testing.T) {
	answered := &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusServiceUnavailable}},
		Err:      &smithy.GenericAPIError{Code: "Odd", Message: "no"},
	}
	for _, tc := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"too many requests", said("ThrottlingException", smithy.FaultClient), fault.Unavailable},
		{"too much throughput", said("ProvisionedThroughputExceededException", smithy.FaultClient), fault.Unavailable},
		{"a server's failure", said("InternalServerError", smithy.FaultServer), fault.Unavailable},
		{"an answer of 503", answered, fault.Unavailable},
		{"a broken connection", io.ErrUnexpectedEOF, fault.Unavailable},
		{"a context that ended", fmt.Errorf("canceled: %w", context.DeadlineExceeded), fault.Unavailable},
		{"a connection refused", &smithyhttp.RequestSendError{Err: errors.New("refused")}, fault.Unavailable},
		{"an answer that nobody understands", errors.New("attribute of an unknown type"), fault.Internal},
		{"no right", said("AccessDeniedException", smithy.FaultClient), fault.Internal},
		{"a content that is refused", said("ValidationException", smithy.FaultUnknown), fault.Internal},
	} {
		got := attempt.Failed(tc.err, "put in table %s", "t")
		if kind := fault.KindOf(got); kind != tc.want {
			t.Errorf("%s: kind %d, want %d (%v)", tc.name, kind, tc.want, got)
		}
		if !errors.Is(got, tc.err) {
			t.Errorf("%s: the cause is lost", tc.name)
		}
	}
	if err := attempt.Failed(nil, "put"); err != nil {
		t.Errorf("nothing failed, yet: %v", err)
	}
}

func TestWaitingGrowsAndEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for failures, most := range map[int]time.Duration{
			0: 25 * time.Millisecond, 1: 25 * time.Millisecond, 3: 100 * time.Millisecond, 9: 2 * time.Second, 1 << 20: 2 * time.Second,
		} {
			begin := time.Now()
			if err := attempt.Wait(t.Context(), failures); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took <= 0 || took > most {
				t.Errorf("after %d failures: waited %s, want at most %s", failures, took, most)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := attempt.Wait(ctx, 9); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that ended: %v", err)
		}
	})
}
