package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/road/roadtest"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

// TestSimulation runs the road's seeded schedules in data folders: ports that
// fail before or after they did what they were asked, and processes of which
// the next one finds what stood on the disk. Windows are small, so that hooks
// fall behind theirs and load, and compaction overtakes them.
func TestSimulation(t *testing.T) {
	inMemory(t)
	roadtest.Simulate(t, "./shared/adapter/embedded", 30, newFolder)
}

// TestDefectsAreFound shows that the checker finds what is wrong on purpose.
// They are tried on services in memory too, where it takes less time.
func TestDefectsAreFound(t *testing.T) {
	if os.Getenv("MEMHOOKS_TEST_DEFECTS") != "1" {
		t.Skip("takes ten seconds: make simulate-defects")
	}
	inMemory(t)
	roadtest.FindDefects(t, newFolder)
}

// inMemory puts temporary folders where Linux keeps files in memory, else they
// stay on the disk. Processes die in a schedule, the machine does not: nothing
// has to wait for a disk. make crash runs on one.
func inMemory(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "simulation")
	if err != nil {
		return
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", dir)
}

// folder is where the newest process has its data.
type folder struct {
	t      *testing.T
	dir    string
	left   []string // by processes before; nobody reads them any more
	newest *cloud.Cloud
}

func newFolder(t *testing.T, _ uint64) roadtest.World {
	f := &folder{t: t, dir: t.TempDir()}
	t.Cleanup(func() {
		if f.newest == nil {
			return
		}
		if err := f.newest.Close(); err != nil {
			t.Errorf("closing a cloud: %v", err)
		}
	})
	return roadtest.World{Open: f.open, Look: func() (*cloud.Cloud, error) { return f.newest, nil }, Die: f.die, Raw: f.raw, Term: term}
}

// open opens the folder. What an older process had open is closed before; it
// has another folder.
func (f *folder) open(_ time.Duration, holdAfter int) (*cloud.Cloud, error) {
	c, err := embedded.Open(context.Background(), embedded.Config{
		Dir: f.dir, Wrapper: sealtest.NewWrapper(), Now: time.Now, HoldAfter: holdAfter, Workers: 4, Readers: 2, Window: 4, Unfiled: 4,
	})
	if f.newest != nil {
		err = errors.Join(err, f.newest.Close())
	}
	for _, dir := range f.left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	f.left = nil
	f.newest = c
	if err != nil {
		return nil, err
	}
	ports := *c
	return &ports, nil
}

// die leaves the next process a copy of what stands on the disk.
func (f *folder) die() error {
	next := f.t.TempDir()
	err := f.each(func(name string, data []byte) error { return os.WriteFile(filepath.Join(next, name), data, 0o600) })
	f.left, f.dir = append(f.left, f.dir), next
	return err
}

func (f *folder) each(do func(name string, data []byte) error) error {
	all, err := os.ReadDir(f.dir)
	for _, file := range all {
		var data []byte
		if err == nil {
			data, err = os.ReadFile(filepath.Join(f.dir, file.Name()))
		}
		if err == nil {
			err = do(file.Name(), data)
		}
	}
	return err
}

// raw is every byte of the folder's files.
func (f *folder) raw() ([]byte, error) {
	synctest.Wait() // nobody is in the middle of a write
	var all bytes.Buffer
	err := f.each(func(_ string, data []byte) error { all.Write(data); return nil })
	return all.Bytes(), err
}

// term is one as the index's tables hold it, in either of the two memories. A
// page of them leaves out what a token has in common with the one before.
func term(term string) (forms [][]byte) {
	for memory := range int64(2) {
		forms = append(forms, []byte(embedded.Token(memory+1, term)[4:]))
	}
	return forms
}
