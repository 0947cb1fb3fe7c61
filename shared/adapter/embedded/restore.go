package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// restoring is the folder within a data folder in which a copy is made ready.
const restoring = "restoring"

// Restore makes the data folder c.Dir of a backup, or of another data folder.
// The copy is checked, opened and handed to finish, which may change it; it
// becomes the data folder's only when all of that went well. Until then no
// process can open the folder, and a failure leaves it as it was. It fails
// with fault.Conflict where there is more in the folder than a master key.
func Restore(ctx context.Context, from string, c Config, finish func(context.Context, *cloud.Cloud) error) (made Copied, err error) {
	fresh := newIn(c.Dir)
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return made, fault.Wrap(fault.Unavailable, err, "the data folder %s can't be made", c.Dir)
	}
	if err := vacant(c.Dir); err != nil {
		return made, err
	}
	held, err := lockFolder(c.Dir)
	if err != nil {
		return made, err
	}
	defer func() {
		if err != nil {
			fresh.remove()
		}
		if err = errors.Join(err, held.Close()); err != nil {
			fresh.remove() // where what is open can't be removed
		}
	}()
	dir := c.Dir
	c.Dir = filepath.Join(dir, restoring)
	defer func() {
		if ready := os.RemoveAll(c.Dir); err == nil {
			err = ready
		}
	}()
	if _, err := inspectCopy(ctx, filepath.Join(from, FileName)); err != nil {
		return made, err
	}
	if _, err := Backup(ctx, from, c.Dir); err != nil {
		return made, err
	}
	opened, err := Open(ctx, c)
	if err != nil {
		return made, err
	}
	if err := errors.Join(finish(ctx, opened), opened.Close()); err != nil {
		return made, err
	}
	made, err = inspectCopy(ctx, filepath.Join(c.Dir, FileName))
	if err != nil {
		return made, err
	}
	return made, promote(filepath.Join(c.Dir, FileName), filepath.Join(dir, FileName))
}

// leftover is what a restore that fails has to take away: what was not there
// before it.
type leftover []string

// newIn looks for a folder and its lock.
func newIn(dir string) (fresh leftover) {
	for _, path := range []string{filepath.Join(dir, lockName), dir} {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			fresh = append(fresh, path)
		}
	}
	return fresh
}

// remove takes it away. A folder in which something else is stays.
func (l leftover) remove() {
	for _, path := range l {
		_ = os.Remove(path)
	}
}

// vacant fails where a data folder holds more than its lock and a master key.
func vacant(dir string) error {
	there, err := os.ReadDir(dir)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the data folder %s can't be read", dir)
	}
	for _, f := range there {
		if !slices.Contains([]string{lockName, localmaster.FileName, "lost+found"}, f.Name()) {
			return fault.New(fault.Conflict, "the data folder %s holds %s, and nothing is overwritten: restore into an empty one", dir, f.Name())
		}
	}
	return nil
}

// promote gives a closed database its name, when all of it is in its file.
func promote(from, to string) error {
	if log, err := os.Stat(from + "-wal"); err == nil && log.Size() > 0 {
		return fault.New(fault.Internal, "the restored database was not closed: try again")
	}
	file, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open what was restored: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write what was restored: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("name what was restored: %w", err)
	}
	return syncFolder(filepath.Dir(to))
}

// whole fails where a restore of the folder did not end.
func whole(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, restoring)); err == nil {
		return fault.New(fault.Unavailable, "a restore into %s did not end: take away all but %s, and restore again", dir, localmaster.FileName)
	}
	return nil
}
