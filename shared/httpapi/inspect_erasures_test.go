package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

func (s *service) erase(body string) {
	s.tb.Helper()
	s.do(200, "POST", home+"/forget", body)
}

// erasedSeqs are the seqs of a list of erasures.
func erasedSeqs(a said) string {
	var all []any
	for _, e := range a.list("erasures") {
		all = append(all, e["seq"])
	}
	return fmt.Sprint(all...)
}

func TestErasuresAreListedAlsoBelowTheFloor(t *testing.T) {
	s := open(t)
	if a := s.do(200, "GET", home+"/erasures", ""); erasedSeqs(a) != "" || a.str("next_cursor") != "" {
		t.Errorf("none: %s", a.text)
	}
	for i := range 3 {
		s.event("of a person", fmt.Sprintf(`,"user_id":"u-%d"`, i)) // 1, 4, 7
		s.erase(fmt.Sprintf(`{"user_id":"u-%d"}`, i))               // 2 and 3, 5 and 6, 8 and 9
	}
	s.event("of a scope", `,"scope_path":"acme/prod"`)
	s.erase(`{"scope_path":"acme"}`) // 11
	check := func(when string) {
		t.Helper()
		if a := s.do(200, "GET", home+"/erasures", ""); erasedSeqs(a) != "11 8 5 2" || a.str("next_cursor") != "" || a.body["looked_to_seq"] != 1.0 {
			t.Errorf("%s: %s", when, a.text)
		}
		seen, cursor := "", ""
		for range 9 {
			page := s.do(200, "GET", home+"/erasures?limit=1"+cursor, "")
			seen += erasedSeqs(page) + " "
			if page.str("next_cursor") == "" {
				break
			}
			cursor = "&cursor=" + page.str("next_cursor")
		}
		if strings.TrimSpace(seen) != "11 8 5 2" {
			t.Errorf("%s, page by page: %s", when, seen)
		}
	}
	check("all in the log")
	first := s.do(200, "GET", home+"/erasures", "").list("erasures")[0]
	if first["scope_path"] != "acme" || first["user_id"] != nil || first["count"] != 1.0 || len(first["key_fingerprint"].(string)) != 16 || !instant.MatchString(first["at"].(string)) {
		t.Errorf("the newest: %v", first)
	}
	m := change.Memory{Tenant: "default", ID: "default"}
	for _, floor := range []int64{6, 12, 13} {
		s.must(s.cloud.Compactor.Compact(t.Context(), m, floor))
		check(fmt.Sprint("compacted up to ", floor))
	}
	if a := s.do(200, "GET", home+"/erasures/"+first["event_id"].(string), ""); a.body["seq"] != 11.0 || len(a.list("told")) != 0 {
		t.Errorf("one below the floor: %s", a.text)
	}
	for _, query := range []string{"?cursor=x", "?cursor=0", "?cursor=-4", "?limit=101"} {
		s.refused(400, "invalid_field", "GET", home+"/erasures"+query, "")
	}
}

func TestAnErasureSaysWhoHadBeenTold(t *testing.T) {
	s, good, bad := open(t), receive(t, 200), receive(t, 500)
	s.deliver()
	all := s.named("all", good.to(""))
	some := s.named("some", good.to(`,"filter":{"tags":["a"]}`))
	failing := s.named("failing", bad.to(`,"max_retries":0`))
	s.named("polled", cdc)
	s.event("one", `,"user_id":"u-1","tags":["a"]`)
	s.event("two", `,"user_id":"u-1"`)
	s.event("another's", `,"user_id":"u-2","tags":["a"]`)
	s.event("in a scope", `,"scope_path":"acme/prod/eu"`)
	s.event("beside it", `,"scope_path":"acme/production"`)
	s.event("in a namespace", `,"namespace":"acme/prod"`)
	ended := s.event("forgotten before", `,"user_id":"u-1"`)
	s.do(200, "POST", home+"/forget", `{"blob_hash":"`+ended+`"}`)
	s.waits(all, "delivered", 8)
	s.waits(some, "delivered", 2)
	s.waits(failing, "dead", 8)
	bad.answer(200)
	s.do(200, "POST", home+"/dead-letters/dlv_"+failing+".2.0/redrive", "")
	s.waits(failing, "delivered", 1)
	s.erase(`{"user_id":"u-1"}`)
	s.erase(`{"scope_path":"acme/prod"}`)
	list := s.do(200, "GET", home+"/erasures", "").list("erasures")
	for i, want := range []string{"all 2, ", "all 3, some 1, failing 1, "} {
		a := s.do(200, "GET", home+"/erasures/"+list[i]["event_id"].(string), "")
		told := ""
		for _, r := range a.list("told") {
			told += fmt.Sprint(r["name"], " ", r["delivered"], ", ")
			if !instant.MatchString(r["last_at"].(string)) || !strings.HasPrefix(r["url"].(string), "http") || !strings.HasPrefix(r["hook"].(string), "hook-") {
				t.Errorf("%v", r)
			}
		}
		if told != want || a.body["looked_from_seq"] != 1.0 || a.body["event_id"] != list[i]["event_id"] || a.body["truncated"] != nil {
			t.Errorf("%d: %s, want %s", i, a.text, want)
		}
	}
	for _, ref := range []string{"1", "999", "evt_x", "evt_01K2W6Y7000000000000000000"} {
		s.refused(404, "not_found", "GET", home+"/erasures/"+ref, "")
	}
}
