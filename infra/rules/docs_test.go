package rules

import (
	"encoding/json"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/infra/pages"
)

// What is run in the documentation is run by local/acceptance. Here stands
// what can be told from looking.
var docRules = []rule{
	{"links lead somewhere", checkLinks, map[string]string{
		"README.md":        "# Top\n[a](docs/a.md#part) [b](docs/b.md) [c](docs/a.md#none) [d](#top) [e](#bottom) [f](docs/) [g](img)\n",
		"docs/a.md":        "## Part\n[up](../README.md) [code](../shared/wire/a.go)\n",
		"shared/wire/a.go": "package wire\n",
		"docs/c.md":        "```sh\nnever ends\n",
	}, []string{
		"README.md:2: docs/b.md is not there", "README.md:2: docs/a.md has no heading #none",
		"README.md:2: README.md has no heading #bottom", "README.md:2: img is not there", "docs/c.md: docs/c.md:1: a block that never ends",
	}},
	{"pages can be found", checkFound, map[string]string{
		"README.md":      "[index](docs/README.md)\n",
		"docs/README.md": "[a](a.md) [all](books/)\n",
		"docs/a.md":      "[c](c.md)\n", "docs/c.md": "", "docs/books/one.md": "", "docs/lost.md": "[a](a.md)\n",
	}, []string{
		"docs/lost.md: no page leads here from README.md: add it to docs/README.md",
	}},
	{"blocks are marked", checkMarks, map[string]string{
		"README.md": "```sh\ntrue\n```\n```\nplain\n```\n```sh now\ntrue\n```\n```yaml\na: 1\n```\n```json\n{\"a\":1} {\"b\":…}\n```\n```json\n{}\n[]\n```\n",
	}, []string{
		"README.md:5: a block of \"\" marked \"\"", "README.md:8: a block of \"sh\" marked \"now\"", "README.md:11: a block of \"yaml\" marked \"\"",
		"README.md:14: no JSON",
	}},
	{"code stands in a receiver", checkQuotes, map[string]string{
		"docs/receivers/a.js":   "// npm install thing\nconst a = 1;\nconst b = 2;\n",
		"docs/receivers/a.py":   "if True:\n    a = 1\n    b = 2\n",
		"docs/receivers/g/a.go": "package g\n",
		"README.md": "```js\nconst a = 1;\nconst b = 2;\n```\n```js\nconst b = 3;\n```\n```python\na = 1\nb = 2\n```\n```go\npackage g\n```\n" +
			"```sh receiver\nnpm install thing\n```\n```sh receiver\nnpm install another\n```\n",
	}, []string{
		"README.md:6: stands in no file of docs/receivers", "README.md:19: stands in no file of docs/receivers",
	}},
	{"commands exist", checkCommands, map[string]string{
		"Makefile":              "run: x\n\tsam build\n\tsam local invoke\n",
		"template.yaml":         "Parameters:\n  Auth:\n    Type: String\n",
		"shared/wire/a.go":      "package wire\n",
		"shared/wire/a_test.go": "package wire\nfunc TestEncode() {}\n",
		"README.md": "```sh make\nmake run ARGS=1 # starts\nA=1 make walk\ngo run ./shared/wire x\ngo test -v -run 'Encode|None' ./shared/wire\n" +
			"go test -run None ./shared/wire\ngo test -run Encode ./shared/none ./shared/...\n```\n" +
			"```sh aws\nsam build && sam deploy --parameter-overrides Auth=on Colour=red\n```\n",
	}, []string{
		"README.md:2: make has no target walk", "README.md:2: no test of shared/wire is named None", "README.md:2: there is no package shared/none",
		"README.md:10: sam deploy is not in the Makefile", "README.md:10: template.yaml has no parameter Colour",
	}},
}

// documentation are the pages of a tree, by path.
func (t tree) documentation() ([]pages.Page, []finding) {
	var all []pages.Page
	var found []finding
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		if name != "README.md" && (path.Ext(name) != ".md" || !strings.HasPrefix(name, "docs/")) {
			continue
		}
		page, err := pages.Read(name, t.texts[name])
		if err != nil {
			found = append(found, finding{where: name, text: err.Error()})
		}
		all = append(all, page)
	}
	return all, found
}

func checkLinks(t tree) []finding {
	all, broken := t.documentation()
	anchors := map[string]map[string]bool{}
	for _, p := range all {
		anchors[p.Path] = p.Anchors
	}
	var found []finding
	for _, p := range all {
		for _, l := range p.Links {
			switch {
			case !t.paths[l.File]:
				found = append(found, finding{p.Path, l.Line, l.File + " is not there"})
			case l.Part != "" && !anchors[l.File][l.Part]:
				found = append(found, finding{p.Path, l.Line, l.File + " has no heading #" + l.Part})
			}
		}
	}
	return append(found, broken...)
}

// checkFound wants every page to be reached from the README; a link to a
// folder leads to all pages in it.
func checkFound(t tree) []finding {
	all, _ := t.documentation()
	reached := map[string]bool{"README.md": true}
	for found := true; found; {
		found = false
		for _, p := range all {
			for _, to := range all {
				leads := slices.ContainsFunc(p.Links, func(l pages.Link) bool { return l.File == to.Path || l.File == path.Dir(to.Path) })
				if leads && reached[p.Path] && !reached[to.Path] {
					reached[to.Path], found = true, true
				}
			}
		}
	}
	var lost []finding
	for _, p := range all {
		if !reached[p.Path] {
			lost = append(lost, finding{where: p.Path, text: "no page leads here from README.md: add it to docs/README.md"})
		}
	}
	return lost
}

