package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const home = "/api/memories/default"

func TestAreevAdd(t *testing.T) {
	s := open(t)
	a := s.do(200, "POST", home+"/add", `{"subject":"user","relation":"likes","object":"tea"}`)
	if !regexp.MustCompile(`^\{"blob_hash":"[0-9a-f]{64}","status":"created","seq":1\}\n$`).MatchString(a.text) {
		t.Errorf("answered %s", a.text)
	}
	b := s.do(200, "POST", home+"/add", `{"subject":"user","relation":"likes","object":"tea","created_at":1768471200000,"confidence":null,"tags":null,"anything":{"big":9007199254740993}}`)
	c := s.do(200, "POST", home+"/add", `{"grain_type":"fact","namespace":"default","subject":"user","relation":"likes","object":"tea","created_at":1768471200000,"anything":{"big":9007199254740993}}`)
	if b.str("blob_hash") != c.str("blob_hash") || s.head() != 2 {
		t.Errorf("the same grain twice gave %s and %s, head %d", b.text, c.text, s.head())
	}
	for _, r := range []struct{ code, body string }{
		{"missing_field", `{"subject":"user"}`}, {"missing_field", `{"grain_type":"event","content":""}`}, {"invalid_field", `{"grain_type":"x"}`},
		{"invalid_field", `{"grain_type":7}`}, {"invalid_field", `{"grain_type":"event","content":"x","confidence":2}`}, {"invalid_field", `{"grain_type":"event","content":"x","tags":"a"}`},
		{"invalid_field", `{"grain_type":"event","content":"x","created_at":99999999999999}`}, {"invalid_field", `{"grain_type":"event","content":"x","namespace":["a"]}`},
		{"invalid_json", `{"grain_type":`}, {"invalid_json", `{"content":"\ud800"}`}, {"invalid_field", `[]`},
	} {
		s.refused(400, r.code, "POST", home+"/add", r.body)
	}
	s.refused(413, "payload_too_large", "POST", home+"/add", `{"grain_type":"event","content":"`+strings.Repeat("x", 103_000)+`"}`)
	if s.head() != 2 {
		t.Errorf("a refused add was told: head %d", s.head())
	}
}

func TestAreevBatchAdd(t *testing.T) {
	s := open(t)
	a := s.do(200, "POST", home+"/batch-add", `{"grains":[{"grain_type":"belief","fields":{"subject":"user","relation":"likes","object":"tea"}},{"grain_type":"action","fields":{"content":"refund issued"}}]}`)
	if fmt.Sprint(a.body["added"], a.body["failed"], len(a.body["hashes"].([]any))) != "2 0 2" {
		t.Errorf("answered %s", a.text)
	}
	mixed := s.do(200, "POST", home+"/batch-add", `{"namespace":"n","tags":["shared"],"grains":[
		{"fields":{"subject":"a","relation":"b","object":"c","tags":["own","shared"]}},
		{"grain_type":"nonsense","fields":{}}, 7, {"grain_type":"event"}, {"grain_type":"event","user_id":"u","fields":{"content":"x"}}, {"grain_type":["x"],"fields":{}},
		{"grain_type":"event","fields":{"content":"x","namespace":"mine"}}]}`)
	results := mixed.list("results")
	if fmt.Sprint(mixed.body["added"], mixed.body["failed"], len(results)) != "2 5 7" {
		t.Fatalf("answered %s", mixed.text)
	}
	for i, r := range results {
		failed := i > 0 && i < 6
		if (r["status"] == "failed") != failed || (r["blob_hash"] == nil) != failed || (r["error"] != nil) != failed {
			t.Errorf("result %d: %v", i, r)
		}
	}
	hits := s.do(200, "POST", home+"/recall", `{"namespace":"n"}`).list("hits")
	if len(hits) != 1 || fmt.Sprint(hits[0]["fields"].(map[string]any)["tags"]) != "[own shared]" {
		t.Errorf("in namespace n: %v", hits)
	}
	if got := s.do(200, "POST", home+"/recall", `{"namespace":"mine"}`).list("hits"); len(got) != 1 || got[0]["grain_type"] != "event" {
		t.Errorf("in namespace mine: %v", got)
	}
	one := `{"grain_type":"event","fields":{"content":"x"}}`
	s.refused(400, "invalid_field", "POST", home+"/batch-add", `{"grains":[`+strings.Repeat(one+",", 500)+one+`]}`)
	s.refused(400, "missing_field", "POST", home+"/batch-add", `{}`)
	if full := s.do(200, "POST", home+"/batch-add", `{"grains":[`+strings.Repeat(one+",", 499)+one+`]}`); full.body["added"] != 500.0 {
		t.Errorf("500 grains: %.200s", full.text)
	}
}

