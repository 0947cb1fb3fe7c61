package sign_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/sign"
)

// peer is the public library set up as a receiver would with this secret: from
// the text where it is of the library's own form, else from its raw bytes.
func peer(t testing.TB, text string) *standardwebhooks.Webhook {
	t.Helper()
	receiver := func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhookRaw([]byte(text)) }
	if encoded, ok := strings.CutPrefix(text, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(key) > 0 {
			receiver = func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhook(text) }
		}
	}
	w, err := receiver()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestPublicLibraryVerifiesWhatWeSend(t *testing.T) {
	generated, err := sign.Generate(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		generated.Reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", // decoded
		"your-webhook-secret", "whsec_test_0123456789abcdef", "whsec_abc", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_AAAA", "é\U0001F600", // raw
	} {
		s, w := secret(t, text), peer(t, text)
		h := http.Header{}
		sign.Apply(h, sign.Standard, nil, []sign.Secret{s}, message)
		if err := w.VerifyIgnoringTimestamp(message.Body, h); err != nil {
			t.Errorf("%q: the library refuses our signature: %v", text, err)
		}
		theirs, err := w.Sign(message.ID, message.At, message.Body)
		if err != nil || theirs != h.Get("webhook-signature") {
			t.Errorf("%q: the library signs %s, we %s, %v", text, theirs, h.Get("webhook-signature"), err)
		}
		if err := sign.VerifyStandard(s, message.Body, h, message.At, time.Second); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestToleranceIsThePublicLibrarys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := secret(t, "raw"), peer(t, "raw")
		now := time.Now() // the bubble's clock, which the library reads
		for _, age := range []time.Duration{0, time.Second, -time.Second, 5 * time.Minute, -5 * time.Minute, 301 * time.Second, -301 * time.Second, 10000 * time.Hour, -10000 * time.Hour} {
			m := message
			m.At = now.Add(-age)
			h := http.Header{}
			sign.Apply(h, sign.Standard, nil, []sign.Secret{s}, m)
			theirs, ours := w.Verify(m.Body, h), sign.VerifyStandard(s, m.Body, h, now, 5*time.Minute)
			if (theirs == nil) != (ours == nil) {
				t.Errorf("age %s: the library says %v, we %v", age, theirs, ours)
			}
			if err := sign.VerifyStandard(s, m.Body, h, now, -1); err != nil {
				t.Errorf("age %s, time unchecked: %v", age, err)
			}
		}
	})
}

func TestVerifyProductRefuses(t *testing.T) {
	s := secret(t, "your-webhook-secret")
	h := http.Header{}
	sign.Apply(h, sign.REM, &s, nil, message)
	right := h.Get("X-REM-Signature")
	if err := sign.VerifyProduct(s, message.Body, right); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s      sign.Secret
		body   string
		header string
		kind   fault.Kind
	}{
		"no header":       {s, string(message.Body), "", fault.MissingField},
		"no secret":       {sign.Secret{}, string(message.Body), right, fault.MissingField},
		"upper case":      {s, string(message.Body), strings.ToUpper(right), fault.InvalidField},
		"a prefix":        {s, string(message.Body), "sha256=" + right, fault.InvalidField},
		"cut short":       {s, string(message.Body), right[:63], fault.InvalidField},
		"a space":         {s, string(message.Body), right[:63] + " ", fault.InvalidField},
		"all zeros":       {s, string(message.Body), strings.Repeat("0", 64), fault.InvalidField},
		"another secret":  {secret(t, "your-webhook-secret "), string(message.Body), right, fault.InvalidField},
		"another body":    {s, string(message.Body) + "\n", right, fault.InvalidField},
		"body of nothing": {s, "", right, fault.InvalidField},
	} {
		refused(t, name, sign.VerifyProduct(c.s, []byte(c.body), c.header), c.kind)
	}
}

