//go:build windows

package embedded

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/memhooks/memhooks/shared/fault"
)

// lockName is the file in the data folder that is held open by who uses it.
const lockName = "memhooks.lock"

// sharingViolation is what opening a file gives that another holds alone.
const sharingViolation = syscall.Errno(32)

// lockFolder takes the data folder for this process until the lock is closed
// or the process ends: it opens a file that nobody else can open meanwhile.
func lockFolder(dir string) (io.Closer, error) {
	name := filepath.Join(dir, lockName)
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidField, err, "the data folder %s has no valid name", dir)
	}
	handle, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, inUse(dir, "")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the data folder %s can't be locked: check its owner", dir)
	}
	return os.NewFile(uintptr(handle), name), nil
}
