package acceptance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"mime/multipart"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var hex64 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// vector is a published grain and its address.
type vector struct {
	ID        string                     `json:"id"`
	GrainType string                     `json:"grain_type"`
	Namespace *string                    `json:"namespace"`
	Input     map[string]json.RawMessage `json:"input"` // raw: 1 and 1.0 differ
	Blob      string                     `json:"blob"`
	Hash      string                     `json:"hash"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/grains.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("testdata/grains.json: %d vectors, %v", len(file.Vectors), err)
	}
	return file.Vectors
}

func raw(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRow044Add(t *testing.T) {
	row(t, 44, "add")
	m := shared(t).fresh(t)
	feed := m.feed(t)
	distinct := map[string]bool{}
	for _, v := range vectors(t) {
		if v.Namespace == nil {
			continue // the API takes no grain without a namespace: it is "default" there
		}
		blob, err := hex.DecodeString(v.Blob)
		if sum := sha256.Sum256(blob); err != nil || hex.EncodeToString(sum[:]) != v.Hash {
			t.Fatalf("%s: the vector's blob does not have its hash (%v)", v.ID, err)
		}
		fields := maps.Clone(v.Input)
		delete(fields, "type") // the specification's word for grain_type
		body := maps.Clone(fields)
		body["grain_type"], body["namespace"] = raw(t, v.GrainType), raw(t, *v.Namespace)
		made := m.post(t, "/add", body)
		if made.status != 200 {
			t.Errorf("%s: %v", v.ID, made)
			continue
		}
		holdsAll(t, made.json(t), object{"blob_hash": v.Hash, "status": "created"})
		delete(fields, "namespace")
		batch := m.post(t, "/batch-add", map[string]any{
			"namespace": *v.Namespace, "grains": list{map[string]any{"grain_type": v.GrainType, "fields": fields}},
		}).want(t, 200)
		holdsAll(t, batch, object{"failed": 0, "hashes": list{v.Hash}})
		distinct[v.Hash] = true
	}
	if len(distinct) < 30 {
		t.Fatalf("only %d addresses were seen", len(distinct))
	}
	for _, e := range m.log(t, feed, len(distinct)) { // what was there already raises nothing
		if !distinct[text(t, e.event, "hash")] {
			t.Errorf("an event with another address: %s", e.Body)
		}
	}

	one := m.post(t, "/add", belief("ann", object{"created_at": 1768471200000})).want(t, 200)
	two := m.post(t, "/add", belief("anne", object{"created_at": 1768471200000})).want(t, 200)
	if one["blob_hash"] == two["blob_hash"] || !hex64.MatchString(text(t, one, "blob_hash")) {
		t.Errorf("addresses %v and %v", one["blob_hash"], two["blob_hash"])
	}
	for _, bad := range []object{
		{}, {"subject": "ann", "relation": "likes"}, {"grain_type": "nonsense", "subject": "a"},
		{"grain_type": "event"}, {"grain_type": "goal", "content": "x"}, belief("ann", object{"confidence": 1.5}),
		belief("ann", object{"confidence": "high"}), belief("ann", object{"tags": "x"}), belief("ann", object{"created_at": 99999999999999}),
		belief("ann", object{"created_at": "yesterday"}),
	} {
		m.post(t, "/add", bad).refused(t, 400, "")
	}
	m.log(t, feed, len(distinct)+2)
}

func TestRow045BatchAdd(t *testing.T) {
	row(t, 45, "batch-add")
	m := shared(t).fresh(t)
	got := m.post(t, "/batch-add", `{"grains":[{"grain_type":"belief","fields":{"subject":"user","relation":"likes","object":"tea"}},{"grain_type":"action","fields":{"content":"refund issued"}}]}`).want(t, 200)
	holdsAll(t, got, object{"added": 2, "failed": 0})
	all, _ := got["hashes"].(list)
	if len(all) != 2 || all[0] == all[1] || !hex64.MatchString(all[0].(string)) || !hex64.MatchString(all[1].(string)) {
		t.Errorf("hashes %v", all)
	}
	if results, _ := got["results"].(list); len(results) != 2 {
		t.Errorf("results %v", got["results"])
	}

	got = m.post(t, "/batch-add", object{
		"namespace": "together", "tags": list{"shared"},
		"grains": list{
			object{"grain_type": "belief", "fields": belief("ann")},
			object{"grain_type": "belief", "fields": object{"subject": "bob", "relation": "likes"}},
			object{"grain_type": "belief", "fields": belief("bob", object{"tags": list{"own"}})},
		},
	}).want(t, 200)
	holdsAll(t, got, object{"added": 2, "failed": 1})
	results := objects(t, got, "results")
	if len(results) != 3 || strings.Contains(string(raw(t, results[0])), "error") || !strings.Contains(string(raw(t, results[1])), "object") {
		t.Errorf("the second grain alone fails, and says that its object is missing: %v", results)
	}
	hits := m.find(t, object{"namespace": "together"})
	if len(hits) != 2 {
		t.Errorf("%d grains, want 2: %v", len(hits), hits)
	}
	if tagged := m.find(t, object{"namespace": "together", "tags": list{"shared"}}); len(tagged) == 0 {
		t.Error("the shared tags are on no grain")
	}

	many := make(list, 501)
	for i := range many {
		many[i] = object{"grain_type": "event", "fields": object{"content": "one of many"}}
	}
	m.post(t, "/batch-add", object{"grains": many}).refused(t, 400, "")
	m.post(t, "/batch-add", object{}).refused(t, 400, "missing_field")
	m.post(t, "/batch-add", object{"grains": "x"}).refused(t, 400, "")
	if n := len(m.find(t, object{})); n != 4 {
		t.Errorf("%d grains after the refusals, want 4", n)
	}
}

// tenTypes has a grain of each type by its name on the wire.
var tenTypes = map[string]object{
	"belief":      {"subject": "user", "relation": "likes", "object": "tea"},
	"event":       {"content": "the user asked"},
	"state":       {"context": object{"step": 3}},
	"workflow":    {"nodes": list{"a", "b"}, "edges": list{object{"src": "a", "dst": "b"}}},
	"action":      {"content": "refund issued"},
	"observation": {"content": "22.5C"},
	"goal":        {"description": "ship it"},
	"reasoning":   {"premises": list{"p"}, "conclusion": "c"},
	"consensus":   {"subject": "s", "relation": "r", "object": "o", "agreement_count": 2},
	"consent":     {"subject_did": "did:key:z6Mk", "user_id": "ann"},
}

func TestRow046TenGrainTypes(t *testing.T) {
	row(t, 46, "ten grain types")
	m := shared(t).fresh(t)
	feed := m.feed(t)
	var grains list
	for _, kind := range slices.Sorted(maps.Keys(tenTypes)) {
		grains = append(grains, object{"grain_type": kind, "fields": tenTypes[kind]})
	}
	got := m.post(t, "/batch-add", object{"grains": grains}).want(t, 200)
	holdsAll(t, got, object{"added": 10, "failed": 0})
	byHash := map[any]string{}
	for _, e := range m.log(t, feed, 10) {
		byHash[e.event["hash"]] = text(t, e.event, "grain_type")
	}
	for i, hash := range got["hashes"].(list) {
		want := grains[i].(object)["grain_type"].(string)
		if byHash[hash] != want {
			t.Errorf("the %s is an event of type %q", want, byHash[hash])
		}
		found := m.find(t, object{"grain_type": want})
		if len(found) != 1 || found[0]["grain_type"] != want || found[0]["hash"] != hash {
			t.Errorf("recall of %s: %v", want, found)
		}
	}
	for alias, kind := range map[string]string{"fact": "belief", "episode": "event", "checkpoint": "state", "tool": "action", "tool_call": "action"} {
		fields := maps.Clone(tenTypes[kind])
		fields["created_at"] = 1768471200000
		fields["grain_type"] = alias
		hash := m.add(t, fields)
		fields["grain_type"] = kind
		if same := m.add(t, fields); same != hash {
			t.Errorf("%s and %s have different addresses", alias, kind)
		}
	}
	bad := m.post(t, "/batch-add", object{"grains": list{object{"grain_type": "opinion", "fields": object{"content": "x"}}}}).want(t, 200)
	holdsAll(t, bad, object{"added": 0, "failed": 1})
}

// upload makes a multipart body of a file and a configuration.
func upload(t *testing.T, file string, config any) (body []byte, kind string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	if file != "" {
		part, err := form.CreateFormFile("file", "notes.md")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	if config != nil {
		_ = form.WriteField("config", string(raw(t, config)))
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), form.FormDataContentType()
}

func TestRow047Ingest(t *testing.T) {
	row(t, 47, "ingest")
	m := shared(t).fresh(t)
	feed := m.feed(t)
	var sentences []string
	for i := range 60 {
		sentences = append(sentences, "Sentence number "+strings.Repeat("x", i%7)+" of this text stands in it once, as "+name("mark")+" says.")
	}
	body, kind := upload(t, "# Title\n\n"+strings.Join(sentences, " "), nil)
	got := m.post(t, "/ingest", body, header("Content-Type", kind)).want(t, 200)
	all, _ := got["hashes"].(list)
	if len(all) < 4 || got["added"] != float64(len(all)) || got["failed"] != 0.0 {
		t.Fatalf("a text of five thousand letters gave %v", got)
	}
	var told []string
	for _, e := range m.log(t, feed, len(all)) {
		holdsAll(t, e.event, object{"event_type": "grain_created", "grain_type": "event", "namespace": "default"})
		if !slices.Contains(all, e.event["hash"]) {
			t.Errorf("an event of no chunk: %s", e.Body)
		}
		fields, _ := e.event["fields"].(object)
		holdsAll(t, fields, object{"confidence": 0.8})
		content := text(t, fields, "content")
		if len([]rune(content)) > 1000 {
			t.Errorf("a chunk has %d letters", len([]rune(content)))
		}
		told = append(told, content)
	}
	together := strings.Join(told, "\n")
	for _, s := range sentences {
		if mark := s[strings.Index(s, "mark"):]; !strings.Contains(together, strings.TrimSuffix(mark, " says.")) {
			t.Errorf("%q is in no chunk", mark)
		}
	}

	config := object{"namespace": "docs", "tags": list{"manual"}, "chunk_size": 200, "chunk_overlap": 20, "confidence": 0.5, "user_id": "ann"}
	body, kind = upload(t, strings.Join(sentences[:10], " "), config)
	got = m.post(t, "/import-document", body, header("Content-Type", kind)).want(t, 200)
	more := len(got["hashes"].(list))
	if more < 4 {
		t.Errorf("chunks of 200 letters: %v", got)
	}
	for _, e := range m.log(t, feed, len(all)+more)[len(all):] {
		holdsAll(t, e.event, object{"namespace": "docs", "tags": list{"manual"}, "user_id": "ann"})
		holdsAll(t, e.event["fields"].(object), object{"confidence": 0.5})
	}

	for _, bad := range []any{object{"chunk_size": 0}, object{"chunk_size": 100, "chunk_overlap": 100}, object{"confidence": 2}, "text"} {
		body, kind = upload(t, "some text", bad)
		m.post(t, "/ingest", body, header("Content-Type", kind)).refused(t, 400, "")
	}
	body, kind = upload(t, "", object{})
	m.post(t, "/ingest", body, header("Content-Type", kind)).refused(t, 400, "")
	body, kind = upload(t, "not UTF-8: \xff\xfe", nil)
	m.post(t, "/ingest", body, header("Content-Type", kind)).refused(t, 400, "")
	m.log(t, feed, len(all)+more)
}

func TestRow048Supersede(t *testing.T) {
	row(t, 48, "supersede")
	m := shared(t).fresh(t)
	feed := m.feed(t)
	old := m.add(t, belief("ann", object{"confidence": 0.7, "tags": list{"b", "a"}, "namespace": "people"}))
	got := m.post(t, "/supersede", belief("ann", object{"blob_hash": old, "object": "coffee"})).want(t, 200)
	next := text(t, got, "blob_hash")
	holdsAll(t, got, object{"superseded": old})
	if text(t, got, "status") == "" || next == old || !hex64.MatchString(next) {
		t.Errorf("answer %v", got)
	}
	hits := m.find(t, object{"subject": "ann"})
	if len(hits) != 1 || hits[0]["hash"] != next {
		t.Fatalf("hits %v, want %s alone", hits, next)
	}
	fields, _ := hits[0]["fields"].(object)
	holdsAll(t, fields, object{"object": "coffee", "confidence": 0.7, "tags": list{"b", "a"}})
	event := m.log(t, feed, 2)[1].event
	holdsAll(t, event, object{"namespace": "people", "tags": list{"b", "a"}, "hash": next, "superseded": old})

	third := m.supersede(t, next, belief("ann", object{"confidence": 0.2, "tags": list{"new"}}))
	fields, _ = m.find(t, object{"subject": "ann"})[0]["fields"].(object)
	holdsAll(t, fields, object{"confidence": 0.2, "tags": list{"new"}, "object": "tea"})

	m.post(t, "/supersede", belief("ann", object{"blob_hash": strings.Repeat("0", 64)})).refused(t, 404, "not_found")
	for _, passed := range []string{old, next} {
		m.post(t, "/supersede", belief("ann", object{"blob_hash": passed, "object": "milk"})).refused(t, 409, "conflict")
	}
	m.post(t, "/supersede", belief("ann")).refused(t, 400, "missing_field")
	m.post(t, "/supersede", belief("ann", object{"blob_hash": "short"})).refused(t, 400, "")
	m.drop(t, object{"blob_hash": third})
	m.post(t, "/supersede", belief("ann", object{"blob_hash": third})).refused(t, 404, "not_found")
	m.log(t, feed, 4)
}
