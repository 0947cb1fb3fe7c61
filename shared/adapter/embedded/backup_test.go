package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

func nothing(context.Context, *cloud.Cloud) error { return nil }

// restored restores a backup into a new folder and opens it.
func (s *bed) restored(backup string) *bed {
	s.tb.Helper()
	copied := &bed{tb: s.tb, dir: s.tb.TempDir()}
	_, err := Restore(bg, backup, Config{Dir: copied.dir}, nothing)
	s.must(err)
	copied.start()
	return copied
}

// tree lists the names in a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// What was answered before a backup began is in it, its log has no gap and one
// entry for each grain, although writers never stopped.
func TestABackupIsOneMoment(t *testing.T) {
	s := open(t)
	s.addHook("h")
	var before []string
	for i := range 200 {
		before = append(before, fmt.Sprint("before ", i))
	}
	s.add(before...)
	over := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if _, err := s.commit(put(stored(fmt.Sprint("during ", w, " ", i)), "")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	to := filepath.Join(t.TempDir(), "new")
	made, err := Backup(bg, s.dir, to)
	close(over)
	writers.Wait()
	s.must(err)
	copied := s.restored(to)
	head := copied.head()
	if made.Memories != 1 || made.Changes != head || head < int64(len(before)) || head > s.head() {
		t.Errorf("%+v, with a head of %d; the folder has %d by now", made, head, s.head())
	}
	log, err := logs{copied.db}.Read(bg, mem1, 0, int(head)+1)
	s.must(err)
	told := map[string]bool{}
	for i, e := range log {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has seq %d", i+1, e.Seq)
		}
		told[e.Change.Hash] = true
	}
	var grains int
	s.must(copied.rows(bg, "SELECT count(*) FROM grain", nil, func(scan func(...any) error) error { return scan(&grains) }))
	if len(told) != int(head) || grains != int(head) {
		t.Errorf("%d changes, %d grains, a head of %d", len(told), grains, head)
	}
	for _, name := range before {
		if !told[hashOf(name)] {
			t.Errorf("%s was answered before and is not there", name)
		}
	}
	copied.add("after") // and it goes on
	if got := copied.head(); got != head+1 {
		t.Errorf("the next seq is %d", got)
	}
}

// A folder that was left by a process that died has part of its data in the
// write-ahead log.
func TestABackupOfAFolderThatNobodyClosed(t *testing.T) {
	s := open(t)
	s.add("a", "b")
	left := t.TempDir()
	for _, name := range []string{FileName, FileName + "-wal"} {
		if len(s.files()[name]) == 0 {
			t.Fatalf("%s is empty, and this test tests nothing", name)
		}
		s.must(os.WriteFile(filepath.Join(left, name), s.files()[name], 0o600))
	}
	to := t.TempDir()
	made, err := Backup(bg, left, to)
	if err != nil || made.Changes != 2 {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := tree(t, to); !slices.Equal(got, []string{FileName}) {
		t.Errorf("the backup is %q", got)
	}
	if info, err := os.Stat(filepath.Join(to, FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can reach it: %v, %v", info, err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	s := open(t)
	to := t.TempDir()
	_, err := Backup(bg, s.dir, to)
	s.must(err)
	if _, err := Backup(bg, s.dir, to); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a second backup into one folder: %v", err)
	}
	into := t.TempDir()
	s.must(os.WriteFile(filepath.Join(into, localmaster.FileName), []byte("key"), 0o600))
	s.must(os.WriteFile(filepath.Join(into, "photo"), []byte("mine"), 0o600))
	if _, err := Restore(bg, to, Config{Dir: into}, nothing); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a restore into a folder with something in it: %v", err)
	}
	s.must(os.Remove(filepath.Join(into, "photo")))
	if _, err := Restore(bg, to, Config{Dir: into}, nothing); err != nil {
		t.Errorf("a restore beside a master key: %v", err)
	}
	if _, err := Restore(bg, to, Config{Dir: into}, nothing); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a restore over a restored one: %v", err)
	}
	if _, err := Restore(bg, t.TempDir(), Config{Dir: t.TempDir()}, nothing); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a restore of nothing: %v", err)
	}
}

