package sign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"

	"github.com/memhooks/memhooks/shared/sign"
)

// BenchmarkApply is what signing an attempt costs in each scheme, in both, and
// while two secrets are valid, beside the bare HMAC of one.
func BenchmarkApply(b *testing.B) {
	s, old := secret(b, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), secret(b, "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=")
	for _, size := range []int{500, 100_000} {
		m := message
		m.Body = make([]byte, size)
		h := http.Header{}
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		var sum []byte
		for _, way := range []struct {
			name string
			do   func()
		}{
			{"product", func() { sign.Apply(h, sign.REM, &s, nil, m) }},
			{"standard", func() { sign.Apply(h, sign.Standard, nil, []sign.Secret{s}, m) }},
			{"both", func() { sign.Apply(h, sign.REM, &s, []sign.Secret{s}, m) }},
			{"rotating", func() { sign.Apply(h, sign.REM, &old, []sign.Secret{s, old}, m) }},
			{"bare", func() {
				mac.Reset()
				mac.Write(m.Body)
				sum = mac.Sum(sum[:0])
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d", way.name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					way.do()
				}
			})
		}
	}
}
