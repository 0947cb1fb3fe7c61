package cloudtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/cloud"
)

// settling is how long a cloud in a bubble may wait for company before it
// records what happened.
const settling = 20 * time.Millisecond

// Folder makes an Opened of a cloud that keeps all it has in one folder, inside
// a bubble of testing/synctest: its clock is time.Now, and it is idle when all
// its goroutines wait. A crash opens a copy of the folder as it stands. Open
// opens the cloud of a folder; HoldAfter is as in Opened.
func Folder(t *testing.T, holdAfter int, open func(ctx context.Context, dir string) (*cloud.Cloud, error)) Opened {
	t.Helper()
	f := &folder{t: t, open: open, dir: t.TempDir()}
	t.Cleanup(func() {
		for _, c := range slices.Backward(f.opened) {
			if err := c.Close(); err != nil {
				t.Errorf("closing a cloud: %v", err)
			}
		}
	})
	first, err := f.start(t.Context())
	if err != nil {
		t.Fatalf("opening a cloud: %v", err)
	}
	return Opened{
		Cloud: first, Reopen: f.reopen, Crash: f.crash, HoldAfter: holdAfter,
		Now:     time.Now,
		Advance: time.Sleep,
		Idle:    func() { time.Sleep(settling); synctest.Wait() },
	}
}

// folder is where the newest cloud lives, and which clouds are open.
type folder struct {
	t      *testing.T
	open   func(ctx context.Context, dir string) (*cloud.Cloud, error)
	dir    string
	opened []*cloud.Cloud
}

func (f *folder) start(ctx context.Context) (*cloud.Cloud, error) {
	c, err := f.open(ctx, f.dir)
	if err == nil {
		f.opened = append(f.opened, c)
	}
	return c, err
}

func (f *folder) reopen(ctx context.Context) (*cloud.Cloud, error) {
	last := len(f.opened) - 1
	newest := f.opened[last]
	f.opened = f.opened[:last]
	if err := newest.Close(); err != nil {
		return nil, err
	}
	return f.start(ctx)
}

func (f *folder) crash(ctx context.Context) (*cloud.Cloud, error) {
	synctest.Wait() // nobody is in the middle of a write to a file
	left := f.t.TempDir()
	if err := copyFiles(left, f.dir); err != nil {
		return nil, fmt.Errorf("copy the folder of a cloud: %w", err)
	}
	f.dir = left
	return f.start(ctx)
}

func copyFiles(to, from string) error {
	all, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, file := range all {
		data, err := os.ReadFile(filepath.Join(from, file.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, file.Name()), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
