package client

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// InProcess returns a transport that calls a handler in this process, on the
// caller's goroutine: no port, no connection. The answer is there when it is
// whole, so a handler that streams without end never answers; it sees the
// request's context and has to end with it.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

// RoundTrip is http.RoundTripper's.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	defer served.Body.Close()
	kept := &kept{header: http.Header{}}
	p.handler.ServeHTTP(kept, served)
	kept.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:     strconv.Itoa(kept.status) + " " + http.StatusText(kept.status),
		StatusCode: kept.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: kept.header, Body: io.NopCloser(&kept.body), ContentLength: int64(kept.body.Len()), Request: r,
	}, nil
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is http.ResponseWriter's.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader is http.ResponseWriter's; the first call counts.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write is http.ResponseWriter's.
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}
