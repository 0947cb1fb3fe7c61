package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// do calls the server and wants no refusal.
func (f *fixture) do(t *testing.T, method, path string, body map[string]any) client.Doc {
	t.Helper()
	answer, err := f.Do(t.Context(), method, path, nil, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

// objects are what a memory's grains say that are about somebody.
func (f *fixture) objects(t *testing.T, memory, subject string) (found []string) {
	t.Helper()
	for _, hit := range f.do(t, "POST", "/api/memories/"+memory+"/recall", map[string]any{"subject": subject}).List("hits") {
		found = append(found, hit.Doc("fields").Text("object"))
	}
	slices.Sort(found)
	return found
}

// erasedIn are the ids of a log's erasures.
func (f *fixture) erasedIn(t *testing.T, hook string) (ids []string) {
	t.Helper()
	for _, e := range f.do(t, "GET", "/api/memories/default/hooks/"+hook+"/events", nil).List("events") {
		if e.Doc("event").Text("event_type") == "crypto_erase" {
			ids = append(ids, e.Text("id"))
		}
	}
	return ids
}

// moved backs a data folder up and restores it elsewhere, with a list of what
// was erased, and says how much of that was erased again.
func moved(t *testing.T, backup, erased string) (dir string, again int) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	var out bytes.Buffer
	w := world{screen: terminal.Screen{Out: &out, Err: &out}, now: time.Now}
	c := restoreCommand{dataFolder: dataFolder{Data: dir, JSON: true}, From: backup, Erasures: erased}
	if err := c.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	var done restored
	if err := json.Unmarshal(out.Bytes(), &done); err != nil {
		t.Fatal(err)
	}
	return dir, done.Erased
}

// Who was erased after a backup, by name, by scope or with a memory, does not
// come back with it; the event of the erasure does, under its id. Who was not
// stays, and so does what was written later.
func TestARestoreBringsNobodyBack(t *testing.T) {
	folder := t.TempDir()
	live := start(t, filepath.Join(folder, "data"), "MEMHOOKS_AUTO_CREATE=on")
	add := func(f *fixture, memory, subject, object string, more map[string]any) {
		body := map[string]any{"subject": subject, "relation": "likes", "object": object}
		for k, v := range more {
			body[k] = v
		}
		f.do(t, "POST", "/api/memories/"+memory+"/add", body)
	}
	hook := live.do(t, "POST", "/api/memories/default/hooks", map[string]any{"name": "log", "delivery_mode": "cdc"}).Text("id")
	add(live, "default", "zoe", "tea", map[string]any{"user_id": "zoe"})
	live.do(t, "POST", "/api/memories/default/forget", map[string]any{"user_id": "zoe"})
	add(live, "default", "zoe", "milk", map[string]any{"user_id": "zoe"}) // allowed again, and before the backup
	add(live, "default", "ann", "tea", map[string]any{"user_id": "ann"})
	add(live, "default", "bob", "tea", map[string]any{"user_id": "bob"})
	add(live, "default", "team", "tea", map[string]any{"scope_path": "acme/prod/eu"})
	add(live, "work", "ann", "rum", nil)
	worked := live.do(t, "POST", "/api/memories/work/hooks", map[string]any{"name": "log", "delivery_mode": "cdc"}).Text("id")
	if err := keep(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	live.do(t, "POST", "/api/memories/default/forget", map[string]any{"user_id": "ann"})
	live.do(t, "POST", "/api/memories/default/forget", map[string]any{"scope_path": "acme/prod"})
	live.do(t, "DELETE", "/api/memories/work/hooks/"+worked, nil)
	live.do(t, "DELETE", "/api/memories/work", nil)
	monday, erased := filepath.Join(folder, "backups", "monday"), filepath.Join(folder, "erasures.jsonl")
	writeErasures(t, filepath.Join(folder, "data"), erased)

	dir, again := moved(t, monday, erased)
	if again != 3 {
		t.Errorf("%d were erased again", again)
	}
	second := start(t, dir)
	for subject, want := range map[string][]string{"ann": nil, "team": nil, "bob": {"tea"}, "zoe": {"milk"}} {
		if got := second.objects(t, "default", subject); !slices.Equal(got, want) {
			t.Errorf("of %s there is %q, not %q", subject, got, want)
		}
	}
	if _, err := second.Do(t.Context(), "GET", "/api/memories/work", nil, nil); err == nil {
		t.Error("the removed memory is back")
	}
	if got, want := second.erasedIn(t, hook), live.erasedIn(t, hook); !slices.Equal(got, want) || len(want) != 3 {
		t.Errorf("the erasures are %q, and were %q", got, want)
	}

	// The list of the old server takes nothing of what came after.
	add(second, "default", "ann", "wine", map[string]any{"user_id": "ann"})
	later := filepath.Join(folder, "backups", "later")
	w := world{screen: terminal.Screen{Out: &bytes.Buffer{}}, now: time.Now}
	if err := (backupCommand{dataFolder: dataFolder{Data: dir}, To: later, WithMasterKey: true}).Run(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	writeErasures(t, filepath.Join(folder, "data"), erased)
	dir, again = moved(t, later, erased)
	if got := start(t, dir).objects(t, "default", "ann"); again != 0 || !slices.Equal(got, []string{"wine"}) {
		t.Errorf("%d erased again, of ann there is %q", again, got)
	}
}

// writeErasures writes what was erased in a data folder to a file.
func writeErasures(t *testing.T, dir, file string) {
	t.Helper()
	var out bytes.Buffer
	if err := (erasuresCommand{Data: dir}).Run(t.Context(), world{screen: terminal.Screen{Out: &out}, now: time.Now}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
