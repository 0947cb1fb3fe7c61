package rules

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
)

// A file or function over its limit is two ideas: part them where the ideas
// part, never by size alone.
const (
	maxFile     = 300 // lines
	maxTestFile = 500 // lines
	maxMain     = 60  // lines of a function's main.go
	maxFunction = 60  // lines, in tests too
	maxExported = 25  // names a package exports; fields and methods don't count, an enum counts as one
)

var sizeRules = []rule{
	{"file length", checkFileLength, map[string]string{
		"shared/wire/long.go":        lines("package wire\n", maxFile),
		"shared/wire/short.go":       lines("package wire\n", maxFile-1),
		"shared/wire/long_test.go":   lines("package wire\n", maxTestFile),
		"shared/wire/short_test.go":  lines("package wire\n", maxTestFile-1),
		"functions/memories/main.go": lines("package main\n", maxMain),
		"functions/hooks/main.go":    lines("package main\n", maxMain-1),
		"functions/hooks/handler.go": lines("package main\n", maxMain),
	}, []string{
		"functions/memories/main.go: 61 lines, 60 allowed",
		"shared/wire/long.go: 301 lines, 300 allowed",
		"shared/wire/long_test.go: 501 lines, 500 allowed",
	}},
	{"function length", checkFunctionLength, map[string]string{
		"shared/wire/a.go": "package wire\n" +
			"func long() {\n" + strings.Repeat("_ = 1\n", maxFunction-1) + "}\n" +
			"func short() {\n" + strings.Repeat("_ = 1\n", maxFunction-2) + "}\n",
	}, []string{
		"shared/wire/a.go:2: long has 61 lines, 60 allowed",
	}},
	{"exported names", checkExported, map[string]string{
		"shared/wire/a.go": exporting("wire", maxExported),
		"shared/wire/b.go": "package wire\n" +
			"func (T1) Method() {}\nfunc hidden() {}\ntype Kind int\nconst (\nA Kind = iota\nB\nC\n)\n",
		"shared/wire/b_test.go": "package wire\nfunc Fake() {}\n",
		"shared/sign/a.go":      exporting("sign", maxExported-1) + "type Kind int\n",
		"shared/seal/a.go":      exporting("seal", maxExported-1) + "const (\nA = 1\nB = 2\n)\n",
	}, []string{
		"shared/seal: exports 26 names, 25 allowed",
		"shared/wire: exports 27 names, 25 allowed",
	}},
}

func checkFileLength(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		limit := maxFile
		switch {
		case f.test:
			limit = maxTestFile
		case path.Base(f.path) == "main.go" && strings.HasPrefix(f.path, "functions/"):
			limit = maxMain
		}
		if f.lines > limit {
			found = append(found, finding{where: f.path, text: fmt.Sprintf("%d lines, %d allowed", f.lines, limit)})
		}
	}
	return found
}

func checkFunctionLength(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, decl := range f.ast.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.line(function.End()) - f.line(function.Pos()) + 1; n > maxFunction {
				found = append(found, f.at(function.Pos(), "%s has %d lines, %d allowed", function.Name.Name, n, maxFunction))
			}
		}
	}
	return found
}

func checkExported(t tree) []finding {
	var found []finding
	packages := t.packages()
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		n := 0
		for _, f := range packages[dir] {
			if f.test {
				continue
			}
			for _, decl := range f.ast.Decls {
				n += exportedBy(decl)
			}
		}
		if n > maxExported {
			found = append(found, finding{where: dir, text: fmt.Sprintf("exports %d names, %d allowed", n, maxExported)})
		}
	}
	return found
}

// exportedBy counts the names that a declaration adds to what a reader of the
// package must know. The values of one enum are one such thing.
func exportedBy(decl ast.Decl) int {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			return 1
		}
	case *ast.GenDecl:
		n := 0
		for _, name := range declared(d) {
			if name.IsExported() {
				n++
			}
		}
		if d.Tok == token.CONST && isEnum(d) {
			return min(n, 1)
		}
		return n
	}
	return 0
}

// isEnum reports whether the constants of a group are all of one named type.
func isEnum(group *ast.GenDecl) bool {
	kind := ""
	for i, s := range group.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			return false
		}
		named, typed := spec.Type.(*ast.Ident)
		switch {
		case typed && (kind == "" || kind == named.Name):
			kind = named.Name
		case !typed && i > 0 && len(spec.Values) == 0: // repeats the line above
		default:
			return false
		}
	}
	return kind != "" && kind != "string" && kind != "int"
}

// declared returns the names of a group of types, constants or variables.
func declared(group *ast.GenDecl) []*ast.Ident {
	var names []*ast.Ident
	for _, s := range group.Specs {
		switch spec := s.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name)
		case *ast.ValueSpec:
			names = append(names, spec.Names...)
		}
	}
	return names
}

// lines makes a file of one line more than more.
func lines(first string, more int) string { return first + strings.Repeat("\n", more) }

// exporting makes a file of a package that exports n types.
func exporting(name string, n int) string {
	var b strings.Builder
	b.WriteString("package " + name + "\n")
	for i := range n {
		fmt.Fprintf(&b, "type T%d struct{}\n", i+1)
	}
	return b.String()
}
