package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

// seqs are those of a list of events.
func seqs(a said) string {
	var all []any
	for _, e := range a.list("events") {
		all = append(all, e["seq"])
	}
	return fmt.Sprint(all...)
}

func TestEventsAreListedBothWays(t *testing.T) {
	s := open(t)
	s.do(201, "POST", home+"/hooks", cdcHook)
	for i := range 5 {
		s.event(fmt.Sprint("e", i), "")
	}
	for query, want := range map[string]string{
		"": "5 4 3 2 1", "?limit=2": "5 4", "?before=4&limit=2": "3 2", "?before=1": "", "?before=99": "5 4 3 2 1",
		"?after=0&limit=2": "1 2", "?after=3": "4 5", "?after=5": "", "?after=3&wait_ms=20000": "4 5",
	} {
		if a := s.do(200, "GET", home+"/events"+query, ""); seqs(a) != want || a.body["head_seq"] != 5.0 || a.body["floor_seq"] != 1.0 {
			t.Errorf("%s: %s", query, a.text)
		}
	}
	page := s.do(200, "GET", home+"/events?limit=3", "")
	if page.body["next_before"] != 3.0 {
		t.Errorf("where to go on: %s", page.text)
	}
	if last := s.do(200, "GET", home+"/events?before=3", ""); last.body["next_before"] != nil {
		t.Errorf("the last page: %s", last.text)
	}
	for _, query := range []string{"?before=0", "?before=-1", "?before=x", "?after=-1", "?after=x", "?after=6", "?limit=0", "?limit=201", "?after=1&before=3", "?wait_ms=5", "?after=0&wait_ms=20001"} {
		s.refused(400, "invalid_field", "GET", home+"/events"+query, "")
	}
	s.must(s.cloud.Compactor.Compact(t.Context(), change.Memory{Tenant: "default", ID: "default"}, 4))
	if a := s.do(200, "GET", home+"/events", ""); seqs(a) != "5 4" || a.body["floor_seq"] != 4.0 || a.body["next_before"] != nil {
		t.Errorf("compacted: %s", a.text)
	}
	if a := s.do(200, "GET", home+"/events?before=2", ""); seqs(a) != "" {
		t.Errorf("below the floor: %s", a.text)
	}
	s.refused(410, "cursor_compacted", "GET", home+"/events?after=2", "")
}

func TestAnEventIsListedWithWhatIdentifiesIt(t *testing.T) {
	s := open(t)
	s.do(201, "POST", home+"/hooks", cdcHook)
	first := s.event("secret words", `,"user_id":"u-1","scope_path":"acme/prod"`)
	second := s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+first+`","grain_type":"event","content":"secret too"}`).str("blob_hash")
	s.do(200, "POST", home+"/recall", `{"query":"secret"}`)
	s.do(200, "POST", home+"/keys/rotate", "")
	s.do(200, "POST", home+"/forget", `{"user_id":"u-1"}`)
	a := s.do(200, "GET", home+"/events?after=0", "")
	if strings.Contains(a.text, "secret") {
		t.Errorf("content is listed: %s", a.text)
	}
	for i, want := range []string{
		`{"seq":1,"event_id":"evt_`, `"event_type":"grain_created","cause":"created","at":"2026-04-13T10:30:00.`,
		`"hash":"` + first + `","memory_id":"mem_` + first[:32] + `","grain_type":"event","namespace":"default","user_id":"u-1","scope_path":"acme/prod","hooks":1}`,
		`"event_type":"grain_superseded","cause":"superseded"`, `"hash":"` + second + `","superseded":"` + first + `","memory_id":"mem_` + first[:32] + `"`,
		`"event_type":"memory.recalled","cause":"recalled"`, `"count":1,"hooks":0}`,
		`"event_type":"key_rotated","cause":"rotated"`, `"key_id":"`,
		`"event_type":"crypto_erase","cause":"erased"`, `"user_id":"u-1","count":1,"key_fingerprint":"`,
		`"event_type":"memory.deleted","cause":"memory_erased"`,
	} {
		if !strings.Contains(a.text, want) {
			t.Errorf("%d: no %s in %s", i, want, a.text)
		}
	}
}

func TestAWaitingListIsWokenByTheNextEvent(t *testing.T) {
	s := open(t)
	s.event("first", "")
	answered := make(chan said, 1)
	go func() { answered <- s.serve(request("GET", home+"/events?after=1&wait_ms=20000", "")) }()
	s.event("second", "")
	if a := <-answered; a.status != 200 || seqs(a) != "2" || a.body["head_seq"] != 2.0 {
		t.Errorf("%d %s", a.status, a.text)
	}
}
