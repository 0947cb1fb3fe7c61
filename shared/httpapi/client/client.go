// Package client is the API called from Go: one method for every path, an
// answer as a document, a refusal as an error that says what to do next.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// MaxAnswer bounds an answer, in bytes. It holds a hundred events of the
// largest size; a longer page is refused, so ask for fewer at a time.
const MaxAnswer = 32 << 20

// Client calls one server with one key. It has no state of its own: copy it to
// change a field, share it between goroutines as it is.
type Client struct {
	Base      string            // such as http://127.0.0.1:8080
	Key       string            // sent as a bearer key; "" = none
	Header    http.Header       // sent with every request; Host is the request's host
	Transport http.RoundTripper // nil = http.DefaultTransport
}

// With returns a client that sends these headers too, in place of those of the
// same names.
func (c *Client) With(header http.Header) *Client {
	with := *c
	with.Header = c.Header.Clone()
	if with.Header == nil {
		with.Header = http.Header{}
	}
	maps.Copy(with.Header, header)
	return &with
}

// Do calls a path and returns the answer's document, nil where it has none. A
// body is sent as JSON, nil as none. A refusal is an *Error; any other error
// says that no answer came, and may be tried again where the method allows it.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body any) (Doc, error) {
	raw, err := c.Raw(ctx, method, path, query, body)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	return Parse(raw)
}

// Raw is Do that returns the answer's bytes as they came, at most MaxAnswer.
func (c *Client) Raw(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	request, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	// No redirect is followed: the key goes to the server that was named.
	caller := http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	response, err := caller.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, withoutQuery(err))
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	case len(raw) > MaxAnswer:
		return nil, fmt.Errorf("the answer to %s %s has more than %d bytes: ask for less with limit", method, path, MaxAnswer)
	}
	return accept(response, raw)
}

// withoutQuery is an error without the address that it tells: what was asked
// for may be somebody's words.
func withoutQuery(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var sent io.Reader
	if body != nil {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(body); err != nil {
			return nil, fmt.Errorf("write the body of %s %s: %w", method, path, err)
		}
		sent = &text
	}
	where := strings.TrimSuffix(c.Base, "/") + path
	if len(query) > 0 {
		where += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, where, sent)
	if err != nil {
		return nil, err
	}
	for name, values := range c.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := c.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Key != "" {
		request.Header.Set("Authorization", "Bearer "+c.Key)
	}
	return request, nil
}
