package delivery

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/hook"
)

// nowhere answers without a network, so that the Sender's own share shows.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

// BenchmarkAttempt prints what an attempt costs beside its POST.
func BenchmarkAttempt(b *testing.B) {
	w := newWorld()
	s, err := newSecret("whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=")
	if err != nil {
		b.Fatal(err)
	}
	w.hook.Secret, w.secrets = &hook.SealedSecret{}, signedBy(s, s)
	sender := New(Config{Hooks: w.find, Teller: w, Secrets: w, Modes: w, Transport: nowhere{}, Settings: Settings{Timeout: 10 * time.Second}})
	jobs := []Job{job(7, "aa")}
	b.ReportAllocs()
	for b.Loop() {
		if o := sender.Handle(context.Background(), jobs); o[0].Verdict != Delivered {
			b.Fatal(o[0].Error)
		}
	}
}
