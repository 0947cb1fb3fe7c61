package delivery

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/hook"
)

// nowhere answers without a network, so that the Sender's own share shows.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

// BenchmarkAttempt is one attempt: without a network, over the loopback, and
// beside that a bare POST of as many bytes over the same transport.
func BenchmarkAttempt(b *testing.B) {
	var size int
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		size = int(n)
	}))
	defer server.Close()
	attempt := func(b *testing.B, transport http.RoundTripper) {
		sender := benchSender(b, server.URL, transport)
		jobs := []Job{job(7, "aa")}
		b.ReportAllocs()
		for b.Loop() {
			if o := sender.Handle(context.Background(), jobs); o[0].Verdict != Delivered {
				b.Fatal(o[0].Error)
			}
		}
	}
	b.Run("nowhere", func(b *testing.B) { attempt(b, nowhere{}) })
	b.Run("loopback", func(b *testing.B) { attempt(b, server.Client().Transport) })
	b.Run("bare", func(b *testing.B) {
		body := bytes.Repeat([]byte("x"), size)
		b.ReportAllocs()
		for b.Loop() {
			response, err := server.Client().Post(server.URL, "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
}

// benchSender is a Sender of one hook that signs in both schemes.
func benchSender(b *testing.B, url string, transport http.RoundTripper) *Sender {
	w := newWorld()
	s, err := newSecret("whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=")
	if err != nil {
		b.Fatal(err)
	}
	w.hook.URL, w.hook.Secret, w.secrets = url, &hook.SealedSecret{}, signedBy(s, s)
	w.fields = map[string]any{"content": string(bytes.Repeat([]byte("x"), 500)), "tags": []any{}}
	return New(Config{Hooks: w.find, Teller: w, Secrets: w, Modes: w, Transport: transport, Settings: Settings{Timeout: 10 * time.Second}})
}
