package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxTimestamp is the last second of the year 9999; time arithmetic holds up to
// here.
const maxTimestamp = 253402300799

// VerifyProduct returns nil where header, the value of a dialect's product
// header, signs body under s. Else it says what is wrong: fault.MissingField
// where header is empty, fault.InvalidField where it is not 64 lowercase hex
// digits, or signs something else. The comparison takes the same time for any
// signature of that form. No message holds the secret or the signature that was
// expected.
func VerifyProduct(s Secret, body []byte, header string) error {
	if err := usable(s, header); err != nil {
		return err
	}
	if len(header) != 2*sha256.Size || strings.Trim(header, "0123456789abcdef") != "" {
		return fault.New(fault.InvalidField, "the signature is not 64 lowercase hex digits; pass the header's value as it arrived")
	}
	if !hmac.Equal([]byte(header), []byte(productSignature(s, body))) {
		return fault.New(fault.InvalidField, "the signature is not this secret's over these bytes; verify the raw body as it arrived, and check which secret the hook has")
	}
	return nil
}

// VerifyStandard returns nil where one of the signatures in h's
// webhook-signature signs body under s together with webhook-id and
// webhook-timestamp, and that time is at most tolerance before or after now; a
// negative tolerance leaves the time unchecked. Signatures of versions other
// than v1 are passed over. Else it says what is wrong: fault.MissingField where
// one of the three headers is absent or empty, fault.InvalidField for the rest.
// The comparison takes the same time for any signature; no message holds the
// secret or the signature that was expected.
func VerifyStandard(s Secret, body []byte, h http.Header, now time.Time, tolerance time.Duration) error {
	id, timestamp, signatures := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	if id == "" || timestamp == "" {
		return fault.New(fault.MissingField, "%s or %s is missing; pass the headers as they arrived", HeaderID, HeaderTimestamp)
	}
	if err := usable(s, signatures); err != nil {
		return err
	}
	if err := fresh(timestamp, now, tolerance); err != nil {
		return err
	}
	want, current := []byte(standardSignature(s, id, timestamp, body)), false
	for signature := range strings.SplitSeq(signatures, " ") {
		signature, isCurrent := strings.CutPrefix(signature, version)
		current = current || isCurrent
		if isCurrent && hmac.Equal([]byte(signature), want) {
			return nil
		}
	}
	if !current {
		return fault.New(fault.InvalidField, "%s holds no signature that begins with %s; pass the header as it arrived", HeaderSignature, version)
	}
	return fault.New(fault.InvalidField, "no signature is this secret's over these bytes, id and time; verify the raw body as it arrived, and check which secret the hook has")
}

// usable refuses what can't be compared: no secret, or no signature.
func usable(s Secret, signature string) error {
	if s == (Secret{}) {
		return fault.New(fault.MissingField, "no secret is given; pass the hook's secret")
	}
	if signature == "" {
		return fault.New(fault.MissingField, "the signature header is missing; check that the hook has a secret and that no proxy drops the header")
	}
	return nil
}

// fresh holds the timestamp against the clock.
func fresh(timestamp string, now time.Time, tolerance time.Duration) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds < 0 || seconds > maxTimestamp {
		return fault.New(fault.InvalidField, "%s is not a time in Unix seconds; pass the header as it arrived", HeaderTimestamp)
	}
	if tolerance < 0 {
		return nil
	}
	switch age := now.Sub(time.Unix(seconds, 0)); {
	case age > tolerance:
		return fault.New(fault.InvalidField, "the message is %s old, more than %s; check the receiver's clock, else take it for a repeat of an old request", age.Truncate(time.Second), tolerance)
	case age < -tolerance:
		return fault.New(fault.InvalidField, "the message is dated more than %s ahead; check the receiver's clock", tolerance)
	}
	return nil
}
