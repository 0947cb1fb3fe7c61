package httpapi_test

import (
	"strings"
	"testing"
)

func FuzzAreevInstanceBody(f *testing.F) {
	neverBreaks(f, "POST", "/api/memories", `{"id":"a","name":"n","description":"d","policies":["gdpr"]}`, `{"name":"\u0000"}`, `{"name":"ﬃ"}`)
}

func FuzzAreevInstanceChangeBody(f *testing.F) {
	neverBreaks(f, "PATCH", home, `{"name":"n","description":"d","policies":[]}`)
}

func FuzzAreevAddBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/add", `{"subject":"a","relation":"b","object":"c","created_at":1768471200000,"confidence":0.5,"tags":["phi:x"]}`,
		`{"grain_type":"workflow","nodes":[],"edges":[{"src":"a","dst":"b","max_cycles":1e2}]}`, `{"grain_type":"event","content":"x","n":-0.0,"m":1e308,"namespace":"","scope_path":"/"}`,
		`{"grain_type":"observation","content":"x","object":"y"}`, "{\"content\":\"\ufeffx\",\"grain_type\":\"event\"}")
}

func FuzzAreevBatchBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/batch-add", `{"grains":[{"grain_type":"event","fields":{"content":"x","tags":[{"a":1}]}},null,{"fields":null}],"namespace":"n","tags":["t"]}`)
}

func FuzzAreevSupersedeBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/supersede", `{"blob_hash":"`+strings.Repeat("0", 64)+`","content":"y"}`, `{"blob_hash":null}`)
}

func FuzzAreevForgetBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/forget", `{"hashes":["`+strings.Repeat("0", 64)+`"],"subject":"s"}`, `{"user_id":"u"}`, `{"scope_path":"a/b"}`, "{\"user_id\":\"\ufeff\"}")
}

func FuzzAreevRecallBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/recall", `{"query":"x","subject":"s","grain_type":"fact","tags":["a"],"confidence_threshold":0.5,"limit":3,"scope_path":"/a//","include_siblings":true}`)
}

func FuzzAreevDetectBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/detect-pii", `{"content":"Patient John Smith, DOB 1955-03-15, MRN 12345678"}`)
}

func FuzzAreevHookBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/hooks", cdcHook, `{"name":"h","delivery_mode":"webhook","url":"http://[::ffff:1.2.3.4]/","event_filters":["key_rotated"],"secret":"whsec_!","filter":{"tags":[{"prefix":"a"}]}}`)
}

func FuzzAreevHookChangeBody(f *testing.F) {
	neverBreaks(f, "PATCH", home+"/hooks/{hook}", `{"delivery_mode":"cdc"}`, `{"active":true,"resume":"latest"}`, `{"namespace":null,"filter":null,"acknowledge_pii_risk":true}`)
}

func FuzzAreevReplayBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/hooks/{hook}/replay", `{"from_seq":1,"to_seq":9223372036854775807}`, `{"from":"0001-01-01T00:00:00Z","to":"9999-12-31T23:59:59Z","dry_run":true}`, `{"failed_since":"2026-01-01T00:00:00Z"}`)
}

func FuzzAreevConsumerBodies(f *testing.F) {
	neverBreaks(f, "PUT", home+"/hooks/{hook}/consumers/c", `{"after":"latest"}`, `{"after":"9223372036854775807"}`)
}

func FuzzAreevAckBody(f *testing.F) {
	neverBreaks(f, "POST", home+"/hooks/{hook}/consumers/c/ack", `{"cursor":"0"}`)
}

// FuzzAreevDocument makes up documents and how they are cut.
func FuzzAreevDocument(f *testing.F) {
	s := open(f)
	f.Add("a.md", "text/markdown", "# Title\n\nText.", `{"chunk_size":5,"chunk_overlap":2,"tags":["a"]}`)
	f.Add("a", "", "x", `{"confidence":1e-3,"namespace":null}`)
	f.Fuzz(func(t *testing.T, name, kind, document, config string) {
		s.tb = t
		if strings.ContainsAny(name+kind, "\r\n") {
			return
		}
		if a := s.upload(home+"/ingest", name, kind, document, config); a.status >= 500 || a.status >= 400 && a.code() == "" {
			t.Fatalf("%q %q %q %q: %d %s\n%s", name, kind, document, config, a.status, a.text, s.log.String())
		}
	})
}

// FuzzAreevFeedQuery makes up what asks for a page.
func FuzzAreevFeedQuery(f *testing.F) {
	s := open(f)
	at := home + "/hooks/" + s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.event("x", "")
	for _, seed := range []string{"after=earliest&limit=1", "after=1", "after=9223372036854775807", "cursor=AQ", "after=AQAA%00", "status=dead&since=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		s.tb = t
		if strings.Contains(query, "wait_ms") {
			return // it would wait
		}
		for _, path := range []string{"/events", "/snapshot", "/deliveries"} {
			r := request("GET", at+path, "")
			r.URL.RawQuery = query
			if a := s.serve(r); a.status >= 500 || a.status >= 400 && a.code() == "" {
				t.Fatalf("%s?%s: %d %s\n%s", path, query, a.status, a.text, s.log.String())
			}
		}
	})
}
