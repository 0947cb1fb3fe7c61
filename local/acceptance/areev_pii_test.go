package acceptance_test

import (
	"bytes"
	"strings"
	"testing"
)

// found is what detect-pii says of a text: the parts, each with its type.
func (m instance) found(t testing.TB, content string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, d := range objects(t, m.post(t, "/detect-pii", object{"content": content}).want(t, 200), "detections") {
		exactKeys(t, d, "type start end confidence")
		start, end := int(d["start"].(float64)), int(d["end"].(float64))
		if confidence := d["confidence"].(float64); confidence <= 0 || confidence > 1 || start < 0 || end <= start || end > len(content) {
			t.Fatalf("detection %v in a text of %d bytes", d, len(content))
		}
		out[content[start:end]] = text(t, d, "type")
	}
	return out
}

func TestRow067PIIDetection(t *testing.T) {
	row(t, 67, "PII detection")
	m := shared(t).fresh(t)
	clean := []string{
		"", "The user prefers dark mode and green tea.", "We decided to use Redis for caching.", "Version 1.2.3 costs 42 coins.",
		"3288d0d41cf49a1d428e404f0b6a6fe60388be9536937557f6139b813d53a520",
		"see 1234567890123456789012345678901234567890123456789012345678901234 there",
		"hash=" + strings.Repeat("4111", 16), // a card's digits, but 64 hex digits
	}
	for _, content := range clean {
		if found := m.found(t, content); len(found) != 0 {
			t.Errorf("%q: %v", content, found)
		}
	}
	for content, want := range map[string]map[string]string{
		"mail ann@example.com now":               {"ann@example.com": "email"},
		"call +1 415 555 2671 now":               {"+1 415 555 2671": "phone"},
		"his SSN is 536-22-8726":                 {"536-22-8726": "ssn"},
		"pay with 4111 1111 1111 1111 today":     {"4111 1111 1111 1111": "credit_card"},
		"Grüße 👋 an ann@example.com, naïve café": {"ann@example.com": "email"}, // offsets count bytes
		"Patient John Smith, DOB 1955-03-15, MRN 12345678": {
			"John Smith": "name", "1955-03-15": "date_of_birth", "12345678": "medical_record_number",
		},
		"ann@example.com or 536-22-8726, 4111-1111-1111-1111": {
			"ann@example.com": "email", "536-22-8726": "ssn", "4111-1111-1111-1111": "credit_card",
		},
	} {
		got := m.found(t, content)
		for part, kind := range want {
			if got[part] != kind {
				t.Errorf("%q: %q is %q, want %q", content, part, got[part], kind)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%q: %v, want %v", content, got, want)
		}
	}
	if found := m.found(t, "pay with 4111 1111 1111 1112 today"); found["4111 1111 1111 1112"] == "credit_card" {
		t.Error("a number whose check digit is wrong is no card")
	}
	for _, bad := range []object{{}, {"content": 5}, {"content": nil}} {
		m.post(t, "/detect-pii", bad).refused(t, 400, "")
	}
}

func TestRow066CompH1(t *testing.T) {
	row(t, 66, "COMP-H1")
	m := shared(t).fresh(t, "hipaa")
	rx := receive(t)
	hook := func(more object) answer {
		body := object{"name": "x", "delivery_mode": "webhook", "url": rx.url}
		for k, v := range more {
			body[k] = v
		}
		return m.post(t, "/hooks", body)
	}
	for _, refused := range []object{{}, {"redaction_mode": "full"}, {"acknowledge_pii_risk": false}, {"delivery_mode": "cdc", "url": nil}} {
		if refused["delivery_mode"] == "cdc" {
			m.post(t, "/hooks", object{"name": "x", "delivery_mode": "cdc"}).refused(t, 422, "COMP-H1")
			continue
		}
		hook(refused).refused(t, 422, "COMP-H1")
	}
	for _, almost := range []any{"true", 1, "yes", list{true}} { // the boolean alone acknowledges
		if a := hook(object{"acknowledge_pii_risk": almost}); a.status != 400 && a.status != 422 {
			t.Errorf("acknowledged by %v: %v", almost, a)
		}
	}
	if left := objects(t, m.get(t, "/hooks").want(t, 200), "hooks"); len(left) != 0 {
		t.Errorf("a refusal left %v", left)
	}
	acked := hook(object{"acknowledge_pii_risk": true, "redaction_mode": "full"}).want(t, 201)
	for _, mode := range []string{"metadata_only", "hash_only"} {
		hook(object{"redaction_mode": mode}).want(t, 201)
	}
	m.add(t, belief("ann", object{"object": "very private"}))
	for _, r := range rx.exactly(t, 3) {
		if full := r.header.Get("X-Memhooks-Hook") == acked["id"]; bytes.Contains(r.body, []byte("very private")) != full {
			t.Errorf("hook %s got %s", r.header.Get("X-Memhooks-Hook"), r.body)
		}
	}
	tight := text(t, hook(object{"redaction_mode": "hash_only"}).want(t, 201), "id")
	m.call(t, "PATCH", m.path("/hooks/"+tight), object{"redaction_mode": "full"}).refused(t, 422, "COMP-H1")
	holdsAll(t, m.get(t, "/hooks/"+tight).want(t, 200), object{"redaction_mode": "hash_only"})
	m.call(t, "PATCH", m.path("/hooks/"+tight), object{"redaction_mode": "full", "acknowledge_pii_risk": true}).want(t, 200)

	// The other front door has the same lock.
	c := tenant(t)
	c.call(t, "PATCH", "/api/memories/default", object{"policies": list{"gdpr"}}).want(t, 200)
	webhook := object{"url": rx.url, "events": list{"*"}}
	c.call(t, "POST", "/v1/webhooks", webhook).refused(t, 422, "COMP-H1")
	webhook["acknowledge_pii_risk"] = true
	c.webhook(t, webhook)
}

func TestRow066PolicyAddedLater(t *testing.T) {
	row(t, 66, "COMP-H1")
	m := shared(t).fresh(t)
	rx := receive(t)
	hook := m.push(t, rx)
	feed := m.feed(t)
	m.add(t, belief("ann", object{"object": "first private"}))
	if r := rx.exactly(t, 1)[0]; !bytes.Contains(r.body, []byte("first private")) {
		t.Fatalf("delivered %s", r.body)
	}
	m.call(t, "PATCH", m.path(""), object{"policies": list{"ccpa"}}).want(t, 200)
	m.add(t, belief("bob", object{"object": "second private"}))
	exactKeys(t, rx.exactly(t, 2)[1].json(t), "event_type timestamp_ms hash grain_type namespace")
	if a := m.get(t, "/hooks/"+feed+"/events"); bytes.Contains(a.body, []byte("private")) {
		t.Errorf("the log shows %v", a)
	}
	listed := m.get(t, "/hooks")
	if shown := objects(t, listed.want(t, 200), "hooks")[0]; shown["redaction_mode"] != "full" || !bytes.Contains(listed.body, []byte("metadata_only")) {
		t.Errorf("the list does not say that a full hook delivers metadata_only: %v", listed)
	}
	m.call(t, "PATCH", m.path("/hooks/"+hook), object{"acknowledge_pii_risk": true}).want(t, 200)
	m.add(t, belief("cat", object{"object": "third private"}))
	if r := rx.exactly(t, 3)[2]; !bytes.Contains(r.body, []byte("third private")) {
		t.Errorf("acknowledged, and delivered %s", r.body)
	}
}
