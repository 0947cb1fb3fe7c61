package pages_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)")
	writtenOut = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)\(`)
)

// TestNamedTestsExist holds pages that name a test as the proof of what they
// say to there being one.
func TestNamedTestsExist(t *testing.T) {
	there := map[string]bool{}
	named := map[string]string{} // test → page
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return fs.SkipDir
		}
		isTest, isPage := strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".md")
		if d.IsDir() || !isTest && !isPage {
			return nil
		}
		text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		if isPage {
			for _, name := range namedTest.FindAllSubmatch(text, -1) {
				named[string(name[1])] = path
			}
			return nil
		}
		for _, name := range writtenOut.FindAllSubmatch(text, -1) {
			there[string(name[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(named) == 0 {
		t.Fatal("no page names a test")
	}
	for name, page := range named {
		if !there[name] {
			t.Errorf("%s names %s, which is no test", page, name)
		}
	}
}
