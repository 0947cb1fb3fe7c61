package rules

import (
	"go/ast"
	"go/token"
	"strings"
)

var habitRules = []rule{
	{"no sleeping tests", checkSleeps, map[string]string{
		"shared/wire/a.go": "package wire\nimport \"time\"\nfunc f() { time.Sleep(1) }\n",
		"shared/wire/a_test.go": "package wire\nimport \"time\"\n" +
			"func f() { time.Sleep(1) }\n" +
			"func g() { <-time.After(1) }\n" +
			"func h() { select { case <-time.After(1): } }\n" +
			"func i() { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }\n",
		"shared/wire/wiretest/a.go": "package wiretest\nimport \"time\"\nfunc f() { time.Sleep(1) }\n",
	}, []string{
		"shared/wire/a_test.go:3: time.Sleep", "shared/wire/a_test.go:4: time.After",
		"shared/wire/wiretest/a.go:3: time.Sleep",
	}},
	{"skips say why", checkSkips, map[string]string{
		"shared/wire/a_test.go": "package wire\n" +
			"func f(t *testing.T) { t.Skip() }\n" +
			"func g(t *testing.T) { t.SkipNow() }\n" +
			"func h(t *testing.T) { t.Skip(\"needs node; run: make test\") }\n" +
			"func i(r reader) { r.Skip() }\n",
	}, []string{
		"shared/wire/a_test.go:2: a skip without", "shared/wire/a_test.go:3: a skip without",
	}},
	{"imports are grouped", checkImports, map[string]string{
		"shared/wire/a.go": "package wire\nimport (\n\"fmt\"\n\"example.org/a\"\n\"io\"\n)\n",
		"shared/wire/b.go": "package wire\nimport (\n\"fmt\"\n\"io\"\n\n// why\n\"example.org/a\"\n\"example.org/b\"\n)\n",
		"shared/wire/c.go": "package wire\nimport \"fmt\"\nimport \"example.org/a\"\n",
	}, []string{
		"shared/wire/a.go:4: example.org/a stands among", "shared/wire/a.go:5: io stands among", "shared/wire/c.go:3: example.org/a stands among",
	}},
	{"no init", checkInit, map[string]string{
		"shared/wire/a.go":      "package wire\nfunc init() {}\nfunc (t) init() {}\n",
		"shared/wire/a_test.go": "package wire\nfunc init() {}\n",
	}, []string{
		"shared/wire/a.go:2: init", "shared/wire/a_test.go:2: init",
	}},
	{"no package state", checkState, map[string]string{
		"shared/wire/a.go": "package wire\n" +
			"var mu sync.Mutex\n" +
			"var count atomic.Int64\n" +
			"var cache = map[string]int{}\n" +
			"var made = make(map[string]int)\n" +
			"var held = &sync.Map{}\n" +
			"var late *int\n" +
			"var names = map[string]int{\"a\": 1}\n" +
			"var errGone = errors.New(\"gone\")\n" +
			"var _ Port = adapter{}\n" +
			"//go:embed page.html\nvar page string\n" +
			"var pool = sync.Pool{New: f}\n" +
			"var fresh = new(atomic.Bool)\n" +
			"var once = sync.OnceValue(compile)\n",
		"shared/wire/a_test.go": "package wire\nvar cache = map[string]int{}\n",
	}, []string{
		":2: mu ", ":3: count ", ":4: cache ", ":5: made ", ":6: held ", ":7: late ", ":13: pool ", ":14: fresh ",
	}},
}

func checkSleeps(t tree) []finding {
	const advice = "%s in a test: use testing/synctest, an injected clock or a signal"
	var found []finding
	for _, f := range t.files {
		if !f.test && !isCompanion(f.dir) {
			continue
		}
		limits := map[ast.Stmt]bool{} // a case of a select bounds a wait; it is no sleep
		ast.Inspect(f.ast, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.CallExpr:
				if selects(n.Fun, "synctest", "Test") {
					return false // in a bubble time is simulated
				}
				if selects(n.Fun, "time", "Sleep") {
					found = append(found, f.at(n.Pos(), advice, "time.Sleep"))
				}
			case *ast.CommClause:
				limits[n.Comm] = true
			case *ast.ExprStmt:
				if waits(n.X) && !limits[n] {
					found = append(found, f.at(n.Pos(), advice, "time.After as a sleep"))
				}
			}
			return true
		})
	}
	return found
}

