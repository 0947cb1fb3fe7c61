package rules

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A layer is a group of packages that may import packages of the layers
// before it, and none of its own. A pattern is a path from the root; * stands
// for one folder.
type layer struct {
	packages []string
	reason   string
}

// layers, lowest first. A package that stands in none fails by name: put it
// where its reason fits. A test companion (x/xtest) stands right above x and
// the parts of x.
var layers = []layer{
	{[]string{"events"}, "the public contract, which others read without reading us"},
	{[]string{"shared/fault"}, "every layer above fails in the same words"},
	{[]string{"shared/redact/pii"}, "what is personal, told from text alone"},
	{[]string{
		"shared/wire", "shared/sign", "shared/redact", "shared/seal",
		"shared/memory/grain", "shared/memory/chunk", "shared/memory/rank",
		"shared/hook/pattern", "shared/delivery/guard", "shared/once",
	}, "one idea each, of values only, so that each can be read and fuzzed alone"},
	{[]string{"shared/sign/diagnosis"}, "why a signature fails: signing and writing JSON seen together, for people"},
	{[]string{"shared/seal/localmaster"}, "a master key where no cloud keeps one; below the stages, which know its port only"},
	{[]string{"shared/change"}, "the first word of the road: whatever happens is told as one of these"},
	{[]string{"shared/memory/store", "shared/feed/cursor"}, "what is kept of a grain, what stands for a place: values and ports of the stages above"},
	{[]string{"shared/dialect"}, "a change's name and body as each kind of receiver reads it"},
	{[]string{"shared/hook"}, "who wants to hear of changes"},
	{[]string{"shared/memory"}, "writes, which raise changes"},
	{[]string{"shared/feed"}, "the log of changes"},
	{[]string{"shared/fanout"}, "changes in, log entries and jobs out"},
	{[]string{"shared/delivery"}, "jobs in, verdicts out; never calls back up the road"},
	{[]string{"shared/inspect"}, "what happened, found again and explained"},
	{[]string{"shared/auth"}, "keys and tenants"},
	{[]string{"shared/cloud"}, "the ports of all stages in one struct, for adapters to fill"},
	{[]string{"shared/road"}, "the stages assembled on a cloud"},
	{[]string{"shared/httpapi/client"}, "the API called from Go: HTTP alone, so that what is built on it sees what every caller sees"},
	{[]string{"shared/httpapi/console"}, "what people see, made of what every caller may ask"},
	{[]string{"shared/httpapi"}, "HTTP in, services out; it knows ports, no adapter"},
	{[]string{"shared/adapter/aws/attempt"}, "what a cloud's clients have in common"},
	{[]string{"shared/adapter/aws/table", "shared/adapter/aws/fifo"}, "a cloud's services, of which its adapter makes the ports"},
	{[]string{"shared/adapter/*"}, "leaves: one cloud each, none knows another"},
	{[]string{"shared/adapter/aws/trigger"}, "what starts a cloud's functions, and the stages on that cloud alone"},
	{[]string{"shared/adapter"}, "the one list of clouds"},
	{[]string{"local/terminal"}, "what a person reads, which every part of the command line writes"},
	{[]string{"local/*"}, "parts of the command line"},
	{[]string{"local", "functions/*"}, "what is started: opens a cloud, builds stages, serves"},
	{[]string{"docs/receivers/*"}, "what receivers copy: they know us by HTTP alone"},
	{[]string{"infra/template", "infra/prices", "infra/pages"}, "what is deployed, what it costs, what is written about it, as values"},
	{[]string{"infra/*"}, "looks at the project from outside"},
}

// A foreign row says where alone a module from outside may be imported.
type foreign struct {
	prefixes []string // of import paths
	allowed  []string // packages, as in layers
	testing  bool     // tests and their companions may import it everywhere
	reason   string
}

var foreigns = []foreign{
	{[]string{"github.com/aws/aws-sdk-go", "github.com/aws/smithy-go"}, []string{"shared/adapter/aws", "shared/adapter/aws/*"}, false,
		"the core and the functions know no cloud"},
	{[]string{"github.com/aws/aws-lambda-go", "github.com/awslabs/"}, []string{"shared/adapter/aws/trigger", "functions/*"}, false,
		"what Lambda hands over is unpacked at the edge"},
	{[]string{"go.yaml.in/"}, []string{"infra/*"}, false, "only what looks at the project reads YAML"},
	{[]string{"modernc.org/", "database/sql"}, []string{"shared/adapter/embedded", "local", "local/*"}, true,
		"SQL is the embedded adapter's way of keeping promises, and a bare reference for the bench"},
	{[]string{"github.com/alecthomas/kong"}, []string{"local", "local/*"}, false,
		"functions are set by their environment and stay small"},
	{[]string{"pgregory.net/rapid", "github.com/rogpeppe/go-internal"}, nil, true, "what only tests need is not shipped"},
	{[]string{"github.com/standard-webhooks/"}, []string{"docs/receivers/*"}, true, "the receivers' side; what is shipped signs by itself"},
}

