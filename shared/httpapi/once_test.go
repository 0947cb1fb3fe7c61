package httpapi_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/once/oncetest"
	"github.com/memhooks/memhooks/shared/seal"
)

func key(k string) []string { return []string{"Idempotency-Key", k} }

func TestARepeatedPOSTChangesNothing(t *testing.T) {
	s := open(t)
	for path, body := range map[string]string{
		"/v1/remember":    `{"content":"once","tags":["a"],"metadata":{"n":12345678901234567890}}`,
		"/v1/memory-set":  `{"key":"k","value":"v"}`,
		"/v1/memory-get":  `{"key":"k"}`,
		"/v1/memory-list": `{}`,
		"/v1/recall":      `{"query":"once"}`,
		"/v1/webhooks":    anyHook,
	} {
		first := s.serve(request("POST", path, body, key("k"+path)...))
		if first.status/100 != 2 {
			t.Fatalf("%s: %s", path, first.text)
		}
		head := s.head()
		again := s.do(first.status, "POST", path, body, key("k"+path)...)
		if again.text != first.text {
			t.Errorf("%s answered\n%s then\n%s", path, first.text, again.text)
		}
		if s.head() != head {
			t.Errorf("%s was done twice", path)
		}
		if path != "/v1/memory-list" {
			s.refused(409, "conflict", "POST", path, strings.Replace(body, `"`, ` "`, 1), key("k"+path)...)
		}
	}
	if hooks := s.do(200, "GET", "/v1/webhooks", "").list("webhooks"); len(hooks) != 1 {
		t.Errorf("%d webhooks", len(hooks))
	}
}

func TestARawKeyIsNotShownTwice(t *testing.T) {
	s := open(t)
	first := s.do(201, "POST", "/v1/keys", `{"name":"n"}`, key("a")...)
	again := s.do(201, "POST", "/v1/keys", `{"name":"n"}`, key("a")...)
	if again.str("key") != "" || again.body["already_shown"] != true || again.str("id") != first.str("id") {
		t.Errorf("%s then %s", first.text, again.text)
	}
}

func TestARepetitionTellsNothingThatWasErased(t *testing.T) {
	s := open(t)
	remember := `{"content":"secret words","tags":["private"],"user_id":"u1","metadata":{"a":"b"}}`
	first := s.do(201, "POST", "/v1/remember", remember, key("r")...)
	s.do(200, "POST", "/v1/recall", `{"query":"secret"}`, key("q")...)
	_, err := s.stages.Memory.Erase(t.Context(), change.Memory{Tenant: "default", ID: "default"}, change.NewDraw(s.clock.now()), seal.Selector{Person: "u1"})
	s.must(err)
	again := s.do(201, "POST", "/v1/remember", remember, key("r")...)
	if again.str("id") != first.str("id") || again.str("content") != "" || !strings.Contains(again.text, `"tags":[]`) || strings.Contains(again.text, "u1") {
		t.Errorf("repeated: %s", again.text)
	}
	recall := s.do(200, "POST", "/v1/recall", `{"query":"secret"}`, key("q")...)
	if hits := recall.list("memories"); len(hits) != 1 || hits[0]["content"] != "" || strings.Contains(recall.text, "private") {
		t.Errorf("repeated recall: %s", recall.text)
	}
}

func TestARefusalFreesTheKey(t *testing.T) {
	s := open(t)
	id := s.remember("x")
	s.do(200, "DELETE", "/v1/memories/"+id, "")
	s.refused(404, "not_found", "POST", "/v1/webhooks/wh_none/test", "", key("k")...)
	s.refused(404, "not_found", "POST", "/v1/webhooks/wh_none/test", "", key("k")...)
	s.do(201, "POST", "/v1/remember", `{"content":"another body"}`, key("k")...)
	for _, bad := range []string{" ", "a b", "é", strings.Repeat("k", 256)} {
		s.refused(400, "invalid_field", "POST", "/v1/remember", `{"content":"x"}`, "Idempotency-Key", bad)
	}
	s.do(201, "POST", "/v1/remember", `{"content":"x"}`, key(strings.Repeat("k", 255))...)
}

func TestKeysOfCallersAreApartAndEnd(t *testing.T) {
	s := open(t)
	other := "Bearer " + s.do(201, "POST", "/v1/keys", `{}`).str("key")
	first := s.do(201, "POST", "/v1/remember", `{"content":"x"}`, key("k")...)
	theirs := s.do(201, "POST", "/v1/remember", `{"content":"x"}`, "Idempotency-Key", "k", "Authorization", other)
	if theirs.str("id") == first.str("id") {
		t.Error("another key's idempotency key is another")
	}
	s.clock.move(25 * time.Hour)
	if late := s.do(201, "POST", "/v1/remember", `{"content":"x"}`, key("k")...); late.str("id") == first.str("id") {
		t.Error("after a day the key is free")
	}
}

func TestOneOfManyAtOnce(t *testing.T) {
	s := open(t)
	s.do(200, "GET", "/v1/webhooks", "")
	head := s.head()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a := s.serve(request("POST", "/v1/remember", `{"content":"x"}`, key("k")...))
			if a.status != 201 && a.status != 409 {
				t.Errorf("status %d: %s", a.status, a.text)
			}
		})
	}
	wg.Wait()
	if s.head() != head+1 {
		t.Errorf("%d events", s.head()-head)
	}
}