func TestVerifyStandardRefuses(t *testing.T) {
	s := secret(t, "your-webhook-secret")
	sent := http.Header{}
	sign.Apply(sent, sign.Standard, nil, []sign.Secret{s}, message)
	signature := sent.Get("webhook-signature")
	for name, c := range map[string]struct {
		header, value string
		kind          fault.Kind
	}{
		"no id":                      {"webhook-id", "", fault.MissingField},
		"no timestamp":               {"webhook-timestamp", "", fault.MissingField},
		"no signature":               {"webhook-signature", "", fault.MissingField},
		"another id":                 {"webhook-id", "evt_2", fault.InvalidField},
		"another second":             {"webhook-timestamp", "1776076201", fault.InvalidField},
		"not a number":               {"webhook-timestamp", "2026-04-13", fault.InvalidField},
		"a sign":                     {"webhook-timestamp", "+1776076200", fault.InvalidField},
		"before 1970":                {"webhook-timestamp", "-1", fault.InvalidField},
		"the year 9999":              {"webhook-timestamp", "253402300799", fault.InvalidField},
		"beyond every clock":         {"webhook-timestamp", "9223372036854775807", fault.InvalidField},
		"beyond int64":               {"webhook-timestamp", "9223372036854775808", fault.InvalidField},
		"another version":            {"webhook-signature", "v1a" + signature[2:], fault.InvalidField},
		"no version":                 {"webhook-signature", signature[3:], fault.InvalidField},
		"an empty signature":         {"webhook-signature", "v1,", fault.InvalidField},
		"without padding":            {"webhook-signature", strings.TrimSuffix(signature, "="), fault.InvalidField},
		"another among other things": {"webhook-signature", "v2,x  v1,AAAA", fault.InvalidField},
	} {
		h := sent.Clone()
		h.Set(c.header, c.value)
		refused(t, name, sign.VerifyStandard(s, message.Body, h, message.At, time.Minute), c.kind)
	}
	refused(t, "another body", sign.VerifyStandard(s, append(message.Body, ' '), sent, message.At, time.Minute), fault.InvalidField)
	refused(t, "another secret", sign.VerifyStandard(secret(t, "x"), message.Body, sent, message.At, time.Minute), fault.InvalidField)
	refused(t, "no secret", sign.VerifyStandard(sign.Secret{}, message.Body, sent, message.At, time.Minute), fault.MissingField)
	sent.Set("webhook-signature", "v1a,other v1,AAAA "+signature)
	if err := sign.VerifyStandard(s, message.Body, sent, message.At, time.Minute); err != nil {
		t.Errorf("the right one behind others: %v", err)
	}
}

// refused checks the kind of a refusal, that it says what to do, and that it
// gives away neither the secret nor the right signature.
func refused(t *testing.T, name string, err error, kind fault.Kind) {
	t.Helper()
	e := new(fault.Error)
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("%s: %v, want kind %d", name, err, kind)
		return
	}
	if !strings.Contains(e.Message, "; ") || strings.Contains(e.Error(), "your-webhook-secret") {
		t.Errorf("%s: %q", name, e.Error())
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("your-webhook-secret", []byte(`{}`), "evt_1", "1776076200", "v1,AAAA v1a,x", strings.Repeat("0", 64))
	f.Add("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", []byte{}, "", "-1", " v1,", "")
	f.Add("whsec_", []byte("\xff"), "a.b", "9223372036854775807", ",", "DBC9")
	f.Fuzz(func(t *testing.T, text string, body []byte, id, timestamp, signatures, product string) {
		s, err := sign.NewSecret(text)
		if err != nil {
			return
		}
		sent := http.Header{}
		m := sign.Message{ID: id, At: message.At, Body: body}
		sign.Apply(sent, sign.REM, &s, []sign.Secret{s}, m)
		if err := sign.VerifyProduct(s, body, sent.Get("X-REM-Signature")); err != nil {
			t.Fatal(err)
		}
		if err := sign.VerifyProduct(s, body, product); err == nil && product != sent.Get("X-REM-Signature") {
			t.Fatalf("%q was taken for a product signature", product)
		}
		err = sign.VerifyStandard(s, body, sent, m.At, time.Second)
		if (err == nil) != (id != "") {
			t.Fatalf("our own signature with id %q: %v", id, err)
		}
		if id != "" {
			if err := peer(t, text).VerifyIgnoringTimestamp(body, sent); err != nil {
				t.Fatalf("the public library refuses our signature: %v", err)
			}
		}
		given := http.Header{}
		given.Set("webhook-id", id)
		given.Set("webhook-timestamp", timestamp)
		given.Set("webhook-signature", signatures)
		if sign.VerifyStandard(s, body, given, m.At, -1) == nil && peer(t, text).VerifyIgnoringTimestamp(body, given) != nil {
			t.Fatalf("we take what the public library refuses: %v", given)
		}
	})
}
