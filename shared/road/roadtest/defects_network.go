package roadtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// unguarded lets every connection pass.
func unguarded(n network) network {
	n.control = func(string, string, syscall.RawConn) error { return nil }
	return n
}

// trusting looks at a name's address until one was allowed.
type trusting struct {
	network
	known *sync.Map // host → it was allowed once
}

func (t trusting) RoundTrip(req *http.Request) (*http.Response, error) {
	n := t.network
	if _, known := t.known.Load(req.URL.Host); known {
		n = unguarded(n)
	}
	resp, err := n.RoundTrip(req)
	var unconnected *net.OpError
	if !errors.As(err, &unconnected) {
		t.known.Store(req.URL.Host, true)
	}
	return resp, err
}

// following goes where a redirect leads, as an http.Client does by itself.
type following struct{ network }

func (f following) RoundTrip(req *http.Request) (*http.Response, error) {
	return (&http.Client{Transport: f.network}).Do(req)
}

// rewriting sends other bytes.
type rewriting struct {
	network
	write func([]byte) []byte
}

func (w rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	sent := req.Clone(req.Context())
	sent.Body = io.NopCloser(bytes.NewReader(w.write(body)))
	return w.network.RoundTrip(sent)
}

// asGoWrites escapes more than JavaScript does, and tells keys in the order of
// their bytes.
func asGoWrites(body []byte) []byte {
	var v any
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	if numbers.Decode(&v) != nil {
		return body
	}
	written, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return written
}

// exact keeps the last digit of a number that float64 can't hold.
func exact(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte("9007199254740992"), []byte("9007199254740993"))
}

// untyped leaves out what sort of grain it is.
func untyped(body []byte) []byte { return bytes.ReplaceAll(body, []byte(`"grain_type":"event",`), nil) }

// retimed says of a repeated event that it happened when it is repeated.
type retimed struct{ network }

func (r retimed) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("X-Memhooks-Attempt") == "1" {
		return r.network.RoundTrip(req)
	}
	return rewriting{r.network, func(body []byte) []byte {
		return happened.ReplaceAll(body, []byte(`"timestamp_ms":`+strconv.FormatInt(time.Now().UnixMilli(), 10)))
	}}.RoundTrip(req)
}

var happened = regexp.MustCompile(`"timestamp_ms":\d+`)

// forged spoils a signature.
type forged struct{ network }

func (f forged) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	sent.Header.Set("Webhook-Signature", "v1,"+sent.Header.Get("Webhook-Id"))
	return f.network.RoundTrip(sent)
}

// deaf loses what receivers ask for.
type deaf struct{ network }

func (d deaf) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.network.RoundTrip(req)
	if err == nil {
		resp.Header.Del("Retry-After")
	}
	return resp, err
}

// unlinked says of each event that the one before it in the log was sent before.
type unlinked struct{ network }

func (u unlinked) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	if seq, err := strconv.ParseInt(req.Header.Get("X-Memhooks-Seq"), 10, 64); err == nil {
		sent.Header.Set("X-Memhooks-Prev-Seq", strconv.FormatInt(seq-1, 10))
	}
	return u.network.RoundTrip(sent)
}
