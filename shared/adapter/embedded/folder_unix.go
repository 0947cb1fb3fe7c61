//go:build unix

package embedded

import (
	"errors"
	"os"
)

// syncFolder makes a folder's names durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
