package httpapi

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/wire"
)

// refusals says how each kind of fault is told over HTTP. A test walks it: a
// kind without a row fails by name.
var refusals = map[fault.Kind]struct {
	status int
	code   string
}{
	fault.Internal:         {http.StatusInternalServerError, "internal_error"},
	fault.InvalidField:     {http.StatusBadRequest, "invalid_field"},
	fault.MissingField:     {http.StatusBadRequest, "missing_field"},
	fault.InvalidJSON:      {http.StatusBadRequest, "invalid_json"},
	fault.AuthRequired:     {http.StatusUnauthorized, "auth_required"},
	fault.InvalidKey:       {http.StatusUnauthorized, "invalid_key"},
	fault.ScopeDenied:      {http.StatusForbidden, "scope_denied"},
	fault.NotFound:         {http.StatusNotFound, "not_found"},
	fault.Conflict:         {http.StatusConflict, "conflict"},
	fault.Compacted:        {http.StatusGone, "cursor_compacted"},
	fault.TooLarge:         {http.StatusRequestEntityTooLarge, "payload_too_large"},
	fault.UnsupportedMedia: {http.StatusUnsupportedMediaType, "unsupported_media_type"},
	fault.PIIRisk:          {http.StatusUnprocessableEntity, "COMP-H1"},
	fault.RateLimited:      {http.StatusTooManyRequests, "rate_limited"},
	fault.Unavailable:      {http.StatusServiceUnavailable, "unavailable"},
}

// conflicts says what a write that met another state means to a caller.
var conflicts = map[store.Reason]*fault.Error{
	store.Moved:    fault.New(fault.Conflict, "it was changed or forgotten meanwhile: read it again and repeat"),
	store.Taken:    fault.New(fault.Conflict, "the same content is stored as an older version: change it, or supersede the current one"),
	store.KeyGone:  fault.New(fault.Unavailable, "it was erased meanwhile: try again"),
	store.NoMemory: errNoMemory,
}

// refusal is an error as it is written: {"error":{"code","message",…details}}.
type refusal struct {
	status  int
	details map[string]any
	headers http.Header

	Body struct {
		Code    string `json:"code" doc:"What went wrong, for programs" example:"not_found"`
		Message string `json:"message" doc:"What went wrong and what to do next, for people"`
	} `json:"error"`
}

func refuse(status int, code, message string) *refusal {
	r := &refusal{status: status}
	r.Body.Code, r.Body.Message = code, message
	return r
}

// Error is the message.
func (r *refusal) Error() string { return r.Body.Message }

// GetStatus is the HTTP status.
func (r *refusal) GetStatus() int { return r.status }

// GetHeaders are headers that go with the answer.
func (r *refusal) GetHeaders() http.Header { return r.headers }

// MarshalJSON writes code and message first, details after them.
func (r *refusal) MarshalJSON() ([]byte, error) {
	body := wire.Object{{Key: "code", Value: r.Body.Code}, {Key: "message", Value: strings.ToValidUTF8(r.Body.Message, "\ufffd")}}
	for _, name := range slices.Sorted(maps.Keys(r.details)) {
		body = append(body, wire.Member{Key: name, Value: r.details[name]})
	}
	return wire.AppendExact(nil, wire.Object{{Key: "error", Value: body}})
}

// classify is the fault that an error means, kind Internal where nobody
// classified it.
func classify(err error) *fault.Error {
	var f *fault.Error
	var conflict *store.ConflictError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &conflict):
		return conflicts[conflict.Reason]
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "the request was given up before it ended: try again")
	}
	return fault.Wrap(fault.Internal, err, "not classified")
}

// explain tells a caller what an error means. What broke on our side is logged
// under the request's id, and of a defect only that id is told.
func (a *API) explain(c call, err error) *refusal {
	var ready *refusal
	if errors.As(err, &ready) {
		return ready
	}
	f := classify(err)
	row := refusals[f.Kind]
	r := refuse(row.status, row.code, f.Message)
	r.details = f.Details
	switch f.Kind {
	case fault.Internal:
		a.cfg.Log.Error("a request failed", "request_id", c.id, "error", err)
		return internal(c.id)
	case fault.Unavailable:
		a.cfg.Log.Warn("a request could not be served now", "request_id", c.id, "error", err)
		r.headers = http.Header{"Retry-After": {"1"}}
	case fault.AuthRequired, fault.InvalidKey:
		r.headers = http.Header{"Www-Authenticate": {"Bearer"}}
	}
	return r
}

func internal(id string) *refusal {
	row := refusals[fault.Internal]
	return refuse(row.status, row.code, "something broke on our side: try again, and if it stays report the request id "+id)
}

func errMethod(allow string) error {
	return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "this path does not take that method: use one of "+allow)
}

// fromHuma turns what huma found wrong with a request into our shape. Values
// of the request are not repeated.
func fromHuma(status int, message string, errs ...error) huma.StatusError {
	kind := fault.InvalidField
	switch status {
	case http.StatusBadRequest:
		kind, message = fault.InvalidJSON, "the body is empty: send a JSON object"
		if len(errs) > 0 {
			message = detail(errs[0]).Message
		}
	case http.StatusUnprocessableEntity:
		kind, message = invalid(errs)
	case http.StatusRequestEntityTooLarge:
		kind = fault.TooLarge
	case http.StatusUnsupportedMediaType:
		kind = fault.UnsupportedMedia
	default:
		if status >= http.StatusInternalServerError {
			kind, message = fault.Internal, "something broke on our side: try again"
		}
	}
	row := refusals[kind]
	return refuse(row.status, row.code, message)
}

func detail(err error) *huma.ErrorDetail {
	if d, ok := err.(huma.ErrorDetailer); ok {
		return d.ErrorDetail()
	}
	return &huma.ErrorDetail{Message: err.Error()}
}

// invalid picks the error to tell: the first one, unknown fields last and in
// the order of their names.
func invalid(errs []error) (fault.Kind, string) {
	if len(errs) == 0 {
		return fault.InvalidField, "the request is not valid: see /docs for what this path takes"
	}
	first := detail(slices.MinFunc(errs, func(x, y error) int {
		return cmp.Or(cmp.Compare(unknownName(x), unknownName(y)))
	}))
	where := strings.TrimPrefix(first.Location, "body.")
	switch {
	case first.Message == validation.MsgUnexpectedProperty || first.Message == "unknown query parameter":
		return fault.InvalidField, "unknown field " + quoted(where) + ": take it out, or see /docs for the fields of this path"
	case strings.HasPrefix(first.Message, "expected required property "):
		name, _, _ := strings.Cut(strings.TrimPrefix(first.Message, "expected required property "), " ")
		return fault.MissingField, name + " is missing: send it"
	case strings.HasSuffix(first.Message, " parameter is missing"), first.Message == "File required":
		return fault.MissingField, where + " is missing: send it"
	}
	return fault.InvalidField, ofField(where, first.Message)
}

// unknownName is the place of an unknown field, "" for any other error.
func unknownName(err error) string {
	if d := detail(err); d.Message == validation.MsgUnexpectedProperty || d.Message == "unknown query parameter" {
		return d.Location
	}
	return ""
}

// quoted shows a name that the caller chose, cut to what a line can hold.
func quoted(name string) string {
	const limit = 64
	if runes := []rune(name); len(runes) > limit {
		name = string(runes[:limit]) + "…"
	}
	return `"` + name + `"`
}
