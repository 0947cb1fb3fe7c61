package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/adapter/embedded"
)

// keep makes what examples and scripts restore: a backup with its master key
// of the data in a folder, and what was erased until now.
func keep(ctx context.Context, folder string) error {
	var erased bytes.Buffer
	w := world{screen: terminal.Screen{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, now: time.Now}
	backup := backupCommand{dataFolder: dataFolder{Data: filepath.Join(folder, "data")}, To: filepath.Join(folder, "backups", "monday"), WithMasterKey: true}
	if err := backup.Run(ctx, w); err != nil {
		return err
	}
	w.screen.Out = &erased
	if err := (erasuresCommand{Data: backup.Data}).Run(ctx, w); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "erasures.jsonl"), erased.Bytes(), 0o600)
}

var (
	ann    = embedded.Erasure{Tenant: "main", Memory: "default", At: 7, Event: "evt_01JANN", UserID: "ann"}
	prod   = embedded.Erasure{Tenant: "main", Memory: "work", At: 8, Event: "evt_01JPROD", ScopePath: "acme/prod"}
	worked = embedded.Erasure{Tenant: "main", Memory: "work", At: 9, CreatedAt: 3}
)

const whole = `{"tenant":"main","memory":"default","at":7,"event":"evt_01JANN","user_id":"ann"}
{"tenant":"main","memory":"work","at":8,"event":"evt_01JPROD","scope_path":"acme/prod"}
{"tenant":"main","memory":"work","at":9,"removed_of":3}
{"listed":3,"as_of":"2026-05-04T03:02:01Z"}
`

func TestAListOfErasuresIsReadWholeOrNotAtAll(t *testing.T) {
	list, err := readErasures(strings.NewReader(whole))
	if err != nil || !slices.Equal(list.all, []embedded.Erasure{ann, prod, worked}) || list.asOf.Second() != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	for name, text := range map[string]string{
		"an empty file":     "",
		"a cut-off list":    strings.Join(lines[:3], ""),
		"a line less":       strings.Join(lines[1:], ""),
		"two lists":         whole + "\n" + whole,
		"another's lines":   `{"seq":1,"event":{}}` + "\n" + lines[3],
		"half an erasure":   `{"tenant":"main","memory":"default","at":7}` + "\n" + lines[3],
		"no text":           "\x00\x01",
		"an end of another": `{"listed":0}`,
	} {
		if list, err := readErasures(strings.NewReader(text)); err == nil {
			t.Errorf("%s is read as %+v", name, list)
		}
	}
}

func TestOnlyWhatTheBackupDoesNotKnowIsErasedAgain(t *testing.T) {
	list := func() erasureList {
		l, err := readErasures(strings.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	asOf := list().asOf.UnixMilli()
	left, err := list().without([]embedded.Erasure{ann}, asOf)
	if err != nil || !slices.Equal(left.all, []embedded.Erasure{prod, worked}) {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := list().without(nil, asOf+1); err == nil || !strings.Contains(err.Error(), "2026-05-04T03:02:01Z") {
		t.Errorf("a list that is older than the backup: %v", err)
	}
	unknown := ann
	unknown.Event = "evt_01JBOB"
	if _, err := list().without([]embedded.Erasure{unknown}, asOf); err == nil || !strings.Contains(err.Error(), "another server's") {
		t.Errorf("a list that lacks what the backup knows: %v", err)
	}
	unknown.Memory = "work" // its log went with it
	if left, err := list().without([]embedded.Erasure{unknown}, asOf); err != nil || len(left.all) != 3 {
		t.Errorf("a removed memory's erasures: %+v, %v", left, err)
	}
}

func FuzzErasures(f *testing.F) {
	f.Add(whole)
	f.Add(`{"listed":0,"as_of":"2026-05-04T03:02:01Z"}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readErasures(strings.NewReader(text))
		if err == nil && !strings.Contains(text, "listed") && !strings.Contains(strings.ToLower(text), "listed") {
			t.Errorf("%q is a whole list: %+v", text, list)
		}
	})
}
