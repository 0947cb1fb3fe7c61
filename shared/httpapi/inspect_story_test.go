package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

// story reads an event's story and returns its hooks by name.
func (s *service) story(ref string) (said, map[string]map[string]any) {
	s.tb.Helper()
	a := s.do(200, "GET", home+"/events/"+ref, "")
	hooks := map[string]map[string]any{}
	for _, h := range a.list("hooks") {
		hooks[h["name"].(string)] = h
	}
	return a, hooks
}

// named makes a hook of a name and returns its id.
func (s *service) named(name, more string) string {
	s.tb.Helper()
	return s.do(201, "POST", home+"/hooks", `{"name":"`+name+`"`+more+`}`).str("id")
}

const cdc = `,"delivery_mode":"cdc"`

func (r *receiver) to(more string) string {
	return `,"delivery_mode":"webhook","url":"` + r.URL + `"` + more
}

func TestAStoryTellsWhoSawAnEventAndWhyOthersDidNot(t *testing.T) {
	s := open(t)
	for name, more := range map[string]string{
		"all": cdc, "rem": cdc + `,"dialect":"rem"`, "forgotten": cdc + `,"event_filters":["grain_forgotten"]`, "elsewhere": cdc + `,"namespace":"a"`,
		"urgent": cdc + `,"filter":{"tags":["urgent"]}`, "bob": cdc + `,"filter":{"user_id":["bob"]}`, "later": cdc + `,"filter":{"tags":["no"]}`,
	} {
		s.named(name, more)
	}
	hash := s.event("some text", `,"tags":["calm"],"user_id":"ann"`)
	s.named("new", cdc)
	for _, h := range s.do(200, "GET", home+"/hooks", "").list("hooks") {
		if h["name"] == "later" {
			s.do(200, "PATCH", home+"/hooks/"+h["id"].(string), `{"filter":null}`)
		}
	}
	a, hooks := s.story(hash)
	for name, why := range map[string]any{
		"all": nil, "rem": nil, "forgotten": "does not ask for grain_created", "elsewhere": `only namespace "a"`, "urgent": `filter: tags meets none of ["urgent"]`,
		"bob": `filter: user_id meets none of ["bob"]`, "later": "its settings were changed since: as they are now it would match", "new": "made after this event",
	} {
		if h := hooks[name]; h["why"] != why || h["matched"] != (why == nil) || (h["body"] != nil) != (why == nil) {
			t.Errorf("%s: %v, want %v", name, h, why)
		}
	}
	if a.body["matched"] != 2.0 || a.body["unmatched"] != 6.0 || a.body["truncated"] != nil || a.list("hooks")[0]["matched"] != true || a.list("hooks")[1]["matched"] != true {
		t.Errorf("those that saw it first: %s", a.text)
	}
	s.do(200, "POST", home+"/forget", `{"blob_hash":"`+hash+`"}`)
	if a, hooks := s.story("1"); hooks["urgent"]["why"] != "filter: it asks for content, which is forgotten, so whether it would match now can't be known" || strings.Contains(a.text, "some text") {
		t.Errorf("after it was forgotten: %s", a.text)
	}
	if a, hooks = s.story(hash); a.body["event"].(map[string]any)["seq"] != 2.0 || hooks["urgent"]["why"] != `filter: tags meets none of ["urgent"]` {
		t.Errorf("the newest event about it: %s", a.text)
	}
}

func TestAStoryShowsWhatWasSent(t *testing.T) {
	s, r := open(t), receive(t, 500)
	s.deliver()
	full := s.named("full", r.to(`,"max_retries":1,"secret":"s3cret"`))
	s.event("the words", "")
	<-r.got
	sent := <-r.got
	s.waits(full, "dead", 1)
	tight := s.do(201, "POST", home+"/hooks", r.areevHook(`,"redaction_mode":"hash_only","dialect":"standard"`)).str("id")
	a, hooks := s.story("1")
	h := hooks["full"]
	first := h["deliveries"].([]any)[0].(map[string]any)
	if h["status"] != "dead" || first["id"] != "dlv_"+full+".1.0" || first["attempts"] != 2.0 || first["body"].(map[string]any)["fields"].(map[string]any)["content"] != "the words" {
		t.Errorf("what was sent: %s", a.text)
	}
	if trail := first["trail"].([]any); len(trail) != 2 || trail[1].(map[string]any)["status"] != 500.0 || trail[1].(map[string]any)["at"] != first["last_attempt_at"] {
		t.Errorf("its attempts: %v", trail)
	}
	shown := 0
	for _, v := range h["headers"].([]any) {
		header := v.(map[string]any)
		name, value := header["name"].(string), header["value"].(string)
		if shown++; strings.Contains(strings.ToLower(name), "signature") {
			if value != "(signature, not kept)" || sent.Header.Get(name) == "" {
				t.Errorf("%s: %q", name, value)
			}
		} else if got := sent.Header.Get(name); got != value {
			t.Errorf("%s: %q is shown, %q was sent", name, value, got)
		}
	}
	if sent.Header.Del("Content-Length"); shown != len(sent.Header) || strings.Contains(a.text, "s3cret") {
		t.Errorf("%d headers shown of %v", shown, sent.Header)
	}
	r.answer(200)
	s.do(200, "POST", home+"/dead-letters/dlv_"+full+".1.0/redrive", "")
	s.waits(full, "delivered", 1)
	if a, hooks = s.story("dlv_" + full + ".1.0"); hooks["full"]["status"] != "delivered" || len(hooks["full"]["deliveries"].([]any)) != 2 {
		t.Errorf("sent again: %s", a.text)
	}
	s.event("more words", "")
	s.waits(tight, "delivered", 1)
	s.do(200, "DELETE", home+"/hooks/"+full, "")
	if a, _ = s.story("2"); strings.Contains(a.text, "words") || !strings.Contains(a.text, `"body":{"type":"grain_created","timestamp":`) {
		t.Errorf("hash_only: %s", a.text)
	}
	s.refused(404, "not_found", "GET", home+"/events/dlv_"+full+".1.0", "")
}

