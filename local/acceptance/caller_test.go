package acceptance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// object is a JSON object, in a request or an answer.
type object = map[string]any

// list is a JSON array.
type list = []any

// caller calls a server with one key, or without any. at is nil on a deployed
// endpoint, url is empty elsewhere: a server's address changes when it is
// started again.
type caller struct {
	at  *server
	url string
	key string
}

// shared returns the server for rows that need nothing special: authentication
// off, loopback destinations allowed, memories created on first use. Others
// use it at the same time: use names of your own (see name).
func shared(t testing.TB) caller {
	t.Helper()
	return common(t, stage.open)
}

// locked returns the shared server with authentication on, called with the
// operator's key.
func locked(t testing.TB) caller {
	t.Helper()
	return common(t, stage.locked)
}

func common(t testing.TB, which func() (*server, error)) caller {
	t.Helper()
	if deployed() {
		return endpoint()
	}
	srv, err := which()
	if err != nil {
		t.Fatal(err)
	}
	return srv.caller
}

// tenant returns a caller whose tenant nobody else uses, so that its memory
// `default` is the row's own. Its key has all three scopes.
func tenant(t testing.TB) caller {
	t.Helper()
	return locked(t).tenant(t)
}

// tenant makes a tenant and its first key.
func (c caller) tenant(t testing.TB) caller {
	t.Helper()
	made := c.call(t, "POST", "/v1/keys", object{
		"name": "acceptance", "scopes": list{"read", "write", "admin"}, "tenant": name("tenant"),
	}).want(t, 201)
	return c.as(made["key"].(string))
}

// as returns the same server called with another key; "" is none.
func (c caller) as(key string) caller {
	c.key = key
	return c
}

var names atomic.Int64

var begun = time.Now().Unix()

// name returns a name that nothing else in this run or an earlier one has.
func name(prefix string) string {
	return fmt.Sprintf("%s-%x-%d", prefix, begun, names.Add(1))
}

// header sets a request header.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// call makes a request and returns the answer, whatever its status. A body
// that is a string or []byte goes out as it is, another as JSON, nil as none.
// The content type is application/json unless an option changes it.
func (c caller) call(t testing.TB, method, path string, body any, options ...func(*http.Request)) answer {
	t.Helper()
	a, err := c.try(t.Context(), method, path, body, options...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try is call for other goroutines than the test's own, and for servers that
// may be down.
func (c caller) try(ctx context.Context, method, path string, body any, options ...func(*http.Request)) (answer, error) {
	if c.at != nil {
		c.url = *c.at.address.Load()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := encode(body)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(raw))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	for _, option := range options {
		option(request)
	}
	response, err := wire.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer{method + " " + path, response.StatusCode, response.Header, text}, nil
}

// wire keeps enough connections for rows that write from many goroutines, and
// follows no redirect: what the server answers is what a row sees.
var wire = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 128},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// encode leaves <, > and & alone, so that sizes are what they seem.
func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(b), nil
	case []byte:
		return b, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(body)
	return out.Bytes(), err
}

// answer is what a server said.
type answer struct {
	call   string // method and path, for messages
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string {
	text := a.body
	if len(text) > 600 {
		text = append(text[:600:600], "…"...)
	}
	return fmt.Sprintf("%s answered %d %s", a.call, a.status, text)
}

// want checks the status and returns the answer's object.
func (a answer) want(t testing.TB, status int) object {
	t.Helper()
	if a.status != status {
		t.Fatalf("want %d: %v", status, a)
	}
	return a.json(t)
}

func (a answer) json(t testing.TB) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(a.body, &o); err != nil {
		t.Fatalf("no JSON object (%v): %v", err, a)
	}
	return o
}

// refused checks that the answer is a refusal in the form of the contract,
// with this status and code; code "" is any.
func (a answer) refused(t testing.TB, status int, code string) {
	t.Helper()
	if a.status != status {
		t.Errorf("want %d %s: %v", status, code, a)
		return
	}
	a.failure(t, code)
}

// failure checks the form of an error's body; a compacted cursor's says more.
func (a answer) failure(t testing.TB, code string) {
	t.Helper()
	whole := a.json(t)
	said, _ := whole["error"].(object)
	if text, _ := said["message"].(string); len(whole) != 1 || text == "" || len(said) != 2 && a.status != http.StatusGone {
		t.Errorf("want {\"error\":{\"code\",\"message\"}} and nothing else: %v", a)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q: %v", kind, a)
	}
	if got, _ := said["code"].(string); got == "" || code != "" && got != code {
		t.Errorf("want code %q: %v", code, a)
	}
}

// field is a text of the answer's object, "" where there is none.
func (a answer) field(key string) string {
	var o object
	_ = json.Unmarshal(a.body, &o)
	s, _ := o[key].(string)
	return s
}