// waits reports whether an expression only lets time pass.
func waits(x ast.Expr) bool {
	receive, ok := x.(*ast.UnaryExpr)
	if !ok || receive.Op != token.ARROW {
		return false
	}
	call, ok := receive.X.(*ast.CallExpr)
	return ok && selects(call.Fun, "time", "After")
}

// selects reports whether x is written pkg.name.
func selects(x ast.Expr, pkg, name string) bool {
	selector, ok := x.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	owner, ok := selector.X.(*ast.Ident)
	return ok && owner.Name == pkg
}

func checkSkips(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		ast.Inspect(f.ast, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if ok && f.test && len(call.Args) == 0 && (selects(call.Fun, "t", "Skip") || selects(call.Fun, "t", "SkipNow")) {
				found = append(found, f.at(call.Pos(),
					"a skip without a reason: give the command that would run it (in a fuzz target: return)"))
			}
			return true
		})
	}
	return found
}

func checkInit(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, decl := range f.ast.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
				found = append(found, f.at(d.Pos(), "init runs unseen: call a constructor, or write a table"))
			}
		}
	}
	return found
}

// checkState finds variables of a package that are there to be changed. Tables
// and errors have their value from the start; tests may share what is costly.
func checkState(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test {
			continue
		}
		for _, decl := range f.ast.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, s := range group.Specs {
				spec, ok := s.(*ast.ValueSpec)
				if ok && !embeds(group.Doc) && !embeds(spec.Doc) && isState(spec) {
					found = append(found, f.at(spec.Pos(),
						"%s is state of a package: make it a field of a struct", spec.Names[0].Name))
				}
			}
		}
	}
	return found
}

func embeds(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// isState reports whether a variable waits for a value, is a map that waits
// for entries, or holds something that locks, counts or pools.
func isState(spec *ast.ValueSpec) bool {
	if len(spec.Values) == 0 {
		return true
	}
	for _, value := range spec.Values {
		if address, ok := value.(*ast.UnaryExpr); ok {
			value = address.X
		}
		switch v := value.(type) {
		case *ast.CompositeLit:
			if _, isMap := v.Type.(*ast.MapType); isMap && len(v.Elts) == 0 || shares(v.Type) {
				return true
			}
		case *ast.CallExpr:
			if builder, ok := v.Fun.(*ast.Ident); ok && len(v.Args) > 0 {
				_, isMap := v.Args[0].(*ast.MapType)
				if builder.Name == "make" && isMap || builder.Name == "new" && shares(v.Args[0]) {
					return true
				}
			}
		}
	}
	return false
}

// shares reports whether a type is one of sync's or sync/atomic's.
func shares(x ast.Expr) bool {
	if generic, ok := x.(*ast.IndexExpr); ok {
		x = generic.X
	}
	selector, ok := x.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	owner, ok := selector.X.(*ast.Ident)
	return ok && (owner.Name == "sync" || owner.Name == "atomic")
}

// checkImports wants an empty line between the standard library's imports and
// those of modules.
func checkImports(t tree) []finding {
	standard := func(s *ast.ImportSpec) bool {
		first, _, _ := strings.Cut(strings.Trim(s.Path.Value, `"`), "/")
		return !strings.Contains(first, ".")
	}
	var found []finding
	for _, f := range t.files {
		for i, s := range f.ast.Imports {
			if i == 0 || standard(s) == standard(f.ast.Imports[i-1]) {
				continue
			}
			begin := s.Pos()
			if s.Doc != nil {
				begin = s.Doc.Pos()
			}
			if f.line(begin) <= f.line(f.ast.Imports[i-1].End())+1 {
				found = append(found, f.at(s.Pos(), "%s stands among imports of another kind: leave an empty line between", strings.Trim(s.Path.Value, `"`)))
			}
		}
	}
	return found
}
