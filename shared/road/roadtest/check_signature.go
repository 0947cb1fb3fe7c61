package roadtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/dialect"
)

// signatures are the headers of the dialects that have one of their own.
var signatures = map[string]string{dialect.Areev: "X-Areev-Signature", dialect.REM: "X-Rem-Signature", dialect.Standard: ""}

// checkSignature: a receiver that was given secrets finds the bytes that it got
// signed by those that sign at that time, and one that was given none finds no
// signature.
func (r *run) checkSignature(h *subscriber, p *post) {
	if h.made.IsZero() {
		return // nobody knows what was made
	}
	got := map[string]string{"X-Areev-Signature": "", "X-Rem-Signature": "", "Webhook-Signature": ""}
	for name := range got {
		got[name] = p.header.Get(name)
	}
	may := h.signedBy(p)
	if !slices.ContainsFunc(may, func(s signing) bool { return s.unshown || maps.Equal(got, s.headers(h.Dialect, p)) }) {
		r.found(9, "%s got seq %d with the signatures %v, not by %v", h.ID, p.seq, got, may)
	}
}

// headers are the signatures that a POST has by this.
func (s *signing) headers(in string, p *post) map[string]string {
	all := map[string]string{"X-Areev-Signature": "", "X-Rem-Signature": "", "Webhook-Signature": ""}
	if name := signatures[in]; name != "" && s.product != "" {
		all[name] = hex.EncodeToString(mac([]byte(s.product), string(p.body)))
	}
	var standard []string
	for _, secret := range s.standard {
		key := []byte(secret)
		if code, generated := strings.CutPrefix(secret, "whsec_"); generated {
			key, _ = base64.StdEncoding.DecodeString(code) // else nothing is signed by it
		}
		signed := fmt.Sprintf("%s.%s.%s", p.event, p.header.Get("Webhook-Timestamp"), p.body)
		standard = append(standard, "v1,"+base64.StdEncoding.EncodeToString(mac(key, signed)))
	}
	all["Webhook-Signature"] = strings.Join(standard, " ")
	return all
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
