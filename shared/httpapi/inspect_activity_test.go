package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// sum adds a number of all buckets.
func sum(a said, name string) (n float64) {
	for _, b := range a.list("buckets") {
		v, _ := b[name].(float64)
		n += v
	}
	return n
}

func TestActivityCountsWhatHappened(t *testing.T) {
	s, good, bad := open(t), receive(t, 200), receive(t, 500)
	if a := s.do(200, "GET", home+"/activity", ""); len(a.list("buckets")) == 0 || sum(a, "events") != 0 || !strings.Contains(a.text, `"hooks":{"total":0,"active":0,"paused":0,"held":0,"disabled":0},"dead_letters":{"count":0,"more":false},"pending":0,"attention":[]}`) {
		t.Errorf("nothing happened: %s", a.text)
	}
	well := s.named("well", good.to(""))
	ill := s.named("ill", bad.to(`,"max_retries":0`))
	idle := s.named("idle", good.to(`,"filter":{"tags":["no"]}`))
	s.event("before the road is open", "")
	if a := s.do(200, "GET", home+"/activity", ""); a.body["pending"] != 2.0 || a.body["oldest_pending_ms"].(float64) <= 0 {
		t.Errorf("waiting: %s", a.text)
	}
	s.deliver()
	for i := range 9 {
		s.event(fmt.Sprint(i), "")
		s.clock.move(time.Second)
	}
	s.waits(well, "delivered", 10)
	s.waits(ill, "dead", 10)
	a := s.do(200, "GET", home+"/activity", "")
	if sum(a, "events") != 10 || sum(a, "delivered") != 10 || sum(a, "failed") != 10 || a.body["pending"] != 0.0 || a.body["bucket_ms"] != 1000.0 || a.body["head_seq"] != 10.0 {
		t.Errorf("all hooks: %s", a.text)
	}
	if n := len(a.list("buckets")); n != 48 || sum(a, "p50_ms") <= 0 || sum(a, "p95_ms") < sum(a, "p50_ms") {
		t.Errorf("%d buckets: %s", n, a.text)
	}
	letters := a.list("attention")
	if len(letters) != 1 || letters[0]["hook"] != ill || letters[0]["name"] != "ill" || letters[0]["kind"] != "dead" || letters[0]["count"] != 10.0 || letters[0]["message"] == "" {
		t.Errorf("attention: %v", letters)
	}
	if one := s.do(200, "GET", home+"/activity?hook="+well, ""); sum(one, "events") != 10 || sum(one, "delivered") != 10 || sum(one, "failed") != 0 || len(one.list("attention")) != 0 || !strings.Contains(one.text, `"hooks":{"total":1,`) {
		t.Errorf("one hook: %s", one.text)
	}
	if few := s.do(200, "GET", home+"/activity?recent=3", ""); sum(few, "events") != 2 || few.list("attention")[0]["count"] != 10.0 {
		t.Errorf("of the newest three: %s", few.text)
	}
	if none := s.do(200, "GET", home+"/activity?hook="+idle, ""); sum(none, "events") != 0 {
		t.Errorf("a hook that saw nothing: %s", none.text)
	}
	s.refused(404, "not_found", "GET", home+"/activity?hook=hook-x", "")
}

func TestActivityNamesHooksThatStand(t *testing.T) {
	s, gone := open(t), receive(t, 410)
	s.deliver()
	disabled := s.named("disabled", gone.to(""))
	s.event("the end of it", "")
	s.waits(disabled, "dead", 1)
	paused := s.named("paused", gone.to(""))
	s.do(200, "PATCH", home+"/hooks/"+paused, `{"active":false}`)
	s.event("kept", "")
	a := s.do(200, "GET", home+"/activity", "")
	kinds := ""
	for _, at := range a.list("attention") {
		kinds += fmt.Sprint(at["name"], " ", at["kind"], " ", at["count"], ", ")
	}
	if kinds != "disabled disabled 1, disabled dead 1, paused paused 1, " || !strings.Contains(a.text, `"hooks":{"total":2,"active":0,"paused":1,"held":0,"disabled":1}`) {
		t.Errorf("%s: %s", kinds, a.text)
	}
}

func TestActivityReachesFarWithFewBuckets(t *testing.T) {
	s := open(t)
	for range 3 {
		s.event("once in a while", "")
		s.clock.move(50 * time.Hour)
	}
	a := s.do(200, "GET", home+"/activity", "")
	buckets := a.list("buckets")
	if len(buckets) < 24 || len(buckets) > 48 || a.body["bucket_ms"] != 6*3600e3 || sum(a, "events") != 3 || buckets[0]["events"] != 1.0 || a.str("from") != "2026-04-13T06:00:00.000Z" || buckets[0]["at"] != a.body["from"] {
		t.Errorf("%d buckets: %s", len(buckets), a.text)
	}
}
