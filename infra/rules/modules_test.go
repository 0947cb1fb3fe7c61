package rules

import (
	"slices"
	"strings"
)

var moduleRules = []rule{
	{"modules say why", checkReasons, map[string]string{
		"go.mod": "module example\n\ngo 1.26\n\nrequire (\n" +
			"\texample.com/a v1.0.0 // signs things\n" +
			"\texample.com/b v1.0.0\n" +
			"\texample.com/c v1.0.0 // indirect\n" +
			"\texample.com/d v1.0.0 //\n" +
			")\n\nrequire example.com/e v1.0.0\n",
	}, []string{
		"go.mod:7: example.com/b", "go.mod:9: example.com/d", "go.mod:12: example.com/e",
	}},
	{"direct modules", checkDirect, map[string]string{
		"go.mod": "module example\n\nrequire (\n" +
			"\texample.com/a v1.0.0 // indirect\n" +
			"\texample.com/b v1.0.0 // signs things\n" +
			"\texample.com/c v1.0.0 // indirect\n)\n",
		"shared/sign/a.go": "package sign\nimport (\n_ \"example.com/a/sub\"\n_ \"example.com/b\"\n_ \"example.com/cc\"\n)\n",
	}, []string{
		"go.mod:4: example.com/a",
	}},
}

// A requirement is one module that go.mod asks for.
type requirement struct {
	module   string
	line     int
	reason   string // the comment on its line
	indirect bool
}

// checkReasons finds direct requirements that don't say why they are there, in
// a comment on their line, which `go mod tidy` keeps.
func checkReasons(t tree) []finding {
	var found []finding
	for _, r := range requirements(t.texts["go.mod"]) {
		if !r.indirect && r.reason == "" {
			found = append(found, finding{where: "go.mod", line: r.line,
				text: r.module + " has no reason: write why after // on its line"})
		}
	}
	return found
}

// checkDirect finds modules that we import although go.mod calls them
// indirect: they would pass without a reason.
func checkDirect(t tree) []finding {
	var found []finding
	all := requirements(t.texts["go.mod"])
	for _, r := range all {
		if r.indirect && slices.ContainsFunc(t.files, func(f *goFile) bool { return f.uses(r.module, all) }) {
			found = append(found, finding{where: "go.mod", line: r.line,
				text: r.module + " is imported here, so not indirect: run go mod tidy -e and write why after // on its line"})
		}
	}
	return found
}

// uses reports whether a file imports a package of a module. A package belongs
// to the longest of the modules whose path it begins with.
func (f *goFile) uses(module string, all []requirement) bool {
	for _, spec := range f.ast.Imports {
		owner := ""
		for _, r := range all {
			if name := importPath(spec) + "/"; strings.HasPrefix(name, r.module+"/") && len(r.module) > len(owner) {
				owner = r.module
			}
		}
		if owner == module {
			return true
		}
	}
	return false
}

// requirements reads go.mod's require lines.
func requirements(mod string) []requirement {
	var all []requirement
	block := false
	for i, line := range strings.Split(mod, "\n") {
		code, reason, _ := strings.Cut(line, "//")
		words := strings.Fields(code)
		single := len(words) == 3 && words[0] == "require"
		if single {
			words = words[1:]
		}
		switch {
		case len(words) == 2 && words[0] == "require" && words[1] == "(":
			block = true
		case len(words) == 1 && words[0] == ")":
			block = false
		case len(words) == 2 && (block || single):
			reason = strings.TrimSpace(reason)
			all = append(all, requirement{words[0], i + 1, reason, reason == "indirect"})
		}
	}
	return all
}
