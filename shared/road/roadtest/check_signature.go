package roadtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/memhooks/memhooks/shared/dialect"
)

// signatures are the headers of the dialects that have one of their own.
var signatures = map[string]string{dialect.Areev: "X-Areev-Signature", dialect.REM: "X-Rem-Signature", dialect.Standard: ""}

// checkSignature: a receiver that was given a secret finds the bytes that it got
// signed by it, and one that was given none finds no signature.
func (r *run) checkSignature(h *subscriber, p *post) {
	if h.made.IsZero() {
		return // nobody knows what was made
	}
	want := map[string]string{"X-Areev-Signature": "", "X-Rem-Signature": "", "Webhook-Signature": ""}
	if h.secret != "" {
		if name := signatures[h.Dialect]; name != "" {
			want[name] = hex.EncodeToString(mac(h.secret, string(p.body)))
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.secret, "whsec_"))
		if err != nil {
			r.found(9, "%s was given a secret that can't be read: %v", h.ID, err)
		}
		signed := p.event + "." + p.header.Get("Webhook-Timestamp") + "." + string(p.body)
		want["Webhook-Signature"] = "v1," + base64.StdEncoding.EncodeToString(mac(string(key), signed))
	}
	for name, value := range want {
		if got := p.header.Get(name); got != value {
			r.found(9, "%s got seq %d with %s %q, not %q", h.ID, p.seq, name, got, value)
		}
	}
}

func mac(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}
