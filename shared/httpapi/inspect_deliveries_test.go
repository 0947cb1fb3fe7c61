package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestDeliveriesOfAllHooksAreListedAndShown(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	full := s.named("full", r.to(""))
	tight := s.named("tight", r.to(`,"dialect":"rem","redaction_mode":"hash_only"`))
	for i := range 3 {
		s.event(fmt.Sprint("secret ", i), "")
	}
	s.waits(full, "delivered", 3)
	s.waits(tight, "delivered", 3)
	a := s.do(200, "GET", home+"/deliveries", "")
	all := a.list("deliveries")
	if len(all) != 6 || all[0]["seq"] != 3.0 || all[1]["seq"] != 3.0 || all[5]["seq"] != 1.0 || strings.Contains(a.text, "secret") || strings.Contains(a.text, "trail") {
		t.Errorf("all of them: %s", a.text)
	}
	names := map[string]any{full: "grain_created", tight: "memory.created"}
	for _, d := range all {
		if d["event"] != names[d["hook"].(string)] || d["status"] != "delivered" {
			t.Errorf("%v", d)
		}
	}
	page := s.do(200, "GET", home+"/deliveries?limit=4", "")
	rest := s.do(200, "GET", home+"/deliveries?limit=4&cursor="+page.str("next_cursor"), "")
	if len(page.list("deliveries")) != 4 || len(rest.list("deliveries")) != 2 || rest.str("next_cursor") != "" {
		t.Errorf("pages: %s and %s", page.text, rest.text)
	}
	for query, n := range map[string]int{"?status=dead": 0, "?status=delivered": 6, "?since=2999-01-01T00:00:00Z": 0} {
		if got := s.do(200, "GET", home+"/deliveries"+query, "").list("deliveries"); len(got) != n {
			t.Errorf("%s: %d", query, len(got))
		}
	}
	for _, query := range []string{"?cursor=nonsense", "?status=no", "?limit=101", "?since=yesterday"} {
		s.refused(400, "invalid_field", "GET", home+"/deliveries"+query, "")
	}
	one := s.do(200, "GET", home+"/deliveries/dlv_"+full+".1.0", "")
	if trail := one.list("trail"); len(trail) != 1 || trail[0]["status"] != 200.0 || !strings.Contains(one.text, "secret 0") {
		t.Errorf("one: %s", one.text)
	}
	if redacted := s.do(200, "GET", home+"/deliveries/dlv_"+tight+".1.0", ""); strings.Contains(redacted.text, "secret") || !strings.Contains(redacted.text, `"data":{"memory_id":"mem_`) {
		t.Errorf("redacted: %s", redacted.text)
	}
	other := s.instance(`{"id":"other"}`)
	for _, path := range []string{home + "/deliveries/dlv_" + full + ".9.0", home + "/deliveries/x", other + "/deliveries/dlv_" + full + ".1.0"} {
		s.refused(404, "not_found", "GET", path, "")
	}
	s.refused(400, "invalid_field", "GET", other+"/deliveries?cursor="+page.str("next_cursor"), "")
	s.refused(400, "invalid_field", "GET", home+"/deliveries?cursor=2.0.1", "") // what the ledger itself takes
}
