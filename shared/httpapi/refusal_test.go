package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func TestEveryKindOfFaultHasAStatusAndACode(t *testing.T) {
	codes := map[string]bool{}
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		row, ok := refusals[kind]
		if !ok || row.status < 400 || row.code == "" || codes[row.code] {
			t.Errorf("kind %d has no row, or not one of its own: %+v", kind, row)
		}
		codes[row.code] = true
	}
	if len(refusals) != int(fault.Unavailable)+1 {
		t.Errorf("%d rows for %d kinds: is a new kind the last one?", len(refusals), fault.Unavailable+1)
	}
	for reason := store.Moved; reason <= store.NoMemory; reason++ {
		if conflicts[reason] == nil {
			t.Errorf("conflict %d is not told", reason)
		}
	}
}

func TestErrorsAreExplained(t *testing.T) {
	var log bytes.Buffer
	a := &API{cfg: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{fault.New(fault.NotFound, "gone"), 404, `{"error":{"code":"not_found","message":"gone"}}`},
		{fmt.Errorf("memory: read: %w", fault.New(fault.Conflict, "twice")), 409, `{"error":{"code":"conflict","message":"twice"}}`},
		{errors.Join(nil, fault.New(fault.TooLarge, "big")), 413, `"message":"big"`},
		{&fault.Error{Kind: fault.Compacted, Message: "old", Details: map[string]any{"snapshot": "/s", "floor_seq": int64(1) << 60}}, 410,
			`{"error":{"code":"cursor_compacted","message":"old","floor_seq":1152921504606846976,"snapshot":"/s"}}`},
		{&store.ConflictError{Reason: store.NoMemory}, 404, "not_found"},
		{fault.New(fault.InvalidField, "bad \xff text"), 400, "bad \ufffd text"},
		{context.Canceled, 503, "unavailable"},
		{errors.New("the password is hunter2"), 500, `request id req_1`},
		{fault.Wrap(fault.Internal, errors.New("hunter2"), "a defect"), 500, `request id req_1`},
	} {
		r := a.explain(call{id: "req_1"}, c.err)
		var text bytes.Buffer
		if err := writeJSON(&text, r); err != nil {
			t.Fatal(err)
		}
		if r.status != c.status || !strings.Contains(text.String(), c.want) || strings.Contains(text.String(), "hunter2") {
			t.Errorf("%v: %d %s", c.err, r.status, text.String())
		}
	}
	if !strings.Contains(log.String(), "hunter2") {
		t.Error("a defect is logged with its cause")
	}
	if got := a.explain(call{}, fault.New(fault.Unavailable, "busy")).GetHeaders(); got.Get("Retry-After") == "" {
		t.Error("503 says when to come again")
	}
}

func TestHumasErrorsTakeOurShape(t *testing.T) {
	at := func(where, what string) error {
		return &huma.ErrorDetail{Location: where, Message: what, Value: "content"}
	}
	for _, c := range []struct {
		status  int
		errs    []error
		code    string
		message string
	}{
		{422, []error{at("body", "expected required property content to be present")}, "missing_field", "content is missing"},
		{422, []error{at("query.id", "required query parameter is missing")}, "missing_field", "query.id is missing"},
		{422, []error{at("body.z", "unexpected property"), at("body.a", "unexpected property")}, "invalid_field", `unknown field "a"`},
		{422, []error{at("body.z", "unexpected property"), at("body.limit", "expected integer")}, "invalid_field", "limit: expected integer"},
		{422, []error{at("query.limit", "invalid integer")}, "invalid_field", "query.limit must be a whole number"},
		{422, []error{at("body.limit", "must be at most 5")}, "invalid_field", "limit must be at most 5"},
		{422, nil, "invalid_field", "/docs"},
		{400, []error{at("body", "JSON refused at byte 3")}, "invalid_json", "byte 3"},
		{400, nil, "invalid_json", "empty"},
		{415, []error{errors.New("x")}, "unsupported_media_type", ""},
		{413, nil, "payload_too_large", ""},
		{500, []error{errors.New("content")}, "internal_error", "our side"},
	} {
		err := fromHuma(c.status, "m", c.errs...)
		r := err.(*refusal)
		if r.Body.Code != c.code || !strings.Contains(r.Body.Message, c.message) || strings.Contains(r.Body.Message, "(body") {
			t.Errorf("%d %v: %s %s", c.status, c.errs, r.Body.Code, r.Body.Message)
		}
	}
	long := fromHuma(422, "", at("body."+strings.Repeat("é", 500), "unexpected property"))
	if len(long.Error()) > 300 {
		t.Errorf("a long name is cut: %d bytes", len(long.Error()))
	}
}

func TestOptionalTellsAbsentFromNull(t *testing.T) {
	for text, want := range map[string]optional[string]{`{}`: {}, `{"f":null}`: {Given: true}, `{"f":"x"}`: {Given: true, Value: new(string)}} {
		var got struct {
			F optional[string] `json:"f"`
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.F.Given != want.Given || (got.F.Value == nil) != (want.Value == nil) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestEveryEndpointIsDescribedAndGuarded(t *testing.T) {
	a, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, e := range a.endpoints {
		if e.ID == "" || e.Summary == "" || e.Tag == "" || e.operation == nil {
			t.Errorf("%s is not described: %+v", pattern, e)
		}
		if e.Scope == "" && e.Tag != "Service" {
			t.Errorf("%s is open to all", pattern)
		}
		if e.Scope == "read" && (e.Method == http.MethodPatch || e.Method == http.MethodDelete || e.Method == http.MethodPut) {
			t.Errorf("%s changes things with a key that may only read", pattern)
		}
		if e.operation.RequestBody != nil && e.operation.RequestBody.Content[jsonType] != nil && e.Example == "" {
			t.Errorf("%s has no example", pattern)
		}
	}
}
