package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAreevRecall(t *testing.T) {
	s := open(t)
	add := func(body string) string {
		return s.do(200, "POST", home+"/add", body).str("blob_hash")
	}
	tea := add(`{"subject":"anna","relation":"drinks","object":"green tea","confidence":0.9,"tags":["taste","drink"],"scope_path":"acme/prod","n":9007199254740993,"f":1.50}`)
	coffee := add(`{"subject":"ben","relation":"drinks","object":"coffee","confidence":0.4,"tags":["taste"],"scope_path":"acme/prod/eu","namespace":"other"}`)
	walk := add(`{"grain_type":"event","content":"anna took a walk","scope_path":"acme/test"}`)
	for _, c := range []struct {
		body string
		want []string
	}{
		{`{"query":"green tea"}`, []string{tea}},
		{`{"query":"nothing like it"}`, nil},
		{`{"subject":"ben"}`, []string{coffee}},
		{`{"relation":"drinks","object":"coffee"}`, []string{coffee}},
		{`{"namespace":"other"}`, []string{coffee}},
		{`{"grain_type":"fact"}`, []string{tea, coffee}},
		{`{"grain_type":"event"}`, []string{walk}},
		{`{"tags":["taste","drink"]}`, []string{tea}},
		{`{"confidence_threshold":0.5}`, []string{tea, walk}},
		{`{"scope_path":"acme/prod"}`, []string{tea, coffee}},
		{`{"scope_path":"acme/prod","include_siblings":true}`, []string{tea, coffee, walk}},
		{`{}`, []string{tea, coffee, walk}},
	} {
		head := s.head()
		a := s.do(200, "POST", home+"/recall", c.body)
		if got := hashes(a); !sameSet(got, c.want) || a.body["total"] != float64(len(c.want)) {
			t.Errorf("%s: %v, want %v", c.body, got, c.want)
		}
		if s.head() != head+1 {
			t.Errorf("%s raised %d events", c.body, s.head()-head)
		}
	}
	one := s.do(200, "POST", home+"/recall", `{"query":"tea","limit":1}`)
	for _, want := range []string{`"hash":"` + tea, `"grain_type":"belief"`, `"score":`, `"fields":{`, `"n":9007199254740993`, `"f":1.50`} {
		if !strings.Contains(one.text, want) {
			t.Errorf("no %s in %s", want, one.text)
		}
	}
	if a := s.do(200, "POST", home+"/recall", `{"limit":2}`); len(a.list("hits")) != 2 || a.body["total"] != 3.0 {
		t.Errorf("limited: %s", a.text)
	}
	for _, body := range []string{`{"limit":0}`, `{"limit":1001}`, `{"grain_type":"x"}`, `{"confidence_threshold":2}`, `{"include_siblings":true}`, `{"tags":[7]}`, `{"namespace":""}`, `{"q":"x"}`} {
		s.refused(400, "invalid_field", "POST", home+"/recall", body)
	}
	s.refused(413, "payload_too_large", "POST", home+"/recall", `{"query":"`+strings.Repeat("x", 8193)+`"}`)
}

func hashes(a said) []string {
	var out []string
	for _, h := range a.list("hits") {
		out = append(out, h["hash"].(string))
	}
	return out
}

func sameSet(a, b []string) bool {
	seen := map[string]int{}
	for _, x := range a {
		seen[x]++
	}
	for _, x := range b {
		seen[x]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return true
}

// A recall that is told again shows what may be told by then.
func TestAreevRecallToldAgain(t *testing.T) {
	s := open(t)
	s.event("kept words", "")
	s.event("secret words", `,"user_id":"u"`)
	first := s.do(200, "POST", home+"/recall", `{"query":"words"}`, "Idempotency-Key", "k")
	again := s.do(200, "POST", home+"/recall", `{"query":"words"}`, "Idempotency-Key", "k")
	if again.text != first.text || s.head() != 3 {
		t.Errorf("told %s and then %s, head %d", first.text, again.text, s.head())
	}
	s.do(200, "POST", home+"/forget", `{"user_id":"u"}`)
	later := s.do(200, "POST", home+"/recall", `{"query":"words"}`, "Idempotency-Key", "k")
	if strings.Contains(later.text, "secret") || !strings.Contains(later.text, "kept words") || len(later.list("hits")) != 2 {
		t.Errorf("after the erasure: %s", later.text)
	}
}

func TestAreevDetectPII(t *testing.T) {
	s := open(t)
	found := func(text string) string {
		var out []string
		for _, d := range s.do(200, "POST", home+"/detect-pii", fmt.Sprintf(`{"content":%q}`, text)).list("detections") {
			from, to := int(d["start"].(float64)), int(d["end"].(float64))
			out = append(out, text[from:to])
		}
		return strings.Join(out, "|")
	}
	for text, want := range map[string]string{
		"Patient John Smith, DOB 1955-03-15, MRN 12345678":       "John Smith|1955-03-15|12345678",
		"größe: mail anna@example.com":                           "anna@example.com",
		"the meeting is about caching":                           "",
		"grain " + strings.Repeat("3288d0d41cf49a1d", 4) + " ok": "",
	} {
		if got := found(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if a := s.do(200, "POST", home+"/detect-pii", `{"content":""}`); !strings.Contains(a.text, `"detections":[]`) || s.head() != 0 {
		t.Errorf("of nothing: %s", a.text)
	}
	s.refused(400, "missing_field", "POST", home+"/detect-pii", `{}`)
}

func TestAreevRotatesKeys(t *testing.T) {
	s := open(t)
	s.event("before", "")
	a := s.do(200, "POST", home+"/keys/rotate", "")
	if a.str("key_id") == "" || !strings.HasSuffix(a.str("rotated_at"), "Z") || len(a.body) != 2 || s.head() != 2 {
		t.Errorf("answered %s, head %d", a.text, s.head())
	}
	s.event("after", "")
	if hits := s.do(200, "POST", home+"/recall", `{}`).list("hits"); len(hits) != 2 {
		t.Errorf("readable after the rotation: %v", hits)
	}
}

// A recall that did not look at all that its query names says so, in both APIs.
func TestARecallSaysThatItWasCut(t *testing.T) {
	s := open(t)
	some := func(word string, n int) {
		grains := make([]string, n)
		for i := range grains {
			grains[i] = fmt.Sprintf(`{"grain_type":"event","fields":{"content":"%s %d"}}`, word, i)
		}
		s.do(200, "POST", home+"/batch-add", `{"grains":[`+strings.Join(grains, ",")+`]}`)
	}
	some("rare", 20)
	for range 5 {
		some("tea", 500)
	}
	for query, cut := range map[string]any{"tea": true, "rare": nil} {
		areev, rem := s.do(200, "POST", home+"/recall", `{"query":"`+query+`"}`), s.do(200, "POST", "/v1/recall", `{"query":"`+query+`"}`)
		if areev.body["truncated"] != cut || rem.body["truncated"] != cut {
			t.Errorf("%s: %v and %v say that they were cut, want %v", query, areev.body["truncated"], rem.body["truncated"], cut)
		}
	}
}
