package adapter_test

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

func open(t *testing.T, dir, key string) (*cloud.Cloud, error) {
	t.Helper()
	return adapter.Open(t.Context(), "embedded", adapter.Config{Dir: dir, MasterKey: key, Random: rand.Reader})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sealed makes a folder with data that is sealed under its master key.
func sealed(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	c, err := open(t, dir, "")
	must(t, err)
	must(t, c.Memories.Put(t.Context(), store.Instance{Memory: change.Memory{Tenant: "main", ID: "default"}, Version: 1}))
	s := seal.New(seal.Config{Keys: c.Keys, Cells: c.Cells, Wrapper: c.Wrapper, Random: rand.Reader, Now: time.Now})
	_, _, err = s.Seal(t.Context(), seal.Vault{Tenant: "main", Memory: "default"}, seal.Pair{}, []byte("text"), nil)
	must(t, err)
	must(t, c.Close())
	return dir
}

func TestDataThatIsSealedNeverGetsANewMasterKey(t *testing.T) {
	dir := sealed(t)
	path := filepath.Join(dir, localmaster.FileName)
	key, err := os.ReadFile(path)
	must(t, err)
	must(t, os.Remove(path))
	_, err = open(t, dir, "")
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), localmaster.Setting) || strings.Contains(err.Error(), "\n") {
		t.Errorf("without its key: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was made: %v", err)
	}
	if _, err := open(t, dir, strings.Repeat("5e", 32)); err == nil || !strings.Contains(err.Error(), localmaster.Setting) {
		t.Errorf("with another key: %v", err)
	}
	c, err := open(t, dir, string(key)) // the refusals hold nothing
	must(t, err)
	must(t, c.Close())
	must(t, os.WriteFile(path, key, 0o600))
	c, err = open(t, dir, "")
	must(t, err)
	must(t, c.Close())
}

func TestAnUnsealedFolderGetsAMasterKey(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		c, err := open(t, dir, "")
		must(t, err)
		must(t, c.Close())
		must(t, os.Remove(filepath.Join(dir, localmaster.FileName)))
	}
}