func TestReceiptsHoldNoContentAndNoSecret(t *testing.T) {
	kept := &oncetest.Receipts{}
	s := open(t, func(c *httpapi.Config) { c.Once = once.New(kept) })
	s.do(200, "POST", "/v1/memory-set", `{"key":"sentinel-key","value":"sentinel-value","tags":["sentinel-tag"],"metadata":{"sentinel":1}}`, key("1")...)
	id := ""
	for i, c := range [][2]string{
		{"/v1/remember", `{"content":"sentinel","tags":["sentinel-tag"],"user_id":"sentinel-user","metadata":{"sentinel":1}}`},
		{"/v1/recall", `{"query":"sentinel"}`},
		{"/v1/memory-get", `{"key":"sentinel-key"}`},
		{"/v1/memory-search", `{"query":"sentinel"}`},
		{"/v1/memory-list", `{}`},
		{"/v1/webhooks", anyHook},
		{"/v1/webhooks/{id}/rotate-secret", `{}`},
		{"/v1/keys", `{}`},
	} {
		a := s.serve(request("POST", strings.ReplaceAll(c[0], "{id}", id), c[1], key(string(rune('a'+i)))...))
		if a.status/100 != 2 {
			t.Fatalf("%s: %s", c[0], a.text)
		}
		id = a.str("id")
	}
	for _, r := range kept.All() {
		for _, bad := range []string{"sentinel", "whsec_", "ap_"} {
			if strings.Contains(string(r.Answer), bad) {
				t.Errorf("a receipt holds %s: %s", bad, r.Answer)
			}
		}
		if !r.Done() {
			t.Errorf("unfinished: %+v", r)
		}
	}
}

// A repetition tells the secret that was told, never a later one.
func TestARotatedSecretIsNotToldByAnOldRequest(t *testing.T) {
	s := open(t)
	areev := `{"name":"h","delivery_mode":"webhook","url":"https://example.com/","generate_secret":true}`
	for path, body := range map[string]string{"/v1/webhooks": anyHook, home + "/hooks": areev} {
		made := s.do(201, "POST", path, body, key(path)...)
		at := path + "/" + made.str("id") + "/rotate-secret"
		again := s.do(201, "POST", path, body, key(path)...)
		if made.str("secret") == "" || again.text != made.text {
			t.Errorf("told %s then %s", made.text, again.text)
		}
		turned := s.do(200, "POST", at, `{}`, key(at)...)
		if a := s.do(200, "POST", at, `{}`, key(at)...); a.text != turned.text || a.str("secret") == "" {
			t.Errorf("told %s then %s", turned.text, a.text)
		}
		if late := s.do(201, "POST", path, body, key(path)...); late.str("secret") != "" || late.str("id") != made.str("id") {
			t.Errorf("after a rotation: %s", late.text)
		}
		s.do(200, "POST", at, `{"secret":"mine"}`)
		if a := s.do(200, "POST", at, `{}`, key(at)...); a.str("secret") != "" {
			t.Errorf("after another rotation: %s", a.text)
		}
	}
}

func TestResumeNeedsActiveAtBothDoors(t *testing.T) {
	s := open(t)
	areev := `{"name":"h","delivery_mode":"webhook","url":"https://example.com/"}`
	for path, body := range map[string]string{"/v1/webhooks": anyHook, home + "/hooks": areev} {
		at := path + "/" + s.do(201, "POST", path, body).str("id")
		for _, change := range []string{`{"resume":"latest"}`, `{"resume":"backlog","active":false}`} {
			s.refused(400, "invalid_field", "PATCH", at, change)
		}
		s.do(200, "PATCH", at, `{"active":false}`)
		s.do(200, "PATCH", at, `{"active":true,"resume":"latest"}`)
	}
}

func TestWorkThatDiedIsRepeatedWithTheSameIDs(t *testing.T) {
	kept := &forgetful{}
	s := open(t, func(c *httpapi.Config) { c.Once = once.New(kept) })
	s.do(201, "POST", "/v1/remember", `{"content":"the memory exists, and has a head"}`)
	for path, body := range map[string]string{"/v1/remember": `{"content":"x"}`, "/v1/memory-set": `{"key":"k","value":"v"}`, "/v1/webhooks": anyHook, "/v1/keys": `{}`} {
		first := s.serve(request("POST", path, body, key(path)...))
		head := s.head()
		s.refused(409, "conflict", "POST", path, body, key(path)...)
		s.clock.move(time.Minute)
		again := s.do(first.status, "POST", path, body, key(path)...)
		if again.text != first.text || s.head() != head {
			t.Errorf("%s answered\n%s then\n%s, and raised %d events", path, first.text, again.text, s.head()-head)
		}
	}
}

// forgetful loses every answer, as a process does that dies before it is kept.
type forgetful struct{ oncetest.Receipts }

func (f *forgetful) Finish(context.Context, once.Receipt) error { return nil }
