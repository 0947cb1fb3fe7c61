package httpapi_test

import (
	"strings"
	"testing"
)

func TestAFilterIsTriedOnWhatHappened(t *testing.T) {
	s := open(t)
	calm := s.event("calm", `,"tags":["calm"]`)
	s.event("urgent", `,"tags":["urgent"],"namespace":"n"`)
	s.event("urgent and forgotten", `,"tags":["urgent"],"subject":"s"`)
	s.erase(`{"subject":"s"}`)
	s.do(200, "POST", home+"/recall", `{"query":"urgent"}`)
	s.do(200, "POST", home+"/keys/rotate", "")
	id := s.named("h", cdc)
	try := home + "/hooks/" + id + "/try-filter"
	const lost = "filter: it asks for content, which is forgotten, so whether it would have matched can't be known"
	for filter, want := range map[string][]any{ // newest first: rotated, recalled, forgotten, its creation, urgent, calm
		`{}`:                  {true, "its dialect, areev, has no name for it", true, true, true, true},
		`{"tags":["urgent"]}`: {true, "its dialect, areev, has no name for it", true, lost, true, `filter: tags meets none of ["urgent"]`},
		`{"namespace":["n"]}`: {
			true, "its dialect, areev, has no name for it", `filter: namespace meets none of ["n"]`, `filter: namespace meets none of ["n"]`, true, `filter: namespace meets none of ["n"]`,
		},
		`{"subject":["s"]}`: {true, "its dialect, areev, has no name for it", lost, lost, `filter: subject is absent, which none of ["s"] accepts`, `filter: subject is absent, which none of ["s"] accepts`},
	} {
		a := s.do(200, "POST", try, `{"filter":`+filter+`}`)
		matched := 0.0
		for i, e := range a.list("events") {
			if yes := want[i] == true; e["matched"] != yes || !yes && e["why"] != want[i] || yes && e["why"] != nil {
				t.Errorf("%s on %v, want %v", filter, e, want[i])
			} else if yes {
				matched++
			}
		}
		if len(a.list("events")) != 6 || a.body["looked"] != 6.0 || a.body["matched"] != matched {
			t.Errorf("%s: %s", filter, a.text)
		}
	}
	a := s.do(200, "POST", try, `{"filter":{},"limit":1}`)
	if !strings.HasPrefix(a.text, `{"looked":1,"matched":1,"events":[{"seq":6,"event_id":"evt_`) || !strings.Contains(a.text, `"event_type":"key_rotated"`) || strings.Contains(a.text, calm) {
		t.Errorf("the newest alone: %s", a.text)
	}
	if kept := s.do(200, "GET", home+"/hooks/"+id, ""); kept.body["filter"] != nil {
		t.Errorf("the hook's own filter: %s", kept.text)
	}
	for _, filter := range []string{`{"colour":["red"]}`, `{"tags":[]}`, `{"tags":"urgent"}`, `{"tags":[{"suffix":"x"}]}`, `{"event_type":["created"]}`, `{"grain_type":["fact"]}`} {
		made := s.refused(400, "invalid_field", "POST", home+"/hooks", `{"name":"h","delivery_mode":"cdc","filter":`+filter+`}`)
		if tried := s.refused(400, "invalid_field", "POST", try, `{"filter":`+filter+`}`); tried.text != made.text {
			t.Errorf("%s: %s, at creation %s", filter, tried.text, made.text)
		}
	}
	s.refused(400, "missing_field", "POST", try, `{}`)
	s.refused(400, "invalid_field", "POST", try, `{"filter":{},"limit":501}`)
	s.refused(404, "not_found", "POST", home+"/hooks/hook-x/try-filter", `{"filter":{}}`)
}
