package acceptance_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // reads what a server leaves in its folder
)

// mark is a piece of what the data folder keeps of a grain, sealed or blind,
// that is in no other place.
type mark struct {
	kind   string
	bytes  []byte
	erased bool // of the person or the scope that are erased
}

// kept are queries of what a folder keeps, each with its person and scope.
var kept = map[string]string{
	"a wrapped key":   "SELECT person, scope, wrapped FROM seal_key WHERE wrapped IS NOT NULL AND scope NOT LIKE char(0) || '%'",
	"a box":           "SELECT s.person, k.scope, g.box FROM grain g JOIN shelf s ON s.n=g.shelf JOIN seal_key k ON k.n=s.key WHERE g.state=0",
	"a replaced box":  "SELECT s.person, k.scope, g.box FROM grain g JOIN shelf s ON s.n=g.shelf JOIN seal_key k ON k.n=s.key WHERE g.state=1",
	"an index's term": "SELECT s.person, k.scope, d.terms FROM doc d JOIN grain g ON g.n=d.rowid JOIN shelf s ON s.n=g.shelf JOIN seal_key k ON k.n=s.key",
}

// marks stops the server, reads from a copy of its folder what an erasure is to
// take away and what it is to leave, sees that the files hold each, and starts
// the server again.
func (p probe) marks(t *testing.T) (all []mark) {
	t.Helper()
	p.indexed(t)
	p.s.stop(t)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(p.s.dir)); err != nil {
		t.Fatal(err)
	}
	db := database(t, copied)
	defer db.Close()
	for kind, query := range kept {
		found := read(t, db, kind, query)
		for _, erased := range []bool{true, false} {
			if !slices.ContainsFunc(found, func(m mark) bool { return m.erased == erased }) && (erased || kind != "a replaced box") {
				t.Errorf("before the erasure the folder keeps nothing like %s, of the erased %v", kind, erased)
			}
		}
		all = append(all, found...)
	}
	p.left(t, "before the erasure", all, func(mark) bool { return true })
	p.s.start(t)
	return all
}

// database opens what a server keeps in a folder, to read it.
func database(t *testing.T, folder string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(folder, "memhooks.db"))+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// indexed waits until the search index holds all that was written.
func (p probe) indexed(t *testing.T) {
	t.Helper()
	db := database(t, p.s.dir)
	defer db.Close()
	eventually(t, "the index to hold all grains", func() bool {
		left := 1
		err := db.QueryRow("SELECT count(*) FROM grain WHERE state=0 AND n NOT IN (SELECT rowid FROM doc)").Scan(&left)
		return err == nil && left == 0
	})
}

// read reads the marks of a kind. Of a box or a key it takes the end, which no
// length or number is part of; of the index the terms that either side has
// alone, without the beginning, which a page leaves out where the term before
// has it too.
func read(t *testing.T, db *sql.DB, kind, query string) (all []mark) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sides := map[string][2]bool{}
	for rows.Next() {
		var person, scope string
		var raw []byte
		if err := rows.Scan(&person, &scope, &raw); err != nil {
			t.Fatal(err)
		}
		erased := person == erasedPerson || scope == erasedScope || strings.HasPrefix(scope, erasedScope+"/")
		if kind != "an index's term" {
			all = append(all, mark{kind, raw[len(raw)-24:], erased})
			continue
		}
		for _, term := range strings.Fields(string(raw)) {
			of := sides[term]
			sides[term] = [2]bool{of[0] || erased, of[1] || !erased}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for term, of := range sides {
		if of[0] != of[1] {
			all = append(all, mark{kind, []byte(term[4:]), of[0]})
		}
	}
	return all
}

// left sees that of some marks those that stay are in the data folder's files,
// and no other is.
func (p probe) left(t *testing.T, when string, marks []mark, stays func(mark) bool) {
	t.Helper()
	files := map[string][]byte{}
	all, err := os.ReadDir(p.s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if files[f.Name()], err = os.ReadFile(filepath.Join(p.s.dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	wrong := map[string]int{}
	for _, m := range marks {
		there := false
		for name, data := range files {
			if bytes.Contains(data, m.bytes) {
				there = true
				if !stays(m) {
					wrong[m.kind+" of the erased is in "+name]++
				}
			}
		}
		if stays(m) && !there {
			wrong[m.kind+" is in no file"]++
		}
	}
	for what, n := range wrong {
		t.Errorf("%s: %s, %d times", when, what, n)
	}
}

// gone sees that marks of the erased are in no file, and that the others are.
func (p probe) gone(t *testing.T, when string, marks []mark) {
	t.Helper()
	p.left(t, when, marks, func(m mark) bool { return !m.erased })
}
