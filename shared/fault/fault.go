// Package fault is the closed list of ways a request or a step can fail.
// Programs read the Kind; people read the message, which says what to do next.
package fault

import (
	"errors"
	"fmt"
)

// Kind tells programs what went wrong. The list is closed: a new kind needs a
// row in httpapi's status table, which a test walks.
type Kind uint8

// The kinds. Internal is the zero value: an error nobody classified.
const (
	Internal         Kind = iota // a defect or a broken dependency
	InvalidField                 // a field's value is not acceptable
	MissingField                 // a required field is absent
	InvalidJSON                  // the body is not JSON that can be kept
	AuthRequired                 // no key was given
	InvalidKey                   // the key is unknown or revoked
	ScopeDenied                  // the key lacks a scope
	NotFound                     // nothing under that name for this caller
	Conflict                     // the state is not what the request assumes
	Compacted                    // the cursor lies below the log's floor
	TooLarge                     // more bytes than the limit
	UnsupportedMedia             // a content type that is not accepted
	PIIRisk                      // COMP-H1: full content needs an acknowledgement
	RateLimited                  // too many requests for this key
	Unavailable                  // try again: the store is busy, full or closing
)

// Error is one failure. Message is for people; Details, where present, is
// shown beside it (for example the floor of a compacted log); Err is the cause
// and is never shown to a caller.
type Error struct {
	Kind    Kind
	Message string
	Details map[string]any
	Err     error
}

// Error returns the message, followed by the cause where there is one.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause, nil where there is none.
func (e *Error) Unwrap() error { return e.Err }

// New makes a failure of a kind with a message in fmt's notation.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes a failure of a kind out of a cause.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// KindOf returns the kind of the first Error in err's chain, Internal where
// there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
