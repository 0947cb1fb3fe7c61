package acceptance_test

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestRow082SharedEncoder(t *testing.T) {
	row(t, 82, "shared encoder")
	c := shared(t)
	memory := c.room(t, "row-082").id
	rx := receive(t)
	for _, dialect := range []string{"rem", "areev"} {
		c.call(t, "POST", "/api/memories/"+memory+"/hooks", object{
			"name": dialect, "delivery_mode": "webhook", "url": rx.url, "dialect": dialect, "secret": "one secret for both",
		}).want(t, 201)
	}
	// Numbers, keys and texts that JavaScript writes in its own way.
	odd := `{"grain_type":"event","content":%s,"tags":["ä","\u2028"],"n":[1.0,-0,1e21,1E+2,0.000001,1e-7,12345678901234567890,1.5e300,9007199254740993],` +
		`"10":"ten","2":"two","__proto__":{"b":1,"1":2},"é":"\u00e9","\ud83d\ude00":"\/"}`
	writes := 0
	for _, content := range nasty {
		if content == "" {
			continue
		}
		body, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		c.call(t, "POST", "/api/memories/"+memory+"/add", fmt.Sprintf(odd, body)).want(t, 200)
		writes++
	}
	var all [][]byte
	count := map[string]int{}
	for _, r := range rx.exactly(t, 2*writes) {
		dialect, ok := accept(r, "one secret for both")
		if !ok {
			t.Errorf("the receiver refuses %s with %v", r.body, r.header)
		}
		if _, wrong := accept(r, "another secret"); wrong {
			t.Errorf("the receiver accepts under any secret: %s", r.body)
		}
		count[dialect]++
		all = append(all, r.body)
	}
	if count["rem"] != writes || count["areev"] != writes {
		t.Errorf("accepted %v, want %d of each", count, writes)
	}
	stable(t, all)
}

// accept is a receiver for both products: whichever header there is must hold
// the HMAC of the body, as it came and as JavaScript would write it again.
func accept(r request, secret string) (dialect string, ok bool) {
	given := r.header.Get("X-REM-Signature")
	if dialect = "rem"; given == "" {
		dialect, given = "areev", r.header.Get("X-Areev-Signature")
	}
	return dialect, hmac.Equal([]byte(given), []byte(signature(secret, r.body))) && fixpoint(r.body) == nil
}

// encoded is a secret in the libraries' form: whsec_ and 24 bytes in Base64.
const encoded = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestRow085StandardWebhooks(t *testing.T) {
	row(t, 85, "Standard Webhooks")
	c := shared(t)
	memory := c.room(t, "row-085").id
	n := 0
	for _, dialect := range []string{"areev", "rem", "standard"} {
		for _, given := range []string{"", encoded, "whsec_no base64!", "plain text", "pässwörd 🔑"} {
			rx := receive(t, status(500), status(200))
			body := object{"name": fmt.Sprint(dialect, n), "delivery_mode": "webhook", "url": rx.url, "dialect": dialect}
			if given == "" {
				body["generate_secret"] = true
			} else {
				body["secret"] = given
			}
			made := c.call(t, "POST", "/api/memories/"+memory+"/hooks", body).want(t, 201)
			secret := given
			if given == "" {
				secret = text(t, made, "secret")
			}
			c.call(t, "POST", "/api/memories/"+memory+"/add",
				object{"grain_type": "event", "content": fmt.Sprintf("%s %d ✓", dialect, n)}).want(t, 200)
			got := rx.exactly(t, 2)
			for _, r := range got {
				verifies(t, oracle(t, secret, given), r)
			}
			if got[0].header.Get("webhook-id") != got[1].header.Get("webhook-id") {
				t.Error("webhook-id differs between attempts")
			}
			n++
			c.call(t, "DELETE", "/api/memories/"+memory+"/hooks/"+text(t, made, "id"), nil).want(t, 200)
		}
	}
	// The REM door, with a secret that it made.
	rx := receive(t)
	ns := name("row-085")
	secret := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}, "namespace": ns}), "secret")
	c.remember(t, ns, "by the other door")
	verifies(t, oracle(t, secret, ""), rx.exactly(t, 1)[0])
}

// oracle is the library's verifier: of the decoded bytes where the secret is
// whsec_ and Base64, else in its raw form.
func oracle(t testing.TB, secret, given string) *standard.Webhook {
	t.Helper()
	verifier, err := standard.NewWebhookRaw([]byte(secret))
	if given == "" || given == encoded {
		verifier, err = standard.NewWebhook(secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// verifies holds a request against the library, and that the library refuses
// it once anything that is signed is changed.
func verifies(t testing.TB, verifier *standard.Webhook, r request) {
	t.Helper()
	if err := verifier.Verify(r.body, r.header); err != nil {
		t.Errorf("the library refuses %s with %v: %v", r.body, r.header, err)
		return
	}
	if r.header.Get("webhook-id") == "" || len(r.header.Values("webhook-signature")) != 1 {
		t.Errorf("headers %v", r.header)
	}
	changed := slices.Clone(r.body)
	changed[len(changed)/2] ^= 1
	if verifier.Verify(changed, r.header) == nil {
		t.Error("a changed body verifies")
	}
	for name, value := range map[string]string{"webhook-id": "evt_other", "webhook-timestamp": "1"} {
		headers := r.header.Clone()
		headers.Set(name, value)
		if verifier.VerifyIgnoringTimestamp(r.body, headers) == nil {
			t.Errorf("it verifies with another %s", name)
		}
	}
}
