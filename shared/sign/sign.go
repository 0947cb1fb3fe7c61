// Package sign signs what hooks send and verifies what receivers got: one
// product signature per dialect over the body alone, and beside it, in every
// dialect, the Standard Webhooks headers (https://www.standardwebhooks.com).
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The Standard Webhooks headers, set on every attempt of every dialect;
// HeaderSignature only where a secret signs.
const (
	HeaderID        = "webhook-id"        // the event's id, the same on all attempts
	HeaderTimestamp = "webhook-timestamp" // the attempt's time in Unix seconds
	HeaderSignature = "webhook-signature" // "v1," and Base64, one for each secret
)

const version = "v1,"

// Message is one attempt: the event's id, the time of this attempt (what is
// below a second is cut off) and the exact bytes of the body.
type Message struct {
	ID   string
	At   time.Time
	Body []byte
}

// Apply sets the headers that identify and sign m: webhook-id and
// webhook-timestamp always; the dialect's product header with the signature
// under product, where the dialect has one and product is not nil;
// webhook-signature with one signature for each secret of standard, in their
// order, several during a rotation. Signature headers that h held before, of
// any dialect, are gone, so that h can serve attempt after attempt.
func Apply(h http.Header, d Dialect, product *Secret, standard []Secret, m Message) {
	for _, row := range dialects {
		h.Del(row.header)
	}
	h.Del(HeaderSignature)
	h.Set(HeaderID, m.ID)
	timestamp := strconv.FormatInt(m.At.Unix(), 10)
	h.Set(HeaderTimestamp, timestamp)
	if name := d.ProductHeader(); name != "" && product != nil && *product != (Secret{}) {
		h.Set(name, productSignature(*product, m.Body))
	}
	signatures := make([]string, 0, len(standard))
	for _, s := range standard {
		if s != (Secret{}) {
			signatures = append(signatures, version+standardSignature(s, m.ID, timestamp, m.Body))
		}
	}
	if len(signatures) > 0 {
		h.Set(HeaderSignature, strings.Join(signatures, " "))
	}
}

// productSignature is HMAC-SHA256 of the body in 64 lowercase hex digits.
func productSignature(s Secret, body []byte) string {
	mac := hmac.New(sha256.New, s.productKey())
	mac.Write(body)
	return hex.EncodeToString(sum(mac))
}

// standardSignature is HMAC-SHA256 of "id.timestamp.body" in padded Base64,
// 44 characters.
func standardSignature(s Secret, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, s.standardKey())
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(sum(mac))
}

func sum(mac hash.Hash) []byte {
	return mac.Sum(make([]byte, 0, sha256.Size))
}
