package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// neverBreaks posts what a fuzzer makes up: whatever it is, it is not a defect
// of ours, and the answer is JSON of the promised shape.
func neverBreaks(f *testing.F, method, path string, seeds ...string) {
	s := open(f)
	hook := s.do(201, "POST", "/v1/webhooks", anyHook).str("id")
	path = strings.ReplaceAll(strings.ReplaceAll(path, "{mem}", s.remember("a seed")), "{hook}", hook)
	for _, seed := range append(seeds, `{}`, `null`, `[1]`, `{"a":"\u0000"}`, "\xff", `{"limit":1e1}`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s.tb = t
		r := request(method, path, string(body), "Content-Type", "application/json")
		a := s.serve(r)
		if a.status >= 500 || a.status >= 400 && a.code() == "" {
			t.Fatalf("%s %s %q: %d %s\n%s", method, path, body, a.status, a.text, s.log.String())
		}
	})
}

func FuzzRememberBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/remember", `{"content":"x","tags":["a"],"namespace":"n","metadata":{"a":[1e-7,null,{"b":true}]},"user_id":"u"}`,
		`{"content":"x","metadata":{"n":-0,"m":1.0e400}}`, "{\"content\":\"\ufeffx\"}", `{"content":"x","namespace":"\u0000"}`)
}

func FuzzChangeBody(f *testing.F) {
	neverBreaks(f, "PATCH", "/v1/memories/{mem}", `{"content":"y","tags":[],"metadata":{}}`, `{"content":""}`, `{"metadata":{"a":null}}`)
}

func FuzzRecallBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/recall", `{"query":"x","namespace":"n","limit":100,"tags":["a"],"threshold":0.5}`, `{"query":" "}`)
}

func FuzzForgetBody(f *testing.F) {
	neverBreaks(f, "DELETE", "/v1/forget", `{"memory_id":"mem_00000000000000000000000000000000"}`, `{"namespace":"n"}`)
}

func FuzzSetBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/memory-set", `{"key":"k","value":"v","namespace":"n","tags":["a"],"metadata":{"a":1}}`,
		`{"key":"k","value":{"a":[1,2.50]}}`, `{"key":"k","value":7}`, `{"key":"k","value":"\ud83d\ude00"}`)
}

func FuzzGetBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/memory-get", `{"key":"k","namespace":"n"}`)
}

func FuzzListBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/memory-list", `{"namespace":"n","limit":3,"cursor":"x"}`, `{"cursor":"-1"}`, `{"cursor":"99999999999999999999"}`)
}

func FuzzWebhookBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/webhooks", anyHook,
		`{"url":"https://[::1]/","events":["memory.created"],"namespace":"n","secret":"s","max_retries":3,"filter":{"tags":[{"prefix":"a"}]},"redaction_mode":"hash_only"}`,
		`{"url":"http://%zz/","events":["*"]}`, `{"url":"//x","events":["*"]}`)
}

func FuzzWebhookChangeBody(f *testing.F) {
	neverBreaks(f, "PATCH", "/v1/webhooks/{hook}", `{"namespace":null,"filter":null}`, `{"filter":{"confidence":[{"numeric":[">",1e9]}]}}`, `{"active":true,"resume":"latest"}`)
}

func FuzzRotateBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/webhooks/{hook}/rotate-secret", `{"secret":"s","overlap_seconds":5}`, `{"overlap_seconds":0}`)
}

func FuzzKeyBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/keys", `{"name":"n","scopes":["read","write","admin"],"tenant":"t"}`)
}

func FuzzRedriveBody(f *testing.F) {
	neverBreaks(f, "POST", "/v1/dead-letters/redrive", `{"hook":"wh_1","since":"2026-01-01T00:00:00Z","dry_run":true}`, `{"all":true}`)
}

// FuzzTarget makes up paths, queries and headers.
func FuzzTarget(f *testing.F) {
	s := open(f)
	for _, seed := range []string{"/v1/memories/mem_0", "/v1/dead-letters/dlv_wh_1.1.0?limit=1", "/v1/keys?cursor=key_", "/v1/webhooks/wh_%00/deliveries?status=dead&cursor=1.2", "/v1/webhooks?a;b", "*"} {
		f.Add("GET", seed, "Bearer x", "k", "application/json")
	}
	f.Fuzz(func(t *testing.T, method, target, auth, once, kind string) {
		s.tb = t
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := request("POST", "/", `{"query":"a"}`)
		r.Method, r.URL = method, u
		r.Header.Set("Idempotency-Key", once)
		r.Header.Set("Content-Type", kind)
		for _, header := range []string{auth, "Bearer " + adminKey} {
			r.Header.Set("Authorization", header)
			if a := s.serve(r); a.status >= 500 || a.status == http.StatusOK && a.text == "" {
				t.Fatalf("%s %q: %d %s", method, target, a.status, a.text)
			}
		}
	})
}
