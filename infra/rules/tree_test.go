package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// module is what every import of our own begins with.
const module = "github.com/memhooks/memhooks"

// A goFile is one parsed source file of ours.
type goFile struct {
	path  string // from the root, with slashes
	dir   string // its package, "." at the root
	test  bool   // its name ends with _test.go
	lines int
	fset  *token.FileSet
	ast   *ast.File
}

// external reports whether the file belongs to a package of tests that stands
// outside of the one it tests.
func (f *goFile) external() bool {
	return f.test && strings.HasSuffix(f.ast.Name.Name, "_test")
}

// line returns the line on which pos stands.
func (f *goFile) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// at makes a finding at pos.
func (f *goFile) at(pos token.Pos, format string, args ...any) finding {
	return finding{where: f.path, line: f.line(pos), text: fmt.Sprintf(format, args...)}
}

// A tree is all that the rules look at.
type tree struct {
	files []*goFile         // Go sources but generated ones, by path
	texts map[string]string // every other text that people write, by path

	paths     map[string]bool   // every file and folder
	receivers map[string]string // sources in docs/receivers, in whatever language, by path
}

// A finding is one place where a rule is broken.
type finding struct {
	where string // a file's or a package's path from the root
	line  int    // 0 where the whole of it is meant
	text  string // what is wrong and what to do
}

func (f finding) String() string {
	if f.line == 0 {
		return f.where + ": " + f.text
	}
	return fmt.Sprintf("%s:%d: %s", f.where, f.line, f.text)
}

// load reads and parses what stands under root. Recorded data (testdata),
// hidden folders but .ci, and what make writes are left out.
func load(root fs.FS) (tree, error) {
	t := tree{texts: map[string]string{}, paths: map[string]bool{}, receivers: map[string]string{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		t.paths[name] = true
		if entry.IsDir() {
			if skippedDir(name) {
				return fs.SkipDir
			}
			return nil
		}
		copied := strings.HasPrefix(name, "docs/receivers/")
		if !isSource(name) && !isText(name) && !copied {
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if copied && path.Ext(name) != ".md" {
			t.receivers[name] = string(content)
		}
		if isSource(name) {
			return t.parse(name, content)
		}
		t.texts[name] = string(content)
		return nil
	})
	return t, err
}

func skippedDir(name string) bool {
	base := path.Base(name)
	hidden := strings.HasPrefix(base, ".") && name != "." && name != ".ci"
	return hidden || base == "testdata" || base == "node_modules" || name == "bin" || name == "dist" || name == "data"
}

func isSource(name string) bool { return path.Ext(name) == ".go" }

func isText(name string) bool {
	wanted := []string{".md", ".yml", ".yaml", ".mod", ".sh", ".html", ".css", ".js"}
	return slices.Contains(wanted, path.Ext(name)) || name == "Makefile" || path.Dir(name) == ".ci"
}

func (t *tree) parse(name string, content []byte) error {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, content, parser.ParseComments)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	if ast.IsGenerated(parsed) {
		return nil
	}
	t.files = append(t.files, &goFile{
		path:  name,
		dir:   path.Dir(name),
		test:  strings.HasSuffix(name, "_test.go"),
		lines: strings.Count(string(content), "\n"),
		fset:  fset,
		ast:   parsed,
	})
	return nil
}

// packages groups the files by folder; each folder's files keep their order.
func (t tree) packages() map[string][]*goFile {
	packages := map[string][]*goFile{}
	for _, f := range t.files {
		packages[f.dir] = append(packages[f.dir], f)
	}
	return packages
}
