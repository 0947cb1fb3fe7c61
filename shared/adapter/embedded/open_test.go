package embedded

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
)

func TestTwoProcessesNeverShareAFolder(t *testing.T) {
	s := open(t)
	_, _, err := openDB(bg, Config{Dir: s.dir})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), s.dir) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Fatal(err)
	}
	s.again() // a closed folder is free
}

func TestTheDatabaseIsItsOwnersAlone(t *testing.T) {
	s := open(t)
	s.add("a")
	found := 0
	for name := range s.files() {
		info, err := os.Stat(filepath.Join(s.dir, name))
		s.must(err)
		if found++; info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	if found < 3 {
		t.Errorf("%d files were looked at", found)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	s := open(t)
	s.must(s.close())
	alter(t, s.dir, "PRAGMA user_version=99")
	_, _, err := openDB(bg, Config{Dir: s.dir})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "schema 99") {
		t.Fatal(err)
	}
	alter(t, s.dir, "PRAGMA user_version="+strconv.Itoa(len(versions)))
	s.start() // the refusal changed nothing and holds nothing
}

func TestAForeignDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	alter(t, dir, "CREATE TABLE photos (id)")
	if _, _, err := openDB(bg, Config{Dir: dir}); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "not a database of memhooks") {
		t.Fatal(err)
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openDB(bg, Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Fatal(err)
	}
}

func alter(t *testing.T, dir, statement string) {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestReadySaysWhetherAWriteCanBeTaken(t *testing.T) {
	s := open(t)
	if err := s.ready(bg); err != nil {
		t.Fatal(err)
	}
	s.must(s.close())
	if err := s.ready(bg); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
}
