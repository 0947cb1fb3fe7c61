package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// mostSaid is what an answer may have on every cloud, in bytes.
const mostSaid = 3 << 20

// large is so much text that twelve times as much does not fit into an answer.
var large = strings.Repeat("tea ", 24_000)

func TestAStoryOfMuchContentIsCut(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	first := s.named("first", r.to(""))
	for i := range 49 {
		s.named(fmt.Sprint("polled ", i), cdc)
	}
	s.event(large, "")
	s.waits(first, "delivered", 1)
	for range 30 {
		s.do(200, "POST", home+"/hooks/"+first+"/replay", `{"from_seq":1}`)
		s.waits(first, "delivered", 1)
	}
	a, hooks := s.story("1")
	bodies, cut := strings.Count(a.text, large[:len(large)-1]), strings.Count(a.text, `"truncated":true`)
	if len(a.text) > mostSaid || a.body["truncated"] != true || bodies < 8 || bodies > 10 || bodies+cut != 50+1 {
		t.Errorf("%d bytes with %d bodies, %d cut", len(a.text), bodies, cut)
	}
	sent := hooks["first"]["deliveries"].([]any)
	for i, d := range sent {
		if body := d.(map[string]any)["body"]; (body != nil) != (i == 0) {
			t.Errorf("delivery %d of %d: a body %v", i, len(sent), body != nil)
		}
	}
	if len(sent) != 31 {
		t.Errorf("%d deliveries", len(sent))
	}
}

func TestAHistoryOfMuchContentIsCutButTellsWhatWasAskedFor(t *testing.T) {
	s := open(t)
	hashes := []string{s.event(large, "")}
	for i := 1; i < 40; i++ {
		hashes = append(hashes, s.do(200, "POST", home+"/supersede", fmt.Sprintf(`{"blob_hash":%q,"grain_type":"event","content":"%d %s"}`, hashes[i-1], i, large)).str("blob_hash"))
	}
	for i, hash := range map[int]string{0: hashes[0], 20: hashes[20], 39: hashes[39]} {
		a := s.do(200, "GET", home+"/grains/"+hash, "")
		all, told := a.list("versions"), 0
		for _, v := range all {
			if v["fields"] != nil {
				told++
			}
			if (v["fields"] == nil) != (v["truncated"] == true) {
				t.Errorf("version %v has fields and is truncated, or neither", v["version"])
			}
		}
		if len(a.text) > mostSaid || len(all) != 40 || told < 8 || told > 10 || a.body["truncated"] != true || all[39-i]["fields"] == nil || all[0]["fields"] == nil {
			t.Errorf("%d bytes: %d of %d versions have fields", len(a.text), told, len(all))
		}
	}
}
