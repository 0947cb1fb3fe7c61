//go:build !windows

package localmaster

import (
	"errors"
	"io/fs"
	"os"
)

// reachable reports whether others than its owner may touch a file.
func reachable(mode fs.FileMode) bool { return mode&0o077 != 0 }

// syncDir makes the folder's names durable.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