func TestAStoryOfWhatWasErasedWithholdsIt(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	id := s.named("full", r.to(""))
	s.named("polled", cdc)
	s.named("some", cdc+`,"filter":{"subject":["tea"]}`)
	hash := s.event("the words", `,"user_id":"u-1"`)
	s.waits(id, "delivered", 1)
	s.erase(`{"user_id":"u-1"}`)
	a, hooks := s.story("1")
	sent := hooks["full"]["deliveries"].([]any)[0].(map[string]any)
	for name, body := range map[string]any{"full": sent["body"], "polled": hooks["polled"]["body"]} {
		if b, _ := body.(map[string]any); b["redacted"] != "erased" || b["hash"] != hash || b["fields"] != nil {
			t.Errorf("%s: %v", name, body)
		}
	}
	if why := hooks["some"]["why"]; why != "filter: it asks for content, which is erased, so whether it would match now can't be known" || strings.Contains(a.text, "the words") {
		t.Errorf("%v: %s", why, a.text)
	}
}

func TestWhatAnEventIsFoundBy(t *testing.T) {
	s := open(t)
	s.named("h", cdc)
	var hashes []string
	for i := range 300 {
		hashes = append(hashes, s.event(fmt.Sprint("e", i), `,"user_id":"u-1"`))
		if i%50 == 49 {
			s.clock.move(3600e9)
		}
	}
	s.do(200, "POST", home+"/keys/rotate", "")
	newer := s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+hashes[7]+`","grain_type":"event","content":"newer"}`).str("blob_hash")
	all := s.do(200, "GET", home+"/events?limit=200&after=0", "").list("events")
	all = append(all, s.do(200, "GET", home+"/events?limit=200&after=200", "").list("events")...)
	for _, e := range all {
		seq, id := e["seq"].(float64), e["event_id"].(string)
		for _, ref := range []string{id, fmt.Sprint(seq)} {
			if a := s.do(200, "GET", home+"/events/"+ref, ""); a.body["event"].(map[string]any)["event_id"] != id {
				t.Fatalf("%s leads to %s", ref, a.text)
			}
		}
	}
	for hash, want := range map[string]float64{hashes[0]: 1, hashes[299]: 300, hashes[7]: 302, newer: 302} {
		if a := s.do(200, "GET", home+"/events/"+hash, ""); a.body["event"].(map[string]any)["seq"] != want {
			t.Errorf("%s leads to %s, want %v", hash, a.text, want)
		}
	}
	rotated := all[300]["event_id"].(string)
	s.must(s.cloud.Compactor.Compact(t.Context(), change.Memory{Tenant: "default", ID: "default"}, 302))
	for _, ref := range []string{rotated, "301"} {
		if a := s.do(200, "GET", home+"/events/"+ref, ""); a.body["event"].(map[string]any)["event_type"] != "key_rotated" {
			t.Errorf("%s below the floor: %s", ref, a.text)
		}
	}
	for ref, says := range map[string]string{
		all[3]["event_id"].(string): "compacted", "4": "compacted", "0": "the log goes from 302 to 302", "303": "the log goes from",
		"evt_test_01K2W6Y7000000000000000000": "test send", "evt_x": "26 capital", "dlv_hook-x.1.0": "no delivery", "nonsense": "evt_", hashes[9]: "looked through",
		strings.Repeat("a", 64): "no grain", "evt_01K2W6Y7000000000000000000": "looked through", strings.ToUpper(newer): "names no event", "-1": "the log goes",
	} {
		if a := s.refused(404, "not_found", "GET", home+"/events/"+ref, ""); !strings.Contains(a.text, says) {
			t.Errorf("%s: %s", ref, a.text)
		}
	}
}
