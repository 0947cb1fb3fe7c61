package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

// among are the ids of the memories that a listing shows, of all its pages.
func (s *service) among(query string) []string {
	s.tb.Helper()
	ids, next := []string{}, ""
	for range 10 {
		a := s.do(200, "GET", "/api/memories?limit=2&"+query+next, "")
		for _, m := range a.list("memories") {
			ids = append(ids, fmt.Sprint(m["id"]))
		}
		if a.str("next_cursor") == "" {
			return ids
		}
		next = "&cursor=" + a.str("next_cursor")
	}
	s.tb.Fatalf("a listing of %s does not come to its end", query)
	return nil
}

func TestMemoriesAreListedByWhatTheyHold(t *testing.T) {
	s, bad := open(t), receive(t, 500)
	ids := []string{"default", "a", "b", "c", "z"}
	for _, id := range ids[1:] {
		s.do(201, "POST", "/api/memories", `{"id":"`+id+`"}`)
	}
	if got := s.among("attention=true"); len(got) != 0 {
		t.Errorf("nothing happened, and somebody is needed in %v", got)
	}
	ill := s.named("ill", bad.to(`,"max_retries":0`))
	idle := s.do(201, "POST", "/api/memories/z/hooks", `{"name":"idle","delivery_mode":"cdc"}`).str("id")
	s.do(200, "PATCH", "/api/memories/z/hooks/"+idle, `{"active":false}`)
	own, twin := s.event("own", ""), `{"grain_type":"event","content":"twin","created_at":1768471200000}`
	twice := s.do(200, "POST", "/api/memories/b/add", twin).str("blob_hash")
	s.do(200, "POST", "/api/memories/c/add", twin)
	s.deliver()
	s.waits(ill, "dead", 1)
	event := fmt.Sprint(s.do(200, "GET", home+"/events", "").list("events")[0]["event_id"])
	letter := fmt.Sprint(s.do(200, "GET", home+"/dead-letters", "").list("dead_letters")[0]["id"])
	for query, want := range map[string]string{
		"": "a b c default z", "attention=true": "default z", "attention=false": "a b c default z",
		"holds=" + event: "default", "holds=" + letter: "default", "holds=" + own: "default", "holds=" + change.MemoryID(own): "default",
		"holds=" + twice: "b c", "holds=" + ill: "default", "holds=" + idle: "z", "attention=true&holds=" + idle: "z", "attention=true&holds=" + twice: "",
		"holds=hook-x": "", "holds=evt_x": "", "holds=dlv_x": "", "holds=7": "", "holds=" + strings.Repeat("0", 64): "",
	} {
		if got := s.among(query); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	admin := s.do(201, "POST", "/v1/keys", `{"name":"n","scopes":["read"],"tenant":"other"}`).str("key")
	if a := s.do(200, "GET", "/api/memories?holds="+own, "", "Authorization", "Bearer "+admin); len(a.list("memories")) != 0 {
		t.Errorf("another tenant is told of %s", a.text)
	}
}

// An id may cost a story's reading in each memory, so one request looks into
// fifty, however many it asks for.
func TestAnIDIsLookedForInFiftyMemoriesARequest(t *testing.T) {
	s := open(t)
	for i := range 50 {
		s.do(201, "POST", "/api/memories", fmt.Sprintf(`{"id":"a-%02d"}`, i))
	}
	id := s.event("own", "") // in the memory default, behind all these
	first := s.do(200, "GET", "/api/memories?limit=1000&holds="+id, "")
	if next := first.str("next_cursor"); len(first.list("memories")) != 0 || next == "" {
		t.Fatalf("fifty memories hold nothing, and the answer is %s", first.text)
	} else if rest := s.do(200, "GET", "/api/memories?limit=1000&holds="+id+"&cursor="+next, ""); len(rest.list("memories")) != 1 || rest.str("next_cursor") != "" {
		t.Errorf("the fifty-first holds it, and the answer is %s", rest.text)
	}
	if a := s.do(200, "GET", "/api/memories?limit=1000", ""); len(a.list("memories")) != 51 {
		t.Errorf("%d memories are listed, want 51", len(a.list("memories")))
	}
}
