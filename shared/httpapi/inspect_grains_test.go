package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

func TestGrainsAreFoundWithoutAnEvent(t *testing.T) {
	s := open(t)
	for i := range 5 {
		s.event(fmt.Sprint("tea number ", i), fmt.Sprintf(`,"namespace":"n%d","tags":["t%d"],"user_id":"u-1"`, i%2, i%3))
	}
	s.do(200, "POST", home+"/add", `{"subject":"user","relation":"likes","object":"tea","confidence":0.50}`)
	head := s.head()
	for query, n := range map[string]int{
		"": 6, "?q=tea": 6, "?q=number+3": 5, "?q=coffee": 0, "?namespace=n1": 2, "?grain_type=belief": 1, "?tag=t0": 2, "?tag=t1&namespace=n1": 1, "?limit=2": 2, "?q=tea&limit=3": 3, "?namespace=no": 0,
	} {
		if a := s.do(200, "GET", home+"/grains"+query, ""); len(a.list("hits")) != n {
			t.Errorf("%s: %s", query, a.text)
		}
	}
	a := s.do(200, "GET", home+"/grains?namespace=n0&limit=1", "")
	hit := a.list("hits")[0]
	if a.body["total"] != 3.0 || a.body["truncated"] != false || hit["version"] != 1.0 || hit["user_id"] != "u-1" || hit["memory_id"] != "mem_"+hit["hash"].(string)[:32] ||
		hit["grain_type"] != "event" || hit["score"] != 1.0 || !instant.MatchString(hit["created_at"].(string)) || hit["fields"].(map[string]any)["content"] != "tea number 4" {
		t.Errorf("the newest: %s", a.text)
	}
	if exact := s.do(200, "GET", home+"/grains?grain_type=belief", ""); !strings.Contains(exact.text, `"confidence":0.50`) {
		t.Errorf("numbers as they were written: %s", exact.text)
	}
	for _, query := range []string{"?limit=101", "?grain_type=no", "?colour=red"} {
		s.refused(400, "invalid_field", "GET", home+"/grains"+query, "")
	}
	s.refused(413, "payload_too_large", "GET", home+"/grains?q="+strings.Repeat("a", 8193), "")
	if s.head() != head {
		t.Error("an event was raised")
	}
}

// states are the versions of a grain's history with their states.
func states(a said) string {
	out := ""
	for _, v := range a.list("versions") {
		out += fmt.Sprint(v["version"], " ", v["state"], " ", v["seq"], " ", v["withheld"], ", ")
	}
	return out
}

func TestAGrainShowsAllItsVersions(t *testing.T) {
	s := open(t)
	hashes := []string{s.event("v1", `,"user_id":"u-1","scope_path":"acme/prod"`)}
	for i := 2; i <= 4; i++ {
		s.event(fmt.Sprint("other ", i), "")
		hashes = append(hashes, s.do(200, "POST", home+"/supersede", fmt.Sprintf(`{"blob_hash":%q,"grain_type":"event","content":"v%d","user_id":"u-1"}`, hashes[i-2], i)).str("blob_hash"))
	}
	for _, ref := range append(hashes, "mem_"+hashes[0][:32]) {
		a := s.do(200, "GET", home+"/grains/"+ref, "")
		if states(a) != "4 current 7 <nil>, 3 superseded 5 <nil>, 2 superseded 3 <nil>, 1 superseded 1 <nil>, " || a.str("lineage") != hashes[0] || a.str("memory_id") != "mem_"+hashes[0][:32] || a.str("state") != "current" || a.body["truncated"] != nil {
			t.Errorf("%s: %s", ref, a.text)
		}
		if first := a.list("versions")[3]; first["fields"].(map[string]any)["content"] != "v1" || first["scope_path"] != "acme/prod" || first["user_id"] != "u-1" || !instant.MatchString(first["created_at"].(string)) {
			t.Errorf("the first: %v", first)
		}
	}
	s.must(s.cloud.Compactor.Compact(t.Context(), change.Memory{Tenant: "default", ID: "default"}, 6))
	if a := s.do(200, "GET", home+"/grains/"+hashes[3], ""); states(a) != "4 current 7 <nil>, 3 superseded 5 <nil>, 1 superseded 1 <nil>, " || a.body["truncated"] != true {
		t.Errorf("the log ends at 6: %s", a.text)
	}
	if a := s.do(200, "GET", home+"/grains/"+hashes[1], ""); states(a) != "4 current 7 <nil>, 3 superseded 5 <nil>, 2 superseded 3 <nil>, 1 superseded 1 <nil>, " || a.body["truncated"] != nil {
		t.Errorf("the one that was asked for is told: %s", a.text)
	}
	s.do(200, "POST", home+"/forget", `{"blob_hash":"`+hashes[0]+`"}`)
	if a := s.do(200, "GET", home+"/grains/"+hashes[2], ""); a.str("state") != "gone" || strings.Contains(a.text, "fields") || !strings.HasPrefix(states(a), "4 gone 7 forgotten, ") {
		t.Errorf("forgotten: %s", a.text)
	}
	erased := s.event("of a person", `,"user_id":"u-2"`)
	s.do(200, "POST", home+"/forget", `{"user_id":"u-2"}`)
	if a := s.do(200, "GET", home+"/grains/"+erased, ""); states(a) != "1 gone 9 erased, " || strings.Contains(a.text, "of a person") {
		t.Errorf("erased: %s", a.text)
	}
	for _, ref := range []string{strings.Repeat("a", 64), "mem_" + strings.Repeat("a", 32), "evt_x", "mem_x", "7"} {
		s.refused(404, "not_found", "GET", home+"/grains/"+ref, "")
	}
}

func TestAGrainOfManyVersionsShowsTheNewest(t *testing.T) {
	s := open(t)
	last := s.event("v1", "")
	for i := 2; i <= 120; i++ {
		last = s.do(200, "POST", home+"/supersede", fmt.Sprintf(`{"blob_hash":%q,"grain_type":"event","content":"v%d"}`, last, i)).str("blob_hash")
	}
	a := s.do(200, "GET", home+"/grains/"+last, "")
	all := a.list("versions")
	if len(all) != 99 || all[0]["version"] != 120.0 || all[97]["version"] != 23.0 || all[98]["version"] != 1.0 || a.body["truncated"] != true {
		t.Errorf("%d versions: %.300s", len(all), a.text)
	}
}
