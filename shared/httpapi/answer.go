package httpapi

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/memhooks/memhooks/shared/auth"
)

// answer is a response that is sent when it is whole, so that a handler that
// fails half-way leaves no half of one. It does not unwrap: deadlines of the
// connection are the server's.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer(id string) *answer {
	return &answer{header: http.Header{"X-Request-Id": {id}, "X-Content-Type-Options": {"nosniff"}, "Cache-Control": {"no-store"}}}
}

// Header is http.ResponseWriter's.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader is http.ResponseWriter's; the first call counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write is http.ResponseWriter's.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// refuse replaces whatever there was.
func (a *answer) refuse(r *refusal) {
	a.body.Reset()
	a.status = r.status
	a.header.Set("Content-Type", jsonType)
	for name, values := range r.headers {
		a.header[name] = values
	}
	// A refusal always encodes, and a buffer takes everything.
	_ = writeJSON(&a.body, r)
}

// rate tells the caller where its key's rate stands.
func (a *answer) rate(t auth.Taken) {
	a.header["X-Ratelimit-Limit"] = []string{strconv.Itoa(t.Limit)}
	a.header["X-Ratelimit-Remaining"] = []string{strconv.Itoa(t.Remaining)}
	a.header["X-Ratelimit-Reset"] = []string{strconv.FormatInt(t.Reset, 10)}
	if !t.OK {
		a.header["Retry-After"] = []string{strconv.Itoa(t.RetryAfter)}
	}
}

// send writes the answer out. A caller who went away is no failure.
func (a *answer) send(w http.ResponseWriter) {
	to := w.Header()
	for name, values := range a.header {
		to[name] = values
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.status != http.StatusNoContent {
		to["Content-Length"] = []string{strconv.Itoa(a.body.Len())}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}