func TestAreevTenGrainTypes(t *testing.T) {
	s := open(t)
	for kind, fields := range map[string]string{
		"belief": `"subject":"a","relation":"b","object":"c"`, "event": `"content":"x"`, "state": `"context":{"a":1}`, "workflow": `"nodes":["a"]`,
		"action": `"content":"x"`, "observation": `"content":"x"`, "goal": `"description":"x"`, "reasoning": `"conclusion":"x"`,
		"consensus": `"subject":"a"`, "consent": `"subject_did":"did:a","user_id":"u"`,
	} {
		a := s.do(200, "POST", home+"/batch-add", `{"grains":[{"grain_type":"`+kind+`","fields":{`+fields+`}}]}`)
		hits := s.do(200, "POST", home+"/recall", `{"grain_type":"`+kind+`"}`).list("hits")
		if a.body["added"] != 1.0 || len(hits) != 1 || hits[0]["grain_type"] != kind || hits[0]["hash"] != a.body["hashes"].([]any)[0] {
			t.Errorf("%s: %s, recalled %v", kind, a.text, hits)
		}
	}
}

// upload sends a document; an empty config is left out.
func (s *service) upload(path, name, kind, document, config string) said {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if name != "" {
		part, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {kind},
		})
		s.must(err)
		_, err = part.Write([]byte(document))
		s.must(err)
	}
	if config != "" {
		s.must(form.WriteField("config", config))
	}
	s.must(form.Close())
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Authorization", "Bearer "+adminKey)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return s.serve(r)
}

func TestAreevIngest(t *testing.T) {
	s := open(t)
	text := strings.Repeat("The cat sat on the mat. ", 100)
	a := s.upload(home+"/ingest", "a.md", "text/markdown", text, "")
	if a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.text)
	}
	n, _ := a.body["added"].(float64)
	if a.status != 200 || n < 2 || a.body["failed"] != 0.0 || int64(n) != s.head() {
		t.Fatalf("status %d, head %d: %.300s", a.status, s.head(), a.text)
	}
	for _, h := range s.do(200, "POST", home+"/recall", `{"limit":100}`).list("hits") {
		f := h["fields"].(map[string]any)
		if h["grain_type"] != "event" || h["namespace"] != "default" || f["confidence"] != 0.8 || len(f["content"].(string)) > 1000 {
			t.Errorf("a chunk: %v", h)
		}
	}
	b := s.upload(home+"/import-document", "b.txt", "application/octet-stream", strings.Repeat("same. ", 20), `{"namespace":"docs","tags":["t"],"chunk_size":12,"chunk_overlap":0,"confidence":1,"user_id":"u"}`)
	if b.status != 200 || b.body["added"] != 10.0 {
		t.Errorf("equal chunks: status %d: %.300s", b.status, b.text)
	}
	if gone := s.do(200, "POST", home+"/forget", `{"user_id":"u"}`); gone.body["count"] != 10.0 {
		t.Errorf("erased %s", gone.text)
	}
	if whole := s.upload(home+"/ingest", "c.txt", "text/plain", "abc", `{"chunk_size":10.0}`); whole.body["added"] != 1.0 {
		t.Errorf("a whole number: %s", whole.text)
	}
	if a := s.upload(home+"/ingest", "", "", "", `{}`); a.code() != "missing_field" || !strings.Contains(a.text, "file is missing") {
		t.Errorf("no file: %s", a.text)
	}
	head := s.head()
	for _, c := range []struct {
		status                       int
		name, kind, document, config string
	}{
		{415, "a.pdf", "application/pdf", "%PDF-1.7", ""}, {415, "a.bin", "application/octet-stream", "abc", ""}, {415, "a.txt", "application/pdf", "abc", ""},
		{400, "a.txt", "text/plain", "\xff\xfe", ""}, {400, "a.txt", "text/plain", "a\x00b", ""}, {400, "a.txt", "text/plain", " \n", ""},
		{400, "", "", "", `{}`}, {400, "a.txt", "text/plain", "abc", `[]`}, {400, "a.txt", "text/plain", "abc", `{"chunks":1}`}, {400, "a.txt", "text/plain", "abc", `{`},
		{400, "a.txt", "text/plain", "abc", `{"chunk_size":0}`}, {400, "a.txt", "text/plain", "abc", `{"chunk_size":1.5}`}, {400, "a.txt", "text/plain", "abc", `{"chunk_size":100,"chunk_overlap":51}`},
		{400, "a.txt", "text/plain", "abc", `{"chunk_overlap":-1}`}, {400, "a.txt", "text/plain", "abc", `{"chunk_size":99999999999999999999}`}, {400, "a.txt", "text/plain", strings.Repeat("word ", 10_000), `{"chunk_size":1}`},
	} {
		if got := s.upload(home+"/ingest", c.name, c.kind, c.document, c.config); got.status != c.status || got.code() == "" {
			t.Errorf("%s %s %.20q %s: status %d, want %d: %s", c.name, c.kind, c.document, c.config, got.status, c.status, got.text)
		}
	}
	s.refused(415, "unsupported_media_type", "POST", home+"/ingest", `{}`)
	if s.head() != head {
		t.Errorf("a refused document was told: head %d after %d", s.head(), head)
	}
}

