package localmaster

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/memhooks/memhooks/shared/fault"
)

// longestFile bounds what is read of a master key's file, in bytes.
const longestFile = 1024

// loadOrMake reads the key's file, and makes it first where there is none.
func loadOrMake(dir string, random io.Reader) ([]byte, error) {
	path := filepath.Join(dir, FileName)
	key, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeFile(dir, path, random); err != nil {
		return nil, fmt.Errorf("localmaster: make the master key's file: %w", err)
	}
	return load(path)
}

// loadKept reads the key's file and makes none: a new key would open nothing of
// the data that is there.
func loadKept(dir string, _ io.Reader) ([]byte, error) {
	path := filepath.Join(dir, FileName)
	key, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Unavailable,
			"%s is missing, and the data beside it is sealed under it: restore that file from its backup, or set %s to the key it held", path, Setting)
	}
	return key, err
}

// load reads a key's file that only its owner may touch.
func load(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("localmaster: read the master key's file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("localmaster: read the master key's file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.InvalidField, "%s is no regular file: accepted is a file of mode 0600 with the master key", path)
	}
	if mode := info.Mode().Perm(); reachable(mode) {
		return nil, fault.New(fault.InvalidField, "%s has mode %04o, so others can reach the master key: accepted is 0600 (chmod 600 %s)", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, longestFile))
	defer clear(text)
	if err != nil {
		return nil, fmt.Errorf("localmaster: read the master key's file: %w", err)
	}
	return parseKey(string(text), path)
}

// makeFile puts a new key in place unless another process does so first. The
// file gets its name when it is whole and durable, so a crash leaves no half.
func makeFile(dir, path string, random io.Reader) error {
	key := make([]byte, keySize)
	defer clear(key)
	if _, err := io.ReadFull(random, key); err != nil {
		return err
	}
	draft, err := os.CreateTemp(dir, FileName+".draft-*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}
