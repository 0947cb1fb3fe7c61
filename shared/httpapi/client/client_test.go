package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// answering is a handler that always says the same.
func answering(status int, kind, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Request-Id", "req_1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// both tries a client over a connection and in process.
func both(t *testing.T, h http.Handler, try func(*testing.T, *client.Client)) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Run("connection", func(t *testing.T) { try(t, &client.Client{Base: server.URL + "/", Key: "ap_key"}) })
	t.Run("in process", func(t *testing.T) {
		try(t, &client.Client{Base: "http://127.0.0.1", Key: "ap_key", Transport: client.InProcess(h)})
	})
}

func TestWhatIsSent(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"request": r.Method + " " + r.RequestURI, "body": string(body), "type": r.Header.Get("Content-Type"),
			"key": r.Header.Get("Authorization"), "host": r.Host, "origin": r.Header.Get("Origin"),
		})
	})
	both(t, echo, func(t *testing.T, c *client.Client) {
		with := c.With(http.Header{"Host": {"localhost:9"}, "Origin": {"http://localhost:9"}})
		got, err := with.Do(t.Context(), "POST", "/a%20b/c", url.Values{"q": {"x y"}}, map[string]any{"text": "<&>"})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"request": "POST /a%20b/c?q=x+y", "body": `{"text":"<&>"}` + "\n", "type": "application/json",
			"key": "Bearer ap_key", "host": "localhost:9", "origin": "http://localhost:9",
		} {
			if got.Text(name) != want {
				t.Errorf("%s is %q, want %q", name, got.Text(name), want)
			}
		}
		got, err = c.Do(t.Context(), "GET", "/", nil, nil)
		if err != nil || got.Text("body") != "" || got.Text("type") != "" || got.Text("origin") != "" {
			t.Errorf("without body and headers: %v %v", got, err)
		}
	})
}

func TestNumbersStayWhole(t *testing.T) {
	body := `{"n":9007199254740993,"on":true,"doc":{"a":"b"},"list":[{"a":"1"},2,{"a":"3"}],"texts":["x",1,"y"],"none":null}`
	both(t, answering(200, "application/json", body), func(t *testing.T, c *client.Client) {
		d, err := c.Do(t.Context(), "GET", "/", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		list := d.List("list")
		if d.Int("n") != 9007199254740993 || d.Text("n") != "9007199254740993" || !d.Bool("on") || d.Doc("doc").Text("a") != "b" ||
			len(list) != 2 || list[1].Text("a") != "3" || strings.Join(d.Texts("texts"), "") != "xy" {
			t.Errorf("%v", d)
		}
		if d.Text("none") != "" || d.Doc("absent").Doc("deeper").Text("x") != "" || d.Int("doc") != 0 || len(d.List("on")) != 0 {
			t.Error("what is absent or of another kind is not zero")
		}
		raw, err := c.Raw(t.Context(), "GET", "/", nil, nil)
		if err != nil || string(raw) != body {
			t.Errorf("raw: %s %v", raw, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		status     int
		kind, body string
		want       client.Error
	}{
		"the API's":                       {404, "application/json", `{"error":{"code":"not_found","message":"no hook: list them","floor_seq":7}}`, client.Error{Status: 404, Code: "not_found", Message: "no hook: list them"}},
		"a proxy's":                       {502, "text/html", "<html>", client.Error{Status: 502, Code: client.CodeForeign, Message: "not memhooks' JSON"}},
		"a page":                          {200, "text/html", "<html>", client.Error{Status: 200, Code: client.CodeForeign, Message: "check the address"}},
		"JSON that is no refusal of ours": {400, "application/json", `{"message":"Bad"}`, client.Error{Status: 400, Code: client.CodeForeign, Message: "check the address"}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, answering(row.status, row.kind, row.body), func(t *testing.T, c *client.Client) {
				_, err := c.Do(t.Context(), "GET", "/", nil, nil)
				var e *client.Error
				if !errors.As(err, &e) {
					t.Fatalf("%v", err)
				}
				if e.Status != row.want.Status || e.Code != row.want.Code || !strings.Contains(e.Error(), row.want.Message) || e.RequestID != "req_1" {
					t.Errorf("%+v", e)
				}
				if name == "the API's" && e.Details.Int("floor_seq") != 7 {
					t.Errorf("details: %v", e.Details)
				}
			})
		})
	}
}

func TestRedirectsCarryNoKey(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	both(t, http.RedirectHandler(other.URL+"/x", http.StatusTemporaryRedirect), func(t *testing.T, c *client.Client) {
		_, err := c.Do(t.Context(), "GET", "/", nil, nil)
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 307 || !strings.Contains(e.Message, other.URL) || followed {
			t.Errorf("followed: %v, error: %v", followed, err)
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	long := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(make([]byte, client.MaxAnswer+1))
	})
	both(t, long, func(t *testing.T, c *client.Client) {
		if _, err := c.Raw(t.Context(), "GET", "/", nil, nil); err == nil || !strings.Contains(err.Error(), "limit") {
			t.Error(err)
		}
	})
}

func TestNoAnswer(t *testing.T) {
	both(t, answering(204, "", ""), func(t *testing.T, c *client.Client) {
		if d, err := c.Do(t.Context(), "DELETE", "/", nil, nil); d != nil || err != nil {
			t.Errorf("%v %v", d, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Do(ended, "GET", "/", nil, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, err := c.Do(t.Context(), "POST", "/", nil, func() {}); err == nil {
			t.Error("a function was sent as JSON")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}],"error":{"message":"m"}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := client.Parse(raw)
		if err != nil && d != nil {
			t.Errorf("%v and %v", d, err)
		}
		for name := range d {
			d.Text(name)
			d.Int(name)
			d.Bool(name)
			d.Doc(name).Text("message")
			d.List(name)
			d.Texts(name)
		}
	})
}

func TestADocumentIsOneObject(t *testing.T) {
	for _, bad := range []string{`null`, `{} {}`, `{"a":1}, "b"`, `[]`, `"x"`, ``, `{`} {
		if d, err := client.Parse([]byte(bad)); err == nil {
			t.Errorf("%s is read as %v", bad, d)
		}
	}
	if d, err := client.Parse([]byte(" {\"a\":1}\n")); err != nil || d.Int("a") != 1 {
		t.Errorf("%v, %v", d, err)
	}
}

func TestPathsAndQueries(t *testing.T) {
	if got := client.Path("api", "a/b", "..", "ü?#"); got != "/api/a%2Fb/%2E%2E/%C3%BC%3F%23" {
		t.Error(got)
	}
	if got := client.Query("a", "1", "b", "", "c", "x y", "odd").Encode(); got != "a=1&c=x+y" {
		t.Error(got)
	}
}

// What was asked for is in no error: it may be somebody's words.
func TestAnErrorTellsNoQuery(t *testing.T) {
	c := client.Client{Base: "http://127.0.0.1:1"}
	_, err := c.Do(t.Context(), "GET", "/found", client.Query("q", "private words"), nil)
	if err == nil || strings.Contains(err.Error(), "private") || !strings.HasPrefix(err.Error(), "GET /found: ") {
		t.Errorf("%v", err)
	}
}