func TestTagsAreBounded(t *testing.T) {
	s := open(t)
	tags := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("%q", fmt.Sprint("t", i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	grains := `"grains":[{"grain_type":"event","fields":{"content":"x","tags":["t1","own"]}}],"tags":`
	id := s.remember("something")
	for _, c := range []struct{ method, path, before string }{
		{"POST", home + "/batch-add", grains}, {"POST", home + "/recall", `"tags":`}, {"POST", "/v1/recall", `"query":"a","tags":`},
		{"POST", "/v1/remember", `"content":"a","tags":`}, {"POST", "/v1/memory-set", `"key":"a","value":"b","tags":`}, {"PATCH", "/v1/memories/" + id, `"tags":`},
	} {
		if a := s.serve(request(c.method, c.path, "{"+c.before+tags(256)+"}")); a.status/100 != 2 {
			t.Errorf("%s: 256 tags: %s", c.path, a.text)
		}
		s.refused(400, "invalid_field", c.method, c.path, "{"+c.before+tags(257)+"}")
	}
	s.refused(400, "invalid_field", "POST", home+"/batch-add", "{"+grains+`["`+strings.Repeat("t", 8193)+`"]}`)
	if a := s.upload(home+"/ingest", "a.txt", "text/plain", "abc", `{"tags":`+tags(257)+`}`); a.status != 400 {
		t.Errorf("ingest: %s", a.text)
	}
	if hits := s.do(200, "POST", home+"/recall", `{"tags":["own"]}`).list("hits"); len(hits) != 1 || len(hits[0]["fields"].(map[string]any)["tags"].([]any)) != 257 {
		t.Errorf("joined: %v", hits)
	}
}

// What a document holds is nowhere but in the store, where it can be erased.
func TestAreevIngestLeavesNoFiles(t *testing.T) {
	s := open(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, size := range []int{100, 9_000, 900_000} {
		config := `{"chunk_size":20000,"tags":["` + strings.Repeat("t", 100) + `"]}`
		if a := s.upload(home+"/ingest", "a.txt", "text/plain", strings.Repeat("a name. ", size/8), config); a.status != 200 {
			t.Errorf("%d bytes: status %d: %.200s", size, a.status, a.text)
		}
		left, err := os.ReadDir(dir)
		if s.must(err); len(left) > 0 {
			t.Fatalf("%d bytes left %v", size, left)
		}
	}
	s.refused(400, "missing_field", "POST", home+"/ingest", "--b\r\nContent-Disposition: form", "Content-Type", "multipart/form-data; boundary=b")
}

// What carries over where it is not given is cleared by null, but for the
// namespace, which every grain has.
func TestNullClearsWhatSupersedeCarriesOver(t *testing.T) {
	s := open(t)
	added := s.do(200, "POST", home+"/add", `{"subject":"a","relation":"b","object":"c","user_id":"u","scope_path":"x/y","confidence":0.4,"namespace":"n","tags":["t"]}`)
	kept := s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+added.str("blob_hash")+`","subject":"a","relation":"b","object":"d"}`)
	recalled := func() (namespace any, fields map[string]any) {
		hit := s.do(200, "POST", home+"/recall", `{}`).list("hits")[0]
		return hit["namespace"], hit["fields"].(map[string]any)
	}
	if n, f := recalled(); n != "n" || f["user_id"] != "u" || f["scope_path"] != "x/y" || f["confidence"] != 0.4 || f["tags"] == nil {
		t.Errorf("carried over: %v %v", n, f)
	}
	s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+kept.str("blob_hash")+`","subject":"a","relation":"b","object":"e","user_id":null,"scope_path":null,"confidence":null,"namespace":null,"tags":null}`)
	if n, f := recalled(); n != "n" || f["user_id"] != nil || f["scope_path"] != nil || f["confidence"] != 1.0 || f["tags"] != nil {
		t.Errorf("after null: %v %v", n, f)
	}
	about := s.do(200, "GET", "/openapi.json", "").text
	if !strings.Contains(about, "user_id, scope_path, confidence, namespace and tags carry over") || strings.Count(about, "That of the grain to replace where absent") != 5 {
		t.Error("the description does not say what carries over")
	}
}

func TestAreevSupersede(t *testing.T) {
	s := open(t)
	old := s.do(200, "POST", home+"/add", `{"subject":"user","relation":"likes","object":"tea","confidence":0.5,"namespace":"n","tags":["a"]}`).str("blob_hash")
	a := s.do(200, "POST", home+"/supersede", `{"blob_hash":"`+old+`","subject":"user","relation":"likes","object":"coffee"}`)
	if a.str("superseded") != old || a.str("blob_hash") == old || a.str("status") != "superseded" || s.head() != 2 {
		t.Errorf("answered %s", a.text)
	}
	hits := s.do(200, "POST", home+"/recall", `{"subject":"user"}`).list("hits")
	if len(hits) != 1 || hits[0]["hash"] != a.str("blob_hash") || hits[0]["namespace"] != "n" {
		t.Fatalf("recalled %v", hits)
	}
	if f := hits[0]["fields"].(map[string]any); f["confidence"] != 0.5 || fmt.Sprint(f["tags"]) != "[a]" || f["object"] != "coffee" {
		t.Errorf("carried over: %v", f)
	}
	s.refused(409, "conflict", "POST", home+"/supersede", `{"blob_hash":"`+old+`","object":"milk"}`)
	s.refused(404, "not_found", "POST", home+"/supersede", `{"blob_hash":"`+strings.Repeat("a", 64)+`","object":"milk"}`)
	s.refused(400, "invalid_field", "POST", home+"/supersede", `{"blob_hash":"abc"}`)
	s.refused(400, "missing_field", "POST", home+"/supersede", `{"object":"milk"}`)
	s.refused(400, "missing_field", "POST", home+"/supersede", `{"blob_hash":"`+a.str("blob_hash")+`","object":"milk"}`)
}

func (s *service) event(content, more string) string {
	s.tb.Helper()
	return s.do(200, "POST", home+"/add", `{"grain_type":"event","content":"`+content+`"`+more+`}`).str("blob_hash")
}

func TestAreevForget(t *testing.T) {
	s := open(t)
	a, b, c := s.event("a", ""), s.event("b", ""), s.event("c", `,"subject":"caf\u00e9"`)
	d := s.event("d", `,"subject":"cafe\u0301"`)
	for _, r := range []struct {
		body string
		want float64
	}{
		{`{"blob_hash":"` + a + `"}`, 1}, {`{"blob_hash":"` + a + `"}`, 0}, {`{"blob_hash":"` + strings.Repeat("a", 64) + `"}`, 0},
		{`{"hashes":["` + b + `","` + b + `","` + a + `"]}`, 1}, {`{"subject":"cafe\u0301"}`, 2}, {`{"subject":"nobody","blob_hash":"` + c + `","hashes":["` + d + `"]}`, 0},
	} {
		if got := s.do(200, "POST", home+"/forget", r.body); got.body["deleted"] != r.want || got.str("status") != "forgotten" {
			t.Errorf("%s: %s", r.body, got.text)
		}
	}
	for _, body := range []string{`{"user_id":"u","blob_hash":"` + a + `"}`, `{"user_id":"u","scope_path":"a"}`, `{"scope_path":"a","subject":"x"}`, `{"user_id":"u","hashes":[]}`, `{"user_id":""}`, `{"scope_path":"/"}`, `{"blob_hash":"ABC"}`, `{"hashes":["x"]}`, `{"subject":""}`, `{"user":"u"}`} {
		s.refused(400, "invalid_field", "POST", home+"/forget", body)
	}
	s.refused(400, "missing_field", "POST", home+"/forget", `{}`)
	s.refused(400, "missing_field", "POST", home+"/forget", `{"hashes":[]}`)
}

func TestAreevErasureIsProved(t *testing.T) {
	s := open(t)
	s.event("x", `,"user_id":"caf\u00e9"`)
	s.event("y", `,"user_id":"caf\u00e9","scope_path":"acme/prod"`)
	s.event("z", `,"scope_path":"acme/prod/eu"`)
	s.event("w", `,"scope_path":"acme/production"`)
	user := s.do(200, "POST", home+"/forget", `{"user_id":"cafe\u0301"}`, "Idempotency-Key", "e1")
	if user.body["count"] != 2.0 || user.body["deleted"] != 2.0 || user.str("user_id") != "café" || user.str("status") != "erased" ||
		!regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(user.str("key_fingerprint")) || user.str("erased_at") == "" {
		t.Errorf("proof %s", user.text)
	}
	if again := s.do(200, "POST", home+"/forget", `{"user_id":"cafe\u0301"}`, "Idempotency-Key", "e1"); again.text != user.text {
		t.Errorf("told again: %s", again.text)
	}
	scope := s.do(200, "POST", home+"/forget", `{"scope_path":"acme/prod/"}`)
	if scope.body["count"] != 1.0 || scope.str("key_fingerprint") == "" {
		t.Errorf("proof %s", scope.text)
	}
	head := s.head()
	none := s.do(200, "POST", home+"/forget", `{"user_id":"nobody"}`)
	if none.body["count"] != 0.0 || strings.Contains(none.text, "key_fingerprint") || s.head() != head {
		t.Errorf("of nobody: %s, head %d after %d", none.text, s.head(), head)
	}
	if left := s.do(200, "POST", home+"/recall", `{}`).list("hits"); len(left) != 1 || left[0]["fields"].(map[string]any)["content"] != "w" {
		t.Errorf("left: %v", left)
	}
}

// Where a function's time is nearly over, a forget says that it goes on.
func TestAreevForgetContinues(t *testing.T) {
	s := open(t)
	hash := s.event("a", `,"subject":"s"`)
	soon, cancel := context.WithTimeout(t.Context(), 3*time.Second) // less than what is kept back to answer in
	defer cancel()
	for _, body := range []string{`{"blob_hash":"` + hash + `"}`, `{"subject":"s"}`} {
		if a := s.serve(request("POST", home+"/forget", body).WithContext(soon)); a.status != 202 || a.str("status") != "continuing" || a.body["deleted"] != 0.0 {
			t.Errorf("out of time: %d %s", a.status, a.text)
		}
	}
	if a := s.do(200, "POST", home+"/forget", `{"subject":"s"}`); a.body["deleted"] != 1.0 || a.str("status") != "forgotten" {
		t.Errorf("repeated: %s", a.text)
	}
}
