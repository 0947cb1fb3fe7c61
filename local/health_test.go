package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
)

// asked runs health with an address to listen on, and returns what it prints.
func asked(t *testing.T, addr string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	w := world{screen: terminal.Screen{Out: &out, Err: &out}, transport: http.DefaultTransport}
	err := healthCommand{Addr: addr, Timeout: time.Minute, JSON: true}.Run(t.Context(), w)
	return out.String(), err
}

func TestHealthIsWhatTheServerSays(t *testing.T) {
	answer := `{"status":"ok","version":"v1"}`
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("it is asked for %s", r.URL.Path)
		}
		w.Header().Set("X-Request-Id", "req_1")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	addr := strings.TrimPrefix(server.URL, "http://")
	if said, err := asked(t, addr); err != nil || said != answer+"\n" {
		t.Errorf("healthy: %q, %v", said, err)
	}
	status, answer = http.StatusServiceUnavailable, `{"error":{"code":"unavailable","message":"the disk is full"}}`
	if _, err := asked(t, addr); err == nil || !strings.HasPrefix(err.Error(), "the disk is full") {
		t.Errorf("no write is taken: %v", err)
	}
	server.Close()
	if _, err := asked(t, addr); err == nil || !strings.HasPrefix(err.Error(), "nothing listens at") {
		t.Errorf("gone: %v", err)
	}
}

// A server that hangs is not healthy, however long it hangs.
func TestHealthWaitsNoLongerThanItsTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	err := healthCommand{URL: server.URL, Timeout: time.Millisecond}.Run(t.Context(), world{transport: http.DefaultTransport})
	if err == nil || err.Error() != server.URL+" did not answer in 1ms" {
		t.Error(err)
	}
}

func TestAServerIsAskedNearby(t *testing.T) {
	for listened, asked := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080", "0.0.0.0:8080": "localhost:8080", ":80": "localhost:80",
		"[::]:8080": "localhost:8080", "example.com:8080": "example.com:8080", "[::1]:1": "[::1]:1",
	} {
		if got := nearby(listened); got != asked {
			t.Errorf("%s is asked at %s", listened, got)
		}
	}
}
