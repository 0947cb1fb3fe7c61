package sign_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/sign"
)

// message is one attempt; its time has a fraction, which no header may show.
var message = sign.Message{ID: "evt_1", At: time.Unix(1776076200, 999_999_999), Body: []byte(`{"event_type":"grain_created"}`)}

func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			ID, Secret, Body, Signature string
			BodyHex                     string `json:"body_hex"`
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Vectors {
		body := []byte(v.Body)
		if v.BodyHex != "" {
			if body, err = hex.DecodeString(v.BodyHex); err != nil {
				t.Fatal(err)
			}
		}
		s := secret(t, v.Secret)
		for _, d := range []sign.Dialect{sign.REM, sign.Areev} {
			h := http.Header{}
			sign.Apply(h, d, &s, nil, sign.Message{ID: v.ID, At: message.At, Body: body})
			if got := h.Get(d.ProductHeader()); got != v.Signature {
				t.Errorf("%s as %s: %s, want %s", v.ID, d, got, v.Signature)
			}
		}
		if err := sign.VerifyProduct(s, body, v.Signature); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
}

// TestDialects walks the table: a row that is added, lost or renamed fails here.
func TestDialects(t *testing.T) {
	want := map[string]string{"rem": "X-REM-Signature", "areev": "X-Areev-Signature", "standard": ""}
	_, err := sign.ParseDialect("")
	if fault.KindOf(err) != fault.InvalidField {
		t.Fatalf("the empty dialect: %v", err)
	}
	_, listed, _ := strings.Cut(err.Error(), "use one of ")
	names := strings.Split(listed, ", ")
	for name := range want {
		if !slices.Contains(names, name) {
			t.Errorf("dialect %s is missing from the table", name)
		}
	}
	s := secret(t, "your-webhook-secret")
	for _, name := range names {
		header, known := want[name]
		d, err := sign.ParseDialect(name)
		if err != nil || !known || string(d) != name || d.ProductHeader() != header {
			t.Errorf("dialect %s: header %q, %v; want %q (known: %v)", name, d.ProductHeader(), err, header, known)
			continue
		}
		h := http.Header{}
		sign.Apply(h, d, &s, []sign.Secret{s}, message)
		keys := []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
		if header != "" {
			keys = append(keys, http.CanonicalHeaderKey(header))
			if err := sign.VerifyProduct(s, message.Body, h.Get(header)); err != nil {
				t.Errorf("dialect %s: %v", name, err)
			}
		}
		if err := sign.VerifyStandard(s, message.Body, h, message.At, time.Second); err != nil {
			t.Errorf("dialect %s: %v", name, err)
		}
		for key, values := range h {
			if !slices.Contains(keys, key) || len(values) != 1 {
				t.Errorf("dialect %s sends %s: %q", name, key, values)
			}
		}
		if len(h) != len(keys) {
			t.Errorf("dialect %s sends %v, want %v", name, h, keys)
		}
	}
	for _, name := range []string{"REM", "rem ", "other"} {
		if d, err := sign.ParseDialect(name); err == nil || d != "" || sign.Dialect(name).ProductHeader() != "" {
			t.Errorf("%q is taken as a dialect", name)
		}
	}
}

func TestApplyWithoutSecretsSignsNothing(t *testing.T) {
	for _, d := range []sign.Dialect{sign.REM, sign.Areev, sign.Standard} {
		for _, none := range []struct {
			product  *sign.Secret
			standard []sign.Secret
		}{{nil, nil}, {&sign.Secret{}, []sign.Secret{{}}}} {
			h := http.Header{}
			sign.Apply(h, d, none.product, none.standard, message)
			if len(h) != 2 || h.Get("webhook-id") != "evt_1" || h.Get("webhook-timestamp") != "1776076200" {
				t.Errorf("%s without secrets: %v", d, h)
			}
		}
	}
}

func TestApplyReplacesAnEarlierAttempt(t *testing.T) {
	s := secret(t, "one")
	h := http.Header{"Content-Type": {"application/json"}}
	sign.Apply(h, sign.REM, &s, []sign.Secret{s}, message)
	product, first := h.Get("X-REM-Signature"), h.Get("webhook-signature")
	later := message
	later.At = message.At.Add(time.Second)
	sign.Apply(h, sign.REM, &s, []sign.Secret{s}, later)
	if h.Get("X-REM-Signature") != product {
		t.Error("the product signature depends on the attempt")
	}
	if h.Get("webhook-signature") == first || h.Get("webhook-timestamp") != "1776076201" || h.Get("webhook-id") != "evt_1" {
		t.Errorf("the standard signature is not the attempt's own: %v", h)
	}
	sign.Apply(h, sign.Areev, nil, nil, later)
	if len(h) != 3 || h.Get("Content-Type") == "" {
		t.Errorf("signatures of the earlier attempt stayed: %v", h)
	}
}

func TestRotationSignsWithBothSecretsInOrder(t *testing.T) {
	old, fresh := secret(t, "old"), secret(t, "new")
	h := http.Header{}
	sign.Apply(h, sign.REM, &old, []sign.Secret{fresh, old}, message)
	for _, s := range []sign.Secret{old, fresh} {
		if err := sign.VerifyStandard(s, message.Body, h, message.At, time.Second); err != nil {
			t.Error(err)
		}
	}
	if sign.VerifyProduct(old, message.Body, h.Get("X-REM-Signature")) != nil || sign.VerifyProduct(fresh, message.Body, h.Get("X-REM-Signature")) == nil {
		t.Error("the product signature is not the given secret's")
	}
	both := h.Get("webhook-signature")
	if !regexp.MustCompile(`^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$`).MatchString(both) {
		t.Fatalf("webhook-signature is %q", both)
	}
	sign.Apply(h, sign.REM, &old, []sign.Secret{fresh}, message)
	if first, _, _ := strings.Cut(both, " "); first != h.Get("webhook-signature") {
		t.Error("signatures do not stand in the order of the secrets")
	}
	if sign.VerifyStandard(old, message.Body, h, message.At, time.Second) == nil {
		t.Error("the old secret verifies after its end")
	}
}

func ExampleApply() {
	s, _ := sign.NewSecret("your-webhook-secret")
	h := http.Header{}
	sign.Apply(h, sign.REM, &s, nil, sign.Message{ID: "evt_1", At: time.Unix(1776076200, 0), Body: []byte(`{}`)})
	fmt.Println(h.Get("webhook-id"), h.Get("webhook-timestamp"), sign.VerifyProduct(s, []byte(`{}`), h.Get("X-REM-Signature")))
	// Output: evt_1 1776076200 <nil>
}
