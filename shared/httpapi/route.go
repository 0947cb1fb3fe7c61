package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// endpoint is one row of a table of routes. Handler comes from handle.
type endpoint struct {
	Method  string
	Path    string
	ID      string     // of the operation in the description
	Scope   auth.Scope // what the caller's key must have; "" = open to all
	Status  int        // of success; 0 = 200
	Tag     string
	Summary string
	Example string // a JSON body that the operation accepts; "" where it has none
	Handler handler

	operation *huma.Operation // as it was registered
	body      *huma.Schema    // of its JSON body; nil = it takes none
}

func (e endpoint) pattern() string { return e.Method + " " + e.Path }

// handler registers one operation.
type handler func(a *API, op huma.Operation)

// handle makes a handler of a function from an input struct (huma's tags say
// where its fields come from) to an answer. The status is the endpoint's,
// unless the answer has a method status. Errors are faults. POSTs with an
// Idempotency-Key are run once: see retold.
func handle[I, O any](serve func(ctx context.Context, in *I) (*O, error)) handler {
	return func(a *API, op huma.Operation) {
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*reply[O], error) {
			status := func(out *O) int { return statusOf(out, op.DefaultStatus) }
			run := func(ctx context.Context) (*O, error) { return serve(ctx, in) }
			var out *O
			var err error
			if callOf(ctx).onceKey == "" {
				out, err = run(ctx)
			} else {
				out, err = repeat(ctx, a, instanceOf(in), status, run)
			}
			if err != nil {
				return nil, a.explain(callOf(ctx), err)
			}
			return &reply[O]{Status: status(out), Body: out}, nil
		})
	}
}

// statusOf is the status that an answer chooses by its method status.
func statusOf(out any, otherwise int) int {
	if s, ok := out.(interface{ status() int }); ok {
		return s.status()
	}
	return otherwise
}

// reply is an answer as huma wants it.
type reply[O any] struct {
	Status int
	Body   *O
}

// instanceOf is the memory that an input names: inputs with one in their path
// have a method instance, all others mean the tenant's default.
func instanceOf(in any) string {
	if named, ok := in.(interface{ instance() string }); ok {
		return named.instance()
	}
	return store.DefaultID
}

func (a *API) register(e endpoint) error {
	op := huma.Operation{
		OperationID: e.ID, Method: e.Method, Path: e.Path, DefaultStatus: e.Status,
		Summary: e.Summary, Tags: []string{e.Tag},
		MaxBodyBytes: -1, // read and bounded before
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	if e.Scope != "" {
		op.Security = []map[string][]string{{bearer: {string(e.Scope)}}}
	}
	if e.Method == http.MethodPost {
		op.Parameters = []*huma.Param{onceParam}
	}
	if e.Example != "" {
		var example any
		if err := json.Unmarshal([]byte(e.Example), &example); err != nil {
			return fmt.Errorf("httpapi: the example of %s: %w", e.ID, err)
		}
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{jsonType: {Example: example}}}
	}
	a.endpoints[e.pattern()] = e
	e.Handler(a, op)
	return nil
}

// onceParam describes the header that every POST may carry.
var onceParam = &huma.Param{
	Name: onceHeader, In: "header", Description: "The same key and body within 24 hours gets the first answer again and changes nothing",
	Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[!-~]{1,255}$"},
}

// adapter gives huma the standard mux.
type adapter struct{ api *API }

// Handle is huma's.
func (ad adapter) Handle(op *huma.Operation, serve func(huma.Context)) {
	pattern := strings.ToUpper(op.Method) + " " + op.Path
	e := ad.api.endpoints[pattern]
	e.operation, e.body = op, ad.api.bodyOf(op)
	ad.api.endpoints[pattern] = e
	ad.api.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		serve(humago.NewContext(op, r, w))
	})
}

// bodyOf is the schema of an operation's JSON body, nil where it takes none.
func (a *API) bodyOf(op *huma.Operation) *huma.Schema {
	if op.RequestBody == nil || op.RequestBody.Content[jsonType] == nil {
		return nil
	}
	s := op.RequestBody.Content[jsonType].Schema
	if s != nil && s.Ref != "" {
		return a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// ServeHTTP is huma's.
func (ad adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.api.mux.ServeHTTP(w, r) }

// call is one request: who makes it, when, and by what chance.
type call struct {
	id      string
	caller  auth.Key
	draw    change.Draw
	onceKey string   // the Idempotency-Key; "" = none
	body    [32]byte // SHA-256 of method, target and body
	whole   bool     // the body was read to its end
}

type callKey struct{}

func withCall(ctx context.Context, c call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf is the request that a handler serves.
func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// drawOf is the one draw of the request that a handler serves.
func drawOf(ctx context.Context) change.Draw { return callOf(ctx).draw }
