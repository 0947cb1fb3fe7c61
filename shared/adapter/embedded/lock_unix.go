//go:build unix

package embedded

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/memhooks/memhooks/shared/fault"
)

// lockName is the file in the data folder that says who has it open.
const lockName = "memhooks.lock"

// lockFolder takes the data folder for this process until the lock is closed
// or the process ends, however that comes about.
func lockFolder(dir string) (io.Closer, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the data folder %s can't be written: check its owner and its mode", dir)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 20))
		file.Close()
		return nil, inUse(dir, strings.TrimSpace(string(holder)))
	}
	if err == nil {
		err = errors.Join(file.Truncate(0))
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		file.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "the data folder %s can't be locked: put it on a local disk", dir)
	}
	return file, nil
}
