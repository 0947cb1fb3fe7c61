package acceptance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// disguises are the forms in which a text may stand in a file: as it is, in
// other cases, in UTF-16 of both byte orders, in hex, in Base64 at each of the
// three offsets.
func disguises(word string) map[string][]byte {
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(word)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	forms := map[string][]byte{
		"plain": []byte(word), "upper": []byte(strings.ToUpper(word)), "lower": []byte(strings.ToLower(word)),
		"UTF-16LE": little, "UTF-16BE": big,
		"hex": []byte(hex.EncodeToString([]byte(word))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(word)))),
	}
	for offset := range 3 {
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), word...))
		// The first and last characters mix with what stands beside the word.
		inner := code[(offset*8+5)/6 : (offset+len(word))*8/6]
		forms[fmt.Sprint("Base64 at ", offset)] = []byte(inner)
		forms[fmt.Sprint("Base64 for URLs at ", offset)] = []byte(strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	return forms
}

// search returns where in the files of a folder a word stands; of none, nowhere.
func search(t testing.TB, dir, word string) []string {
	t.Helper()
	var found []string
	if dir == "" {
		return nil
	}
	forms := disguises(word)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for form, word := range forms {
			if bytes.Contains(raw, word) {
				found = append(found, filepath.Base(path)+" "+form)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// scene is a memory in which a person's content has gone everywhere it can go.
type scene struct {
	instance
	s                          *server
	word                       string // stands in subject, object, content, tags and a field of its own
	feed, fine, dead, waiting  string
	paused                     string
	got, refused, later, quiet *receiver
}

func (c scene) surfaces() []string {
	all := []string{"/hooks/" + c.feed + "/events?limit=1000", "/hooks/" + c.feed + "/snapshot", "/dead-letters", "/hooks"}
	for _, hook := range []string{c.fine, c.dead, c.waiting, c.paused} {
		all = append(all, "/hooks/"+hook+"/deliveries", "/hooks/"+hook+"/events?limit=1000", "/hooks/"+hook)
	}
	return all
}

// visible lists the surfaces of the API on which the word can be read.
func (c scene) visible(t testing.TB) []string {
	t.Helper()
	var at []string
	look := func(where string, a answer) {
		for _, form := range [][]byte{[]byte(c.word), []byte(strings.ToLower(c.word))} {
			if bytes.Contains(a.body, form) {
				at = append(at, where)
				return
			}
		}
	}
	for _, path := range c.surfaces() {
		a := c.get(t, path)
		a.want(t, 200)
		look(path[strings.LastIndex(path, "/")+1:], a)
	}
	for _, letter := range objects(t, c.get(t, "/dead-letters").want(t, 200), "dead_letters") {
		look("letter", c.get(t, "/dead-letters/"+text(t, letter, "id")))
	}
	for where, query := range map[string]object{
		"recall by word": {"query": c.word}, "recall by all": {}, "recall by subject": {"subject": c.word}, "recall by tag": {"tags": list{c.word}},
	} {
		look(where, c.post(t, "/recall", query))
	}
	return at
}

// stageErasure writes the content, and lets it be delivered, refused for good,
// refused for a while, and held.
func stageErasure(t *testing.T, s *server) scene {
	t.Helper()
	c := scene{instance: s.fresh(t), s: s, word: "Sentinel" + strings.ReplaceAll(name("Quokka"), "-", "Z")}
	c.got, c.refused, c.quiet = receive(t), receive(t, status(500)), receive(t)
	c.later = receive(t, status(500), status(500), status(500), status(200))
	c.feed = c.instance.feed(t)
	c.fine = c.push(t, c.got)
	c.dead = c.push(t, c.refused, object{"max_retries": 0})
	c.waiting = c.push(t, c.later)
	c.paused = c.push(t, c.quiet)
	c.call(t, "PATCH", c.path("/hooks/"+c.paused), object{"active": false}).want(t, 200)
	hash := c.add(t, belief(c.word, object{
		"object": "object " + c.word, "content": "content " + c.word, "tags": list{c.word, "x"}, "note": object{"deep": list{c.word}}, "user_id": "erased-person",
	}))
	c.supersede(t, hash, belief(c.word, object{"object": "second " + c.word}))
	c.add(t, object{"grain_type": "event", "content": "a recall finds " + c.word, "user_id": "erased-person"})
	c.add(t, object{"grain_type": "event", "content": "somebody else", "user_id": "another-person"})
	c.got.wait(t, 4)
	c.refused.wait(t, 4)
	c.later.wait(t, 3) // one of each lineage; the next attempts are seconds away
	eventually(t, "dead letters", func() bool {
		return len(objects(t, c.get(t, "/dead-letters?hook="+c.dead).want(t, 200), "dead_letters")) == 4
	})
	return c
}

func TestRow074ErasureReachesLogs(t *testing.T) {
	row(t, 74, "erasure reaches logs")
	s := start(t, 74, settings{"MEMHOOKS_RETRY_BASE": "3s", "MEMHOOKS_RETRY_JITTER": "0"}, "MEMHOOKS_RETRY_BASE", "MEMHOOKS_RETRY_JITTER")
	c := stageErasure(t, s)
	if before := c.visible(t); len(before) < 6 {
		t.Fatalf("before the erasure the word is only at %v", before)
	}
	if s.dir != "" && len(search(t, s.dir, c.id)) == 0 { // the search does see what stands in files
		t.Fatal("the memory's own id is in no file")
	}
	if at := search(t, s.dir, c.word); len(at) != 0 {
		t.Errorf("content stands unsealed at %v", at)
	}
	c.drop(t, object{"user_id": "erased-person"})
	erased := time.Now()
	if after := c.visible(t); len(after) != 0 {
		t.Errorf("after the erasure the word is at %v", after)
	}
	if at := search(t, s.dir, c.word); len(at) != 0 {
		t.Errorf("after the erasure the word is in files: %v", at)
	}
	if len(c.find(t, object{"query": "somebody"})) != 1 {
		t.Error("another person's grain went with it")
	}

	// What was held, waiting or dead goes out without content, and says why.
	c.call(t, "PATCH", c.path("/hooks/"+c.paused), object{"active": true}).want(t, 200)
	before := len(c.refused.await(t, func(r []request) bool { return len(r) >= 4 }))
	c.post(t, "/dead-letters/redrive", object{"hook": c.dead}).want(t, 200)
	for _, r := range c.quiet.wait(t, 5) {
		c.empty(t, r)
	}
	for _, r := range c.refused.wait(t, before+4)[before:] {
		c.empty(t, r)
	}
	for _, r := range c.later.wait(t, 7)[3:] {
		if r.at.After(erased) {
			c.empty(t, r)
		}
	}
	if after := c.visible(t); len(after) != 0 {
		t.Errorf("after later deliveries the word is at %v", after)
	}
	if deployed() { // what its tables hold is searched with the adapter's own tests
		return
	}
	s.stop(t)
	for _, hidden := range []string{c.word, strings.ToLower(c.word)} {
		if at := search(t, s.dir, hidden); len(at) != 0 {
			t.Errorf("in the files of the stopped server: %v", at)
		}
		if strings.Contains(s.output.String(), hidden) {
			t.Error("the server logged content")
		}
	}
	s.start(t)
	if after := c.visible(t); len(after) != 0 {
		t.Errorf("after a restart the word is at %v", after)
	}
}

// empty checks a body that was built after the erasure.
func (c scene) empty(t testing.TB, r request) {
	t.Helper()
	if bytes.Contains(r.body, []byte(c.word)) {
		t.Errorf("built after the erasure: %s", r.body)
	}
	o := r.json(t)
	kind := text(t, o, "event_type")
	if kind != "grain_created" && kind != "grain_superseded" || bytes.Contains(r.body, []byte("somebody else")) {
		return
	}
	exactKeys(t, o, "event_type timestamp_ms hash grain_type namespace redacted")
	holdsAll(t, o, object{"redacted": "erased"})
	if !strings.HasSuffix(string(r.body), `"redacted":"erased"}`) {
		t.Errorf("redacted is not the last key: %s", r.body)
	}
}

func TestRow074ErasureReachesREM(t *testing.T) {
	row(t, 74, "erasure reaches logs")
	c := tenant(t)
	word := "Sentinel" + strings.ReplaceAll(name("Numbat"), "-", "Z")
	rx := receive(t)
	hook := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}, "secret": "s"}), "id")
	id := text(t, c.call(t, "POST", "/v1/remember", object{
		"content": "about " + word, "tags": list{word}, "user_id": "erased-person", "metadata": object{"k": word},
	}).want(t, 201), "id")
	first := rx.exactly(t, 1)[0]
	if !bytes.Contains(first.body, []byte(word)) {
		t.Fatalf("delivered %s", first.body)
	}
	c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": false}).want(t, 200)
	c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "more about " + word}).want(t, 200)
	c.memory("default").drop(t, object{"user_id": "erased-person"})
	c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": true}).want(t, 200)
	got := rx.exactly(t, 3)
	updated, deleted := got[1], got[2]
	if named(t, "memory.deleted")(updated) {
		updated, deleted = deleted, updated
	}
	exactKeys(t, updated.data(t), "memory_id content namespace tags created_at updated_at redacted")
	holdsAll(t, updated.data(t), object{"content": "", "tags": list{}, "redacted": "erased", "memory_id": id})
	exactKeys(t, deleted.data(t), "memory_id namespace tags created_at deleted_at")
	holdsAll(t, deleted.data(t), object{"memory_id": id, "tags": list{}})
	again := c.call(t, "POST", "/v1/webhooks/"+hook+"/deliveries/"+first.header.Get("X-Memhooks-Delivery")+"/redeliver", nil)
	again.want(t, 200)
	for _, r := range rx.exactly(t, 4)[1:] {
		if bytes.Contains(r.body, []byte(word)) {
			t.Errorf("built after the erasure: %s", r.body)
		}
	}
	c.call(t, "GET", "/v1/memories/"+id, nil).refused(t, 404, "not_found")
	if hits := c.recall(t, "default", word); len(hits) != 0 {
		t.Errorf("recalled: %v", hits)
	}
	for _, path := range []string{"/v1/webhooks/" + hook + "/deliveries", "/v1/webhooks", "/v1/dead-letters"} {
		if a := c.call(t, "GET", path, nil); a.status != 200 || bytes.Contains(a.body, []byte(word)) {
			t.Errorf("after the erasure: %v", a)
		}
	}
}
