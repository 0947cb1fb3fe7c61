package httpapi

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
)

// maxBody is the largest request body in bytes.
const maxBody = 1 << 20

// ServeHTTP takes a request through the doors in their order: request id,
// panic guard, path, key, rate, body; then its handler, which knows about
// idempotency. The answer is written when it is whole.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	draw := a.cfg.Draw()
	c := call{id: "req_" + draw.ID(), draw: draw}
	ans := newAnswer(c.id)
	a.guarded(ans, w, r, &c)
	if !c.whole && r.ContentLength != 0 { // nobody waits for what is left of it
		ans.Header().Set("Connection", "close")
	}
	ans.send(w)
}

// ForOperator lets only the operator at what tells of all tenants; without
// authentication that is whoever identify lets in.
func (a *API) ForOperator(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		draw := a.cfg.Draw()
		c := call{id: "req_" + draw.ID()}
		caller, err := a.identify(r, draw)
		if err == nil && !caller.Operator {
			err = fault.New(fault.ScopeDenied, "this tells of all tenants: use the operator's first admin key")
		}
		if err == nil {
			next.ServeHTTP(w, r)
			return
		}
		ans := newAnswer(c.id)
		ans.refuse(a.explain(c, err))
		ans.send(w)
	})
}

// guarded serves, and turns a panic into an answer.
func (a *API) guarded(ans *answer, w http.ResponseWriter, r *http.Request, c *call) {
	defer func() {
		if v := recover(); v != nil {
			a.cfg.Log.Error("a request panicked", "request_id", c.id, "method", r.Method, "panic", v, "stack", string(debug.Stack()))
			ans.refuse(internal(c.id))
		}
	}()
	ans.rate(a.cfg.Limiter.Full(c.draw.At))
	if err := a.pass(ans, w, r, c); err != nil {
		ans.refuse(a.explain(*c, err))
		return
	}
	if ans.status == 0 {
		a.mux.ServeHTTP(ans, r.WithContext(withCall(r.Context(), *c)))
	}
}

// pass is all doors. It fills c, or answers itself, or refuses.
func (a *API) pass(ans *answer, w http.ResponseWriter, r *http.Request, c *call) error {
	e, err := a.find(ans, r)
	if err != nil || ans.status != 0 || e.Scope == "" {
		return err
	}
	if c.caller, err = a.identify(r, c.draw); err != nil {
		return err
	}
	taken := a.cfg.Limiter.Take(r.Context(), c.caller.ID, c.draw.At)
	ans.rate(taken)
	if !taken.OK {
		return &fault.Error{Kind: fault.RateLimited, Message: "too many requests for this key: wait as long as Retry-After says"}
	}
	if err := e.allows(c.caller); err != nil {
		return err
	}
	return e.read(w, r, c)
}

// find is the endpoint that a request means; the zero endpoint is open to all.
func (a *API) find(ans *answer, r *http.Request) (endpoint, error) {
	if !utf8.ValidString(r.URL.Path) {
		return endpoint{}, fault.New(fault.InvalidField, "the path is not UTF-8: percent-encode UTF-8 bytes")
	}
	if clean := path.Clean("/" + r.URL.Path); clean != r.URL.Path {
		return endpoint{}, fault.New(fault.NotFound, "there is nothing at this path, slashes count: try %.200q", clean)
	}
	if err := checkQuery(r.URL.RawQuery); err != nil {
		return endpoint{}, err
	}
	h, pattern := a.mux.Handler(r)
	if pattern != "" {
		return a.endpoints[pattern], nil
	}
	probe := newAnswer("")
	h.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return endpoint{}, fault.New(fault.NotFound, "there is nothing at this path: /docs lists all that there are")
	}
	allow := probe.Header().Get("Allow") + ", OPTIONS"
	ans.Header().Set("Allow", allow)
	if r.Method == http.MethodOptions {
		ans.WriteHeader(http.StatusNoContent)
		return endpoint{}, nil
	}
	return endpoint{}, errMethod(allow)
}

func checkQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return fault.New(fault.InvalidField, "the query can't be read: percent-encode its values and part them with &")
	}
	for name, values := range query {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return fault.New(fault.InvalidField, "the query is not UTF-8: percent-encode UTF-8 bytes")
		}
	}
	return nil
}

func (e endpoint) allows(k auth.Key) error {
	if k.Has(e.Scope) {
		return nil
	}
	return fault.New(fault.ScopeDenied, "this key lacks the scope %q: use one that has it, or let an admin key make one", e.Scope)
}

// read takes the body in, bounded, and what makes the request repeatable.
func (e endpoint) read(w http.ResponseWriter, r *http.Request, c *call) error {
	var body bytes.Buffer
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if r.ContentLength > maxBody {
			return errTooLarge
		}
		if n := r.ContentLength; n > 0 {
			body.Grow(int(n) + bytes.MinRead)
		}
		if _, err := io.Copy(&body, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			var over *http.MaxBytesError
			if errors.As(err, &over) {
				return errTooLarge
			}
			return fault.Wrap(fault.InvalidJSON, err, "the body ended early: send it whole")
		}
		c.received(w)
	}
	if body.Len() > 0 {
		if err := e.accepts(r.Header); err != nil {
			return err
		}
		if err := e.wantsNone(body.Bytes()); err != nil {
			return err
		}
		if err := e.clears(body.Bytes()); err != nil {
			return err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body.Bytes()))
	if err := e.readForm(r); err != nil {
		return err
	}
	if r.Method != http.MethodPost || len(r.Header.Values(onceHeader)) == 0 {
		return nil
	}
	c.onceKey = r.Header.Get(onceHeader)
	c.body = fingerprint(r, body.Bytes())
	return nil
}

// formType is the kind of a body that carries a document.
const formType = "multipart/form-data"

// readForm takes a form apart in memory, where the operation takes one: left to
// the handler it would go through files, and nothing would take them away.
func (e endpoint) readForm(r *http.Request) error {
	if e.operation == nil || e.operation.RequestBody == nil || e.operation.RequestBody.Content[formType] == nil {
		return nil
	}
	if err := r.ParseMultipartForm(2 * maxBody); err != nil { //nolint:gosec // the body was read, and bounded
		return fault.Wrap(fault.InvalidField, err, "the form can't be read: send the parts file and config as %s", formType)
	}
	return nil
}

// onceHeader names the key under which a POST happens once.
const onceHeader = "Idempotency-Key"

// received notes that the body is there. The caller's time to send it does not
// bound the work; where the writer knows of no such time there is none.
func (c *call) received(w http.ResponseWriter) {
	c.whole = true
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

var errTooLarge = fault.New(fault.TooLarge, "the body has more than %d bytes: send less at a time", maxBody)

func fingerprint(r *http.Request, body []byte) [32]byte {
	h := sha256.New()
	_, _ = io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n")
	_, _ = h.Write(body)
	return [32]byte(h.Sum(nil))
}

// accepts checks that a body is of a kind that the operation takes. A JSON
// body may come without a content type.
func (e endpoint) accepts(h http.Header) error {
	if e.operation == nil || e.operation.RequestBody == nil {
		return nil
	}
	takes := e.operation.RequestBody.Content
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.New(fault.UnsupportedMedia, "bodies with Content-Encoding %.40q are not accepted: send it uncompressed", coding)
	}
	given := h.Get("Content-Type")
	media, params, err := mime.ParseMediaType(given)
	switch {
	case given == "" && takes[jsonType] != nil:
		return nil
	case err == nil && takes[media] != nil && media != jsonType:
		return nil
	case err == nil && takes[media] != nil && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8")):
		h.Set("Content-Type", jsonType)
		return nil
	case takes[jsonType] != nil:
		return fault.New(fault.UnsupportedMedia, "Content-Type %.80q is not accepted: send JSON with the header \"Content-Type: application/json\"", given)
	}
	return fault.New(fault.UnsupportedMedia, "Content-Type %.80q is not accepted: send the kind of body that /docs shows for this path", given)
}