var layerRules = []rule{
	{"layers", checkLayers, map[string]string{
		"events/a.go":               imports("events", "shared/fault"),
		"shared/wire/a.go":          imports("wire", "events", "shared/fault"),
		"shared/sign/a.go":          imports("sign", "shared/wire"),
		"shared/sign/a_test.go":     imports("sign", "shared/memory", "shared/sign/signtest", "shared/seal/sealtest"),
		"shared/sign/out_test.go":   imports("sign_test", "shared/adapter/embedded", "shared/sign/signtest"),
		"shared/sign/signtest/a.go": imports("signtest", "shared/sign", "events"),
		"shared/seal/sealtest/a.go": imports("sealtest", "shared/seal", "shared/seal/localmaster", "shared/change"),
		"shared/memory/a.go":        imports("memory", "shared/adapter", "shared/sign/signtest"),
		"shared/novel/a.go":         imports("novel", "events"),
		"local/a.go":                imports("main", "shared/adapter", "shared/adapter/embedded", "shared/memory"),
		"shared/cloud/cloudtest/a.go": imports("cloudtest", "shared/cloud", "shared/hook/hooktest",
			"shared/httpapi"),
	}, []string{
		"events/a.go:3: events imports shared/fault",
		"shared/cloud/cloudtest/a.go:5: shared/cloud/cloudtest imports shared/httpapi",
		"shared/memory/a.go:3: shared/memory imports shared/adapter",
		"shared/memory/a.go:4: shared/sign/signtest is for tests",
		"shared/novel: stands in no layer: add it to the table in infra/rules/layers_test.go",
		"shared/seal/sealtest/a.go:5: shared/seal/sealtest imports shared/change",
		"shared/sign/a.go:3: shared/sign imports shared/wire",
		"shared/sign/a_test.go:3: shared/sign imports shared/memory",
		"shared/sign/a_test.go:5: shared/sign imports shared/seal/sealtest",
	}},
	{"foreign modules", checkForeign, map[string]string{
		"shared/memory/a.go":            "package memory\nimport _ \"github.com/aws/aws-sdk-go-v2/aws\"\n",
		"shared/memory/a_test.go":       "package memory_test\nimport _ \"github.com/aws/smithy-go\"\nimport _ \"pgregory.net/rapid\"\n",
		"shared/adapter/aws/a.go":       "package aws\nimport _ \"github.com/aws/aws-sdk-go-v2/aws\"\n",
		"shared/adapter/embedded/a.go":  "package embedded\nimport _ \"pgregory.net/rapid\"\nimport _ \"modernc.org/sqlite\"\n",
		"shared/cloud/cloudtest/a.go":   "package cloudtest\nimport _ \"pgregory.net/rapid\"\n",
		"functions/memories/main.go":    "package main\nimport _ \"github.com/alecthomas/kong\"\n",
		"functions/memories/handler.go": "package main\nimport _ \"github.com/aws/aws-lambda-go/lambda\"\n",
	}, []string{
		"functions/memories/main.go:2: github.com/alecthomas/kong",
		"shared/adapter/embedded/a.go:2: pgregory.net/rapid",
		"shared/memory/a.go:2: github.com/aws/aws-sdk-go-v2/aws",
		"shared/memory/a_test.go:2: github.com/aws/smithy-go",
	}},
}

// checkLayers holds imports of our own to the order of layers. Tests inside of
// a package are held as the package is; external tests may import anything.
func checkLayers(t tree) []finding {
	var found []finding
	packages := t.packages()
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		rank, known := rankOf(dir)
		if !known {
			found = append(found, finding{where: dir,
				text: "stands in no layer: add it to the table in infra/rules/layers_test.go, where its reason fits"})
			continue
		}
		for _, f := range packages[dir] {
			if !f.external() {
				found = append(found, upward(f, rank)...)
			}
		}
	}
	return found
}

// upward returns the imports of f that a package of that rank may not have.
func upward(f *goFile, rank int) []finding {
	var found []finding
	for _, spec := range f.ast.Imports {
		dir, ours := strings.CutPrefix(importPath(spec), module+"/")
		if !ours {
			continue
		}
		switch other, known := rankOf(dir); {
		case !known:
			// Reported once, where the package itself stands.
		case f.test && isCompanion(dir) && path.Dir(dir) == f.dir:
			// A package's own tests may; a cycle is the compiler's to refuse.
		case isCompanion(dir) && !f.test && !isCompanion(f.dir):
			found = append(found, f.at(spec.Pos(), "%s is for tests: what is shipped may not import it", dir))
		case other >= rank:
			found = append(found, f.at(spec.Pos(), "%s imports %s, which stands in the same layer or a higher one (%s)",
				f.dir, dir, layers[other/2].reason))
		}
	}
	return found
}

// rankOf returns where a package stands: twice its layer's number. A test
// companion stands right above its package and the parts of that package.
func rankOf(dir string) (rank int, known bool) {
	parent := path.Dir(dir)
	for i, l := range layers {
		switch {
		case matchAny(l.packages, dir):
			return 2 * i, true
		case isCompanion(dir) && (matchAny(l.packages, parent) || hasPartOf(l.packages, parent)):
			rank, known = 2*i+1, true
		}
	}
	return rank, known
}

func hasPartOf(packages []string, parent string) bool {
	return slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, parent+"/") })
}

// isCompanion reports whether dir is the test companion of the folder above it.
func isCompanion(dir string) bool {
	return path.Base(dir) == path.Base(path.Dir(dir))+"test"
}

func checkForeign(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, spec := range f.ast.Imports {
			name := importPath(spec)
			for _, row := range foreigns {
				covered := slices.ContainsFunc(row.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
				tested := row.testing && (f.test || isCompanion(f.dir))
				if covered && !tested && !matchAny(row.allowed, f.dir) {
					found = append(found, f.at(spec.Pos(), "%s is allowed in %v only: %s", name, row.allowed, row.reason))
				}
			}
		}
	}
	return found
}

func matchAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, dir)
		return matched && err == nil
	})
}

func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser lets no such thing pass
	}
	return name
}

// imports makes a file of a package, with an import of ours on each line from
// the third on.
func imports(name string, dirs ...string) string {
	var b strings.Builder
	b.WriteString("package " + name + "\n\n")
	for _, dir := range dirs {
		b.WriteString("import _ \"" + module + "/" + dir + "\"\n")
	}
	return b.String()
}
