package acceptance_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"
)

func TestRow068Signature(t *testing.T) {
	row(t, 68, "signature")
	raw, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			ID, Secret, Signature, Body string
			BodyHex                     string `json:"body_hex"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
	}
	for _, v := range file.Vectors { // what this test verifies with, verified
		body := []byte(v.Body)
		if v.BodyHex != "" {
			if body, err = hex.DecodeString(v.BodyHex); err != nil {
				t.Fatal(err)
			}
		}
		if got := signature(v.Secret, body); got != v.Signature {
			t.Fatalf("%s: %s, want %s", v.ID, got, v.Signature)
		}
	}
	m := shared(t).fresh(t)
	for _, secret := range []string{"plain words, ünïcode ✓", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64", "x"} {
		rx := receive(t)
		m.push(t, rx, object{"secret": secret, "event_filters": list{"grain_created"}})
		m.add(t, belief("ann", object{"object": "<&> \u2028 👩‍👧 \"quoted\" \\ \u007f", "n": 1e21}))
		r := rx.exactly(t, 1)[0]
		got := r.header.Values("X-Areev-Signature")
		if len(got) != 1 || !hex64.MatchString(got[0]) || got[0] != signature(secret, r.body) {
			t.Errorf("secret %q: signatures %v, want %s", secret, got, signature(secret, r.body))
			continue
		}
		tampered := bytes.Replace(r.body, []byte("ann"), []byte("bob"), 1)
		if got[0] == signature(secret, tampered) || got[0] == signature(secret+"x", r.body) {
			t.Error("the signature fits another body or secret")
		}
	}
}

func TestRow069UnsignedHooks(t *testing.T) {
	row(t, 69, "unsigned hooks")
	m := shared(t).fresh(t)
	unsigned, signed := receive(t), receive(t)
	m.push(t, unsigned)
	m.push(t, signed, object{"generate_secret": true})
	m.push(t, unsigned, object{"generate_secret": false, "dialect": "rem"})
	m.push(t, unsigned, object{"dialect": "standard"})
	m.add(t, belief("ann"))
	names := []string{"X-Areev-Signature", "X-REM-Signature", "webhook-signature"}
	for _, r := range unsigned.exactly(t, 3) {
		for _, n := range names {
			if _, has := r.header[http.CanonicalHeaderKey(n)]; has {
				t.Errorf("%s on an unsigned delivery: %v", n, r.header)
			}
		}
		if r.header.Get("webhook-id") == "" || r.header.Get("webhook-timestamp") == "" {
			t.Errorf("no webhook-id or webhook-timestamp: %v", r.header)
		}
	}
	if r := signed.exactly(t, 1)[0]; r.header.Get(names[0]) == "" || r.header.Get(names[2]) == "" || r.header.Get(names[1]) != "" {
		t.Errorf("headers of the signed one: %v", r.header)
	}
	m.post(t, "/hooks", object{"name": "x", "delivery_mode": "webhook", "url": signed.url, "secret": ""}).refused(t, 400, "")
}

func TestRow070WebhookRetries(t *testing.T) {
	row(t, 70, "webhook retries")
	c := shared(t)
	want := map[*receiver]int{}
	for configured, attempts := range map[any]int{nil: 6, 0: 1, 2: 3, 4: 5} { // five by default
		m := c.fresh(t)
		rx := receive(t, status(500))
		want[rx] = attempts
		more := object{}
		if configured != nil {
			more["max_retries"] = configured
		}
		hook := m.push(t, rx, more)
		m.add(t, belief("refused"))
		got := rx.exactly(t, attempts)
		gap := 20 * time.Millisecond
		if deployed() {
			gap = time.Second
		}
		for i, r := range got {
			if r.attempt(t) != i+1 || !bytes.Equal(r.body, got[0].body) {
				t.Errorf("attempt %d is %d, %s", i+1, r.attempt(t), r.body)
			}
			if i == 0 {
				continue
			}
			// Jitter takes a fifth off at most; how much comes on top is up to
			// the machine.
			if waited := r.at.Sub(got[i-1].at); waited < gap*8/10-time.Millisecond {
				t.Errorf("%v between attempts %d and %d, want about %v", waited, i, i+1, gap)
			}
			gap *= 2
		}
		eventually(t, "a dead letter with its attempts", func() bool {
			letters := m.letters(t, hook)
			return len(letters) == 1 && letters[0]["attempts"] == float64(attempts)
		})
	}
	m := c.fresh(t)
	failing := load(7, 6) // tried for longer than any of the others would be
	fence := receive(t, append(slices.Repeat([]http.HandlerFunc{status(500)}, failing), status(200))...)
	m.push(t, fence, object{"max_retries": 20})
	m.add(t, belief("fence"))
	fence.exactly(t, failing+1)
	for rx, attempts := range want {
		rx.exactly(t, attempts)
	}
	for _, bad := range []any{-1, 21, 1.5, "3"} {
		m.post(t, "/hooks", object{"name": "x", "delivery_mode": "webhook", "url": fence.url, "max_retries": bad}).refused(t, 400, "")
	}
}