// A restore that fails leaves a folder that was empty, and none that was not
// there, whatever it failed at.
func TestAFailedRestoreLeavesNothing(t *testing.T) {
	s := open(t)
	for i := range 300 {
		s.add(fmt.Sprint("grain ", i))
	}
	errFinish := errors.New("finish failed")
	for name, breaks := range map[string]func(dir string) (finish func(context.Context, *cloud.Cloud) error){
		"finish": func(string) func(context.Context, *cloud.Cloud) error {
			return func(context.Context, *cloud.Cloud) error { return errFinish }
		},
		"damage": func(dir string) func(context.Context, *cloud.Cloud) error {
			file := filepath.Join(dir, FileName)
			content, err := os.ReadFile(file)
			s.must(err)
			for at := 8192; at < len(content); at += 8192 { // every other page
				copy(content[at:], make([]byte, 64))
			}
			s.must(os.WriteFile(file, content, 0o600))
			return nothing
		},
		"a newer schema": func(dir string) func(context.Context, *cloud.Cloud) error {
			alter(t, dir, "PRAGMA user_version=99")
			return nothing
		},
		"another program's": func(dir string) func(context.Context, *cloud.Cloud) error {
			alter(t, dir, "PRAGMA application_id=1")
			return nothing
		},
	} {
		backup, into := t.TempDir(), t.TempDir()
		absent := filepath.Join(into, "new")
		_, err := Backup(bg, s.dir, backup)
		s.must(err)
		finish := breaks(backup)
		if _, err = Restore(bg, backup, Config{Dir: into}, finish); err == nil {
			t.Errorf("%s: it is restored", name)
		}
		if _, err = Restore(bg, backup, Config{Dir: absent}, finish); err == nil {
			t.Errorf("%s: it is restored into a new folder", name)
		}
		if got := tree(t, into); len(got) != 0 {
			t.Errorf("%s: it leaves %q; %v", name, got, err)
		}
		if _, err := os.Stat(absent); err == nil {
			t.Errorf("%s: it leaves a new folder", name)
		}
	}
}

func TestAFolderWhoseRestoreDidNotEndIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, restoring), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the refusal holds no lock
		if _, _, err := openDB(bg, Config{Dir: dir}); fault.KindOf(err) != fault.Unavailable || tree(t, dir)[0] == FileName {
			t.Fatal(err)
		}
	}
}

// While a folder is being restored nobody else has it.
func TestAFolderIsRestoredByOne(t *testing.T) {
	s := open(t)
	backup, into := t.TempDir(), t.TempDir()
	_, err := Backup(bg, s.dir, backup)
	s.must(err)
	_, err = Restore(bg, backup, Config{Dir: into}, func(context.Context, *cloud.Cloud) error {
		if _, _, err := openDB(bg, Config{Dir: into}); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("it was opened meanwhile: %v", err)
		}
		return nil
	})
	s.must(err)
}

func TestErasuresAndRemovedMemoriesAreListed(t *testing.T) {
	s := open(t)
	gone := change.Memory{Tenant: "t", ID: "gone"}
	s.addMemory(gone)
	s.add("a")
	for _, c := range []change.Change{{ID: "E1", UserID: "ann"}, {ID: "E2", ScopePath: "acme/prod"}} {
		c.Cause, c.At = events.Erased, 9
		s.must(s.erase(bg, seal.Selector{Person: c.UserID, Scope: c.ScopePath}, func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) {
			return []change.Change{c}, nil
		}))
	}
	s.must(memories{s.db}.Remove(bg, gone))
	backup := t.TempDir()
	_, err := Backup(bg, s.dir, backup)
	s.must(err)
	want := []Erasure{
		{Tenant: "t", Memory: "default", At: 9, Event: "evt_E1", UserID: "ann"},
		{Tenant: "t", Memory: "default", At: 9, Event: "evt_E2", ScopePath: "acme/prod"},
		{Tenant: "t", Memory: "gone", At: noon.UnixMilli(), CreatedAt: 1},
	}
	for _, dir := range []string{s.dir, backup} {
		if got, newest, err := Erasures(bg, dir); err != nil || newest != 9 || !slices.Equal(got, want) {
			t.Errorf("%+v, the newest of %d, %v", got, newest, err)
		}
	}
	s.must(s.close())
	alter(t, s.dir, unfile+"DROP TABLE removed; PRAGMA user_version=3") // as the schema before left it
	if got, _, err := Erasures(bg, s.dir); err != nil || !slices.Equal(got, want[:2]) {
		t.Errorf("of the schema before: %+v, %v", got, err)
	}
	s.start()
}
