package rules

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var commentRules = []rule{
	{"package comment", checkPackageComment, map[string]string{
		"events/a.go":           "// Package events is the public contract.\npackage events\n",
		"events/b.go":           "package events\n",
		"shared/wire/a.go":      "package wire\n",
		"shared/sign/a.go":      "// Signs things.\npackage sign\n",
		"shared/sign/b_test.go": "// Package sign is commented in a test.\npackage sign\n",
		"local/main.go":         "// Memhooks runs the whole system.\npackage main\n",
		"local/drill/a_test.go": "package drill\n",
		"infra/drill/a_test.go": "// Package drill holds tests only.\npackage drill_test\n",
	}, []string{
		"local/drill: no package comment: begin one with \"Package drill\"",
		"shared/sign: no package comment: begin one with \"Package sign\"",
		"shared/wire: no package comment",
	}},
	{"exported comment", checkExportedComment, map[string]string{
		"shared/wire/a.go": "package wire\n" +
			"func Bare() {}\n" +
			"// Said is said.\nfunc Said() {}\n" +
			"type T struct{}\n" +
			"func (*T) Method() {}\n" +
			"func (hidden) Method() {}\ntype hidden struct{}\n" +
			"var V = 1\n" +
			"// The limits.\nconst (\nA = 1\nB = 2\n)\n" +
			"const (\nC = 1 // one\n// D is two.\nD = 2\nE = 3\n)\n" +
			"//go:embed x\nvar W string\n",
		"shared/wire/a_test.go": "package wire\nfunc TestBare() {}\n",
		"local/main.go":         "package main\nfunc Exported() {}\n",
	}, []string{
		":2: Bare has no comment", ":5: T has no comment", ":6: Method has no comment",
		":9: V has no comment", ":19: E has no comment", ":22: W has no comment",
	}},
	{"unfinished work", checkUnfinished, map[string]string{
		"shared/wire/a.go":   "package wire\n\n// " + "TO" + "DO: later\nfunc f() {}\n",
		"shared/wire/b.go":   "package wire\n\nvar marks = \"TO" + "DO\"\n",
		"README.md":          "# Title\n\nFIX" + "ME: write\n",
		"docs/todo-lists.md": "How to sync a todo list.\n",
	}, []string{
		"shared/wire/a.go:3: unfinished work",
		"README.md:3: unfinished work",
	}},
}

func checkPackageComment(t tree) []finding {
	var found []finding
	packages := t.packages()
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		files := packages[dir]
		shipped := slices.DeleteFunc(slices.Clone(files), func(f *goFile) bool { return f.test })
		if len(shipped) > 0 {
			files = shipped
		}
		name := strings.TrimSuffix(files[0].ast.Name.Name, "_test")
		if !slices.ContainsFunc(files, func(f *goFile) bool { return introduces(f.ast.Doc.Text(), name) }) {
			found = append(found, finding{where: dir, text: "no package comment: begin one with \"Package " + name + "\""})
		}
	}
	return found
}

// introduces reports whether a comment presents a package; a main package may
// present its command instead.
func introduces(comment, name string) bool {
	return strings.HasPrefix(comment, "Package "+name+" ") || name == "main" && comment != ""
}

func checkExportedComment(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range uncommented(decl) {
				found = append(found, f.at(name.Pos(), "%s has no comment: say what it is, what it promises, its edges", name.Name))
			}
		}
	}
	return found
}

// uncommented returns the exported names of a declaration that no comment,
// neither their own nor their group's, speaks of.
func uncommented(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && onExported(d) && d.Doc.Text() == "" {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Doc.Text() != "" {
			return nil
		}
		var names []*ast.Ident
		for _, s := range d.Specs {
			switch spec := s.(type) {
			case *ast.TypeSpec:
				names = append(names, exportedOf(spec.Doc, spec.Comment, spec.Name)...)
			case *ast.ValueSpec:
				names = append(names, exportedOf(spec.Doc, spec.Comment, spec.Names...)...)
			}
		}
		return names
	}
	return nil
}

func exportedOf(above, beside *ast.CommentGroup, names ...*ast.Ident) []*ast.Ident {
	if above.Text() != "" || beside.Text() != "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(names), func(n *ast.Ident) bool { return !n.IsExported() })
}

// onExported reports whether a function is no method, or one of an exported type.
func onExported(function *ast.FuncDecl) bool {
	if function.Recv == nil {
		return true
	}
	for node := function.Recv.List[0].Type; ; {
		switch t := node.(type) {
		case *ast.StarExpr:
			node = t.X
		case *ast.IndexExpr:
			node = t.X
		case *ast.IndexListExpr:
			node = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

func checkUnfinished(t tree) []finding {
	const advice = "unfinished work: do it, or file an issue"
	var found []finding
	for _, f := range t.files {
		for _, group := range f.ast.Comments {
			for _, comment := range group.List {
				if unfinished.MatchString(comment.Text) {
					found = append(found, f.at(comment.Pos(), advice))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		for i, line := range strings.Split(t.texts[name], "\n") {
			if unfinished.MatchString(line) {
				found = append(found, finding{where: name, line: i + 1, text: advice})
			}
		}
	}
	return found
}
