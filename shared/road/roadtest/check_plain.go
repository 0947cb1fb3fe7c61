package roadtest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// checkPlain: no sentinel and no hook's secret stands anywhere in the open.
func (r *run) checkPlain() {
	raw, err := r.Raw()
	if err != nil {
		r.found(7, "what is kept can't be read: %v", err)
		return
	}
	for _, a := range r.calls {
		if a.sentinel != "" && bytes.Contains(raw, []byte(a.sentinel)) {
			r.found(7, "the content of %s is kept in the open", a.op)
			break
		}
	}
	for _, secret := range r.secrets {
		if form := openly(raw, secret); form != "" {
			r.found(7, "the secret %s of a hook is kept %s", secret, form)
			break
		}
	}
}

// openly says in which form a secret stands in bytes: as it is shown, or of a
// generated one what that stands for, as such, in hex, or in Base64 at one of
// its three offsets; "" = in none.
func openly(raw []byte, secret string) string {
	texts := []string{secret}
	if code, generated := strings.CutPrefix(secret, "whsec_"); generated {
		if key, err := base64.StdEncoding.DecodeString(code); err == nil {
			texts = []string{code, string(key)}
		}
	}
	for _, text := range texts {
		if bytes.Contains(raw, []byte(text)) {
			return "in the open"
		}
		if bytes.Contains(raw, []byte(hex.EncodeToString([]byte(text)))) {
			return "in hex"
		}
		for offset := range 3 {
			code := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), text...))
			if bytes.Contains(raw, []byte(code[(offset*8+5)/6:(offset+len(text))*8/6])) {
				return "in Base64"
			}
		}
	}
	return ""
}
