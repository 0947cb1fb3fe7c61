// Package diagnosis says why a signature does not fit. It knows what usually
// goes wrong between a sender and a receiver's code, tries it, and names what
// would have made the signature fit. It is for people who look for a mistake:
// receivers verify with package sign.
package diagnosis

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/sign"
)

// Finding is what is to be said of one signature header.
type Finding struct {
	Header string   `json:"header"`
	Valid  bool     `json:"valid"`
	Why    []string `json:"why"` // what is wrong and what to do; empty where it is valid
}

// Of looks at every signature header of h: is it s's over body? A header that
// stands twice is two findings; none is found where h has no signature header.
// The time of webhook-timestamp may be at most tolerance away from now; it is
// not looked at where tolerance is negative.
func Of(s sign.Secret, body []byte, h http.Header, now time.Time, tolerance time.Duration) []Finding {
	found := []Finding{}
	for _, name := range sign.ProductHeaders() {
		for _, value := range h.Values(name) {
			c := check{s, body, h, name, value, product}
			found = append(found, c.finding(sign.VerifyProduct(s, body, value), nil))
		}
	}
	for _, value := range h.Values(sign.HeaderSignature) {
		alone := h.Clone()
		alone.Set(sign.HeaderSignature, value)
		c := check{s, body, h, sign.HeaderSignature, value, standard}
		anytime := sign.VerifyStandard(s, body, alone, now, -1)
		found = append(found, c.finding(anytime, sign.VerifyStandard(s, body, alone, now, tolerance)))
	}
	return found
}

// kind is what is signed, and with which form of the secret.
type kind int

const (
	product  kind = iota // the body alone
	standard             // webhook-id.webhook-timestamp.body
)

// check is one value of one header.
type check struct {
	secret sign.Secret
	body   []byte
	header http.Header
	name   string
	value  string
	kind   kind
}

// finding says what is wrong. stale is what is wrong with the time of a
// signature that fits.
func (c check) finding(err, stale error) Finding {
	f := Finding{Header: c.name, Valid: err == nil && stale == nil, Why: []string{}}
	switch {
	case f.Valid:
	case err == nil:
		f.Why = append(f.Why, stale.Error())
	case c.secret == (sign.Secret{}):
		f.Why = append(f.Why, err.Error())
	default:
		f.Why = c.mistakes(err)
	}
	return f
}

// mistakes names what would have to be undone for the signature to fit.
func (c check) mistakes(err error) []string {
	written := signatures(c.value, c.kind)
	if len(written) == 0 {
		return []string{err.Error()}
	}
	bodies := bodies(c.body)
	for _, of := range []kind{c.kind, 1 - c.kind} {
		for _, key := range keys(c.secret.Reveal(), of) {
			for _, body := range bodies {
				sum := c.sum(of, key.bytes, body.bytes)
				for _, w := range written {
					if hmac.Equal(sum, w.bytes) {
						return said(w.why, c.misplaced(of), key.why, body.why)
					}
				}
			}
		}
	}
	return c.unknown(err)
}

func (c check) sum(of kind, key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	if of == standard {
		mac.Write([]byte(c.header.Get(sign.HeaderID) + "." + c.header.Get(sign.HeaderTimestamp) + "."))
	}
	mac.Write(body)
	return mac.Sum(nil)
}

// misplaced says that a value belongs under another header.
func (c check) misplaced(of kind) string {
	switch {
	case of == c.kind:
		return ""
	case of == standard:
		return fmt.Sprintf("the value is a %s, which signs id, time and body, and stands under %s; verify each header by its own rule", sign.HeaderSignature, c.name)
	}
	return fmt.Sprintf("the value signs the body alone, as %s do, and stands under %s; verify each header by its own rule", strings.Join(sign.ProductHeaders(), " and "), c.name)
}

// said is what was said at all.
func said(why ...string) []string {
	some := []string{}
	for _, w := range why {
		if w != "" {
			some = append(some, w)
		}
	}
	return some
}

// unknown is for a signature that nothing makes fit: what contradicts itself
// in the request, else what is left to be wrong.
func (c check) unknown(err error) []string {
	var why []string
	if length := c.header.Get("Content-Length"); length != "" && length != fmt.Sprint(len(c.body)) {
		why = append(why, fmt.Sprintf("Content-Length is %.20s and the body has %d bytes: it was changed or cut on its way; keep the bytes as they arrive", length, len(c.body)))
	}
	if id, of := c.header.Get(sign.HeaderID), eventOf(c.body); id != "" && of != "" && id != of {
		why = append(why, fmt.Sprintf("the body is that of event %.64q and the headers are those of %.64q: take both from one request", of, id))
	}
	if len(why) > 0 {
		return why
	}
	return []string{
		err.Error(),
		"none of the usual mistakes explains it: the hook has another secret now (what an earlier one signed can't be told), or this is the body of another request, or a changed one",
	}
}

// eventOf is the id that a body tells of its event, "" where it tells none.
func eventOf(body []byte) string {
	v, err := inOrder(body)
	if err != nil {
		return ""
	}
	return textOf(v, "id")
}

// form is one way in which bytes may have been given; why says what is wrong
// with it, "" where nothing is.
type form struct {
	bytes []byte
	why   string
}

// add appends a form that differs from all that are there.
func add(forms []form, b []byte, why string) []form {
	for _, f := range forms {
		if bytes.Equal(f.bytes, b) {
			return forms
		}
	}
	return append(forms, form{b, why})
}
