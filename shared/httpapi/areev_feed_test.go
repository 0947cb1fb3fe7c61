package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

func TestAreevFeedIsReadInOrder(t *testing.T) {
	s := open(t)
	at := home + "/hooks/" + s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"cdc","filter":{"tags":[{"anything-but":"no"}]}}`).str("id")
	empty := s.do(200, "GET", at+"/events", "")
	if !strings.Contains(empty.text, `"events":[]`) || empty.body["caught_up"] != true || empty.body["has_more"] != false {
		t.Errorf("of nothing: %s", empty.text)
	}
	for i := range 5 {
		tag := "yes"
		if i%2 == 1 {
			tag = "no"
		}
		s.event(fmt.Sprint("e", i), `,"tags":["`+tag+`"]`)
	}
	var seen []string
	cursor := "earliest"
	for range 5 {
		a := s.do(200, "GET", at+"/events?limit=1&after="+cursor, "")
		for _, e := range a.list("events") {
			event := e["event"].(map[string]any)
			seen = append(seen, fmt.Sprintf("%v %v %v", e["seq"], e["prev_seq"], event["fields"].(map[string]any)["content"]))
		}
		if cursor = a.str("next_cursor"); a.body["caught_up"] == true {
			break
		}
	}
	if got := strings.Join(seen, ","); got != "1 0 e0,3 1 e2,5 3 e4" {
		t.Errorf("seen %s", got)
	}
	all := s.do(200, "GET", at+"/events?after=0", "")
	for _, want := range []string{`"head_seq":5`, `"floor_seq":1`, `"lag":{"events":0,"ms":0}`, `"event":{"event_type":"grain_created","timestamp_ms":`, `"id":"evt_`} {
		if !strings.Contains(all.text, want) {
			t.Errorf("no %s in %s", want, all.text)
		}
	}
	if a := s.do(200, "GET", at+"/events?after=3", ""); len(a.list("events")) != 1 {
		t.Errorf("after 3: %s", a.text)
	}
	if a := s.do(200, "GET", at+"/events?after=latest", ""); len(a.list("events")) != 0 {
		t.Errorf("after the latest: %s", a.text)
	}
	for _, query := range []string{"limit=0", "limit=1001", "wait_ms=20001", "wait_ms=-1", "after=x", "after=-1", "after=" + strings.Repeat("A", 60), "form=1"} {
		s.refused(400, "invalid_field", "GET", at+"/events?"+query, "")
	}
	other := home + "/hooks/" + s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.refused(400, "invalid_field", "GET", other+"/events?after="+cursor, "")
}

func TestAreevFeedBelowTheFloorSaysSo(t *testing.T) {
	s := open(t)
	at := home + "/hooks/" + s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.event("old", "")
	s.do(200, "POST", home+"/keys/rotate", "")
	s.event("new", "")
	s.do(200, "PUT", at+"/consumers/slow", "")
	s.must(s.cloud.Compactor.Compact(context.Background(), change.Memory{Tenant: "default", ID: "default"}, 3))
	if slow := s.do(200, "GET", at+"/consumers/slow", ""); slow.body["expired"] != 2.0 || slow.body["lag"] != 3.0 {
		t.Errorf("a consumer that was overtaken says so: %s", slow.text)
	}
	a := s.refused(410, "cursor_compacted", "GET", at+"/events?after=0", "")
	snapshot := at + "/snapshot"
	if e := a.body["error"].(map[string]any); e["floor_seq"] != 3.0 || e["snapshot"] != snapshot {
		t.Errorf("refused: %s", a.text)
	}
	var grains, events []map[string]any
	for path := snapshot + "?limit=1"; ; {
		page := s.do(200, "GET", path, "")
		if page.body["stream_from"] != 3.0 {
			t.Errorf("page %s", page.text)
		}
		grains, events = append(grains, page.list("grains")...), append(events, page.list("events")...)
		if page.str("next_cursor") == "" {
			break
		}
		path = snapshot + "?limit=1&cursor=" + page.str("next_cursor")
	}
	if len(grains) != 2 || len(events) != 1 || events[0]["event"].(map[string]any)["event_type"] != "key_rotated" {
		t.Fatalf("the snapshot holds %v and %v", grains, events)
	}
	for _, g := range grains {
		if g["hash"] != g["event"].(map[string]any)["hash"] {
			t.Errorf("a grain: %v", g)
		}
	}
	s.refused(400, "invalid_field", "GET", snapshot+"?cursor=x", "")
}

