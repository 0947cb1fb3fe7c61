package diagnosis

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode"
)

// generated is what secrets begin with that are Base64.
const generated = "whsec_"

// keys are the keys that may have been made of a secret's text, the right one
// first.
func keys(text string, of kind) []form {
	forms := []form{{rightKey(text, of), ""}}
	bare := strings.Trim(strings.TrimSpace(text), `"'`)
	forms = add(forms, rightKey(bare, of), "the secret was given with white space or quotes around it; take them off")
	if !strings.HasPrefix(bare, generated) {
		forms = add(forms, rightKey(generated+bare, of), "the secret was given without whsec_ at its beginning; it belongs to it")
	}
	if of == product {
		forms = add(forms, rightKey(bare, standard), "it was made with the bytes that the secret encodes; this header is signed with the secret's whole text, whsec_ included")
	}
	forms = add(forms, []byte(bare), "it was made with the secret's text; this header is signed with the bytes that stand in Base64 behind whsec_")
	rest := strings.TrimPrefix(bare, generated)
	forms = add(forms, []byte(rest), "it was made with the secret's text without whsec_; see how this header uses the secret")
	for _, line := range []string{"\n", "\r\n"} {
		forms = add(forms, []byte(bare+line), "it was made with a line break behind the secret; take it off where the secret is read")
	}
	if raw, err := hex.DecodeString(rest); err == nil && len(raw) > 0 {
		forms = add(forms, raw, "it was made with the bytes that the secret's hex digits stand for; use the text")
	}
	if raw, err := base64.StdEncoding.DecodeString(rest); err == nil && len(raw) > 0 {
		forms = add(forms, raw, "it was made with the bytes that the secret stands for in Base64; use the text, for it does not begin with whsec_")
	}
	return forms
}

// rightKey is the key that a header of that kind is signed with.
func rightKey(text string, of kind) []byte {
	if encoded, ok := strings.CutPrefix(text, generated); ok && of == standard {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(key) > 0 {
			return key
		}
	}
	return []byte(text)
}

var mark = []byte("\xef\xbb\xbf") // of byte order

// bodies are the bodies of which this one may have been made, itself first.
func bodies(body []byte) []form {
	forms := []form{{body, ""}}
	const ends = "; verify the bytes as they arrived"
	forms = add(forms, bytes.TrimRight(body, "\r\n"), "a line break was added at the body's end"+ends)
	for _, line := range []string{"\n", "\r\n"} {
		forms = add(forms, append(bytes.Clone(body), line...), "a line break was taken off the body's end"+ends)
	}
	unix := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	forms = add(forms, unix, "its line breaks were turned into CRLF"+ends)
	forms = add(forms, bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n")), "its line breaks were CRLF and were turned into LF"+ends)
	forms = add(forms, bytes.TrimPrefix(body, mark), "a byte order mark was put before the body; save it as UTF-8 without one")
	forms = add(forms, bytes.TrimFunc(body, unicode.IsSpace), "white space was added around the body"+ends)
	if raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(body))); err == nil && len(raw) > 0 {
		forms = add(forms, raw, "the body is still in Base64, as API gateways hand it on with isBase64Encoded; decode it first")
	}
	var quoted string
	if json.Unmarshal(body, &quoted) == nil {
		forms = add(forms, []byte(quoted), "the body is a JSON string that holds the body; read the string first")
	}
	for _, again := range rewritten(body) {
		forms = add(forms, again.bytes, again.why+"; keep the raw bytes, and parse them only when they are verified")
	}
	return forms
}

// prefixes are what others put before a signature.
var prefixes = []string{"v1,", "v1=", "sha256=", "hmac-sha256=", "SHA256="}

// signatures are the HMACs that a header's value may stand for.
func signatures(value string, of kind) []form {
	var forms []form
	for part := range strings.FieldsSeq(value) {
		bare := strings.Trim(part, `"',;`)
		front := ""
		for _, p := range prefixes {
			if rest, cut := strings.CutPrefix(bare, p); cut {
				bare, front = rest, p
				break
			}
		}
		why := ""
		if raw, err := hex.DecodeString(bare); err == nil && len(raw) == sha256.Size {
			switch {
			case of == standard:
				why = "it is written in hex digits; webhook-signature is v1, and Base64"
			case front != "":
				why = "it is written behind " + front + "; the header holds the hex digits alone"
			case bare != strings.ToLower(bare):
				why = "its hex digits are upper-case; they are lower-case"
			case value != bare:
				why = "there is something around the hex digits; pass the value as it arrived"
			}
			forms = append(forms, form{raw, why})
		}
		if raw := fromBase64(bare); len(raw) == sha256.Size {
			switch {
			case of == product:
				why = "it is written in Base64; this header is 64 lower-case hex digits"
			case front != "v1,":
				why = "v1, is missing before the Base64; pass the value as it arrived"
			case strings.ContainsAny(bare, "-_") || !strings.HasSuffix(bare, "="):
				why = "its Base64 is of the kind for URLs, or without = at the end; it is the standard one"
			}
			forms = append(forms, form{raw, why})
		}
	}
	return forms
}

// fromBase64 reads any kind of Base64, nil where it is none.
func fromBase64(text string) []byte {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}