func checkMarks(t tree) []finding {
	var allowed []string
	for _, m := range pages.Marks {
		allowed = append(allowed, strings.TrimSpace(m.Language+" "+m.Mark))
	}
	all, _ := t.documentation()
	var found []finding
	for _, p := range all {
		for _, b := range p.Blocks {
			if _, ok := b.Marked(); !ok {
				found = append(found, finding{p.Path, b.Line, "a block of \"" + b.Language + "\" marked \"" + b.Mark +
					"\": write one of " + strings.Join(allowed, ", ") + " (infra/pages/marks.go says what each means)"})
			}
			if b.Language == "json" && !isJSON(b.Text) {
				found = append(found, finding{p.Path, b.Line, "no JSON"})
			}
		}
	}
	return found
}

// isJSON reports whether a text is one JSON value or several.
func isJSON(text string) bool {
	for values := json.NewDecoder(strings.NewReader(text)); ; {
		var value any
		if err := values.Decode(&value); err != nil {
			return err.Error() == "EOF"
		}
	}
}

// checkQuotes wants code that is shown to be part of a receiver that is
// tested, however far it is indented there.
func checkQuotes(t tree) []finding {
	var sources []string
	for _, name := range slices.Sorted(maps.Keys(t.receivers)) {
		sources = append(sources, flat(t.receivers[name]))
	}
	all, _ := t.documentation()
	var found []finding
	for _, p := range all {
		for _, b := range p.Blocks {
			quotes := []string{flat(b.Text)}
			switch m, _ := b.Marked(); {
			case m.Mark == "receiver":
				quotes = strings.Split(strings.TrimSpace(b.Text), "\n")
			case m.Language != "js" && m.Language != "python" && m.Language != "go":
				continue
			}
			for _, quote := range quotes {
				if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(s, quote) }) {
					found = append(found, finding{p.Path, b.Line, "stands in no file of docs/receivers: copy it from there, or put it there first"})
				}
			}
		}
	}
	return found
}

// flat is a text with each line's indentation taken away.
func flat(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

var (
	target    = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
	samCall   = regexp.MustCompile(`\bsam ((?:local |list )?[a-z]+)`)
	override  = regexp.MustCompile(`\b([A-Z][A-Za-z]+)=`)
	ourFolder = regexp.MustCompile(`\s\./([a-z0-9/.]+)`)
	selected  = regexp.MustCompile(`\s-run '?([^'\s]+)'?`)
)

func checkCommands(t tree) []finding {
	all, _ := t.documentation()
	var found []finding
	for _, p := range all {
		for _, b := range p.Blocks {
			for _, line := range strings.Split(b.Text, "\n") {
				line, _, _ = strings.Cut(line, " #")
				for _, text := range t.wrongIn(b.Mark, line) {
					found = append(found, finding{p.Path, b.Line, text})
				}
			}
		}
	}
	return found
}

// wrongIn says what a line of commands names that is not there.
func (t tree) wrongIn(mark, line string) (wrong []string) {
	switch mark {
	case "make":
		for _, m := range target.FindAllStringSubmatch(line, -1) {
			if !regexp.MustCompile(`(?m)^(\S+ )*` + m[1] + `( \S+)*:`).MatchString(t.texts["Makefile"]) {
				wrong = append(wrong, "make has no target "+m[1])
			}
		}
		if !strings.Contains(line, "go ") {
			return wrong
		}
		for _, m := range ourFolder.FindAllStringSubmatch(line, -1) {
			dir, all := strings.CutSuffix(m[1], "/...")
			if tests := t.testsIn(dir); tests == nil && !all {
				wrong = append(wrong, "there is no package "+dir)
			} else if run := selected.FindStringSubmatch(line); run != nil && !all && !regexp.MustCompile(run[1]).MatchString(strings.Join(tests, " ")) {
				wrong = append(wrong, "no test of "+dir+" is named "+run[1])
			}
		}
	case "aws":
		for _, m := range samCall.FindAllStringSubmatch(line, -1) {
			if !strings.Contains(t.texts["Makefile"], "sam "+m[1]) {
				wrong = append(wrong, "sam "+m[1]+" is not in the Makefile")
			}
		}
		_, overrides, _ := strings.Cut(line, "--parameter-overrides ")
		for _, m := range override.FindAllStringSubmatch(overrides, -1) {
			if !strings.Contains(t.texts["template.yaml"], "\n  "+m[1]+":\n") {
				wrong = append(wrong, "template.yaml has no parameter "+m[1])
			}
		}
	}
	return wrong
}

// testsIn are the names of a package's tests; nil where there is no package.
func (t tree) testsIn(dir string) []string {
	var names []string
	for _, f := range t.packages()[dir] {
		if names == nil {
			names = []string{}
		}
		for _, decl := range f.ast.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(d.Name.Name, "Test") {
				names = append(names, d.Name.Name)
			}
		}
	}
	return names
}