func TestAreevConsumers(t *testing.T) {
	s := open(t)
	at := home + "/hooks/" + s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.event("a", "")
	s.event("b", "")
	made := s.do(200, "PUT", at+"/consumers/billing", "")
	if made.str("name") != "billing" || made.body["acked_seq"] != 0.0 || made.body["lag"] != 2.0 || made.body["live"] != true {
		t.Errorf("made %s", made.text)
	}
	page := s.do(200, "GET", at+"/events?limit=1&after="+made.str("cursor"), "")
	ack := s.do(200, "POST", at+"/consumers/billing/ack", `{"cursor":"`+page.str("next_cursor")+`"}`)
	if ack.body["acked_seq"] != 1.0 || ack.body["lag"] != 1.0 {
		t.Errorf("acked %s", ack.text)
	}
	s.do(200, "POST", at+"/consumers/billing/ack", `{"cursor":"2"}`)
	if back := s.do(200, "POST", at+"/consumers/billing/ack", `{"cursor":"`+page.str("next_cursor")+`"}`); back.body["acked_seq"] != 2.0 {
		t.Errorf("an ack went back: %s", back.text)
	}
	if again := s.do(200, "PUT", at+"/consumers/billing", `{"after":"earliest"}`); again.body["acked_seq"] != 2.0 {
		t.Errorf("it keeps its place: %s", again.text)
	}
	s.do(200, "PUT", at+"/consumers/audit", `{"after":"latest"}`)
	if list := s.do(200, "GET", at+"/consumers", "").list("consumers"); len(list) != 2 || list[0]["name"] != "audit" {
		t.Errorf("listed %v", list)
	}
	s.do(200, "GET", at+"/consumers/audit", "")
	s.refused(404, "not_found", "GET", at+"/consumers/nobody", "")
	s.refused(404, "not_found", "POST", at+"/consumers/nobody/ack", `{"cursor":"1"}`)
	s.refused(400, "invalid_field", "POST", at+"/consumers/audit/ack", `{"cursor":"3"}`)
	s.refused(400, "invalid_field", "POST", at+"/consumers/audit/ack", `{"cursor":""}`)
	s.refused(400, "missing_field", "POST", at+"/consumers/audit/ack", `{}`)
	s.refused(400, "invalid_field", "PUT", at+"/consumers/"+strings.Repeat("x", 129), "")
}

// Every event of the catalogue, told by each of its causes.
func TestAreevEvents(t *testing.T) {
	s := open(t)
	hook := func(mode string) string {
		return home + "/hooks/" + s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"cdc","redaction_mode":"`+mode+`"}`).str("id") + "/events"
	}
	full, meta, hash := hook("full"), hook("metadata_only"), hook("hash_only")
	old := s.do(200, "POST", home+"/add", `{"subject":"u","relation":"likes","object":"tea"}`).str("blob_hash")
	now := s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+old+`","subject":"u","relation":"likes","object":"milk"}`).str("blob_hash")
	second := s.do(200, "GET", full+"?after=1&limit=1", "").text
	if !strings.Contains(second, `"hash":"`+now+`"`) || !strings.Contains(second, `"superseded":"`+old+`"`) {
		t.Errorf("superseded: %s", second)
	}
	s.do(200, "POST", home+"/forget", `{"blob_hash":"`+old+`"}`)
	s.event("x", `,"user_id":"p"`)
	s.do(200, "POST", home+"/forget", `{"user_id":"p"}`)
	s.do(200, "POST", home+"/forget", `{"user_id":"p"}`)
	s.event("y", `,"scope_path":"a/b"`)
	s.do(200, "POST", home+"/forget", `{"scope_path":"a"}`)
	s.do(200, "POST", home+"/keys/rotate", "")
	s.do(200, "POST", home+"/recall", `{}`)
	var kinds []string
	for _, e := range s.do(200, "GET", full, "").list("events") {
		kinds = append(kinds, e["event"].(map[string]any)["event_type"].(string))
	}
	want := "grain_created grain_superseded grain_forgotten grain_created crypto_erase grain_created crypto_erase key_rotated"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	for url, keys := range map[string]int{meta: 5, hash: 2} {
		e := s.do(200, "GET", url+"?limit=1", "").list("events")[0]["event"].(map[string]any)
		if e["redacted"] != nil {
			keys++ // it was forgotten meanwhile
		}
		if len(e) != keys {
			t.Errorf("%s shows %v", url, e)
		}
	}
}
