package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
)

func TestTheKindIsFoundThroughWrapping(t *testing.T) {
	gone := fault.New(fault.NotFound, "no hook %q", "h1")
	for _, tc := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"bare", gone, fault.NotFound},
		{"wrapped twice", fmt.Errorf("list: %w", fmt.Errorf("read: %w", gone)), fault.NotFound},
		{"outermost wins", fault.Wrap(fault.Unavailable, gone, "try again"), fault.Unavailable},
		{"joined", errors.Join(io.EOF, gone), fault.NotFound},
		{"unclassified", io.EOF, fault.Internal},
		{"none", nil, fault.Internal},
	} {
		if got := fault.KindOf(tc.err); got != tc.want {
			t.Errorf("%s: kind %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTheCauseIsKeptBesideTheMessage(t *testing.T) {
	err := fault.Wrap(fault.Unavailable, io.ErrUnexpectedEOF, "the store is busy: repeat %s", "it")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if err.Message != "the store is busy: repeat it" {
		t.Errorf("the message that a caller sees is %q", err.Message)
	}
	if want := "the store is busy: repeat it: unexpected EOF"; err.Error() != want {
		t.Errorf("Error() = %q, want %q", err.Error(), want)
	}
	if got := fault.New(fault.Conflict, "taken").Error(); got != "taken" {
		t.Errorf("Error() without a cause = %q", got)
	}
}
