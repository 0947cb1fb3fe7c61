package rules

import (
	"path"
	"slices"
	"strings"
)

// refused are words that say nothing about what a package or file gives.
var refused = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models",
	"types", "base", "misc", "impl",
}

var nameRules = []rule{
	{"names", checkNames, map[string]string{
		"shared/wire/encode.go":         "package wire\n",
		"shared/wire/types.go":          "package wire\n",
		"shared/wire/test_helpers.go":   "package wire\n",
		"shared/wire/base64.go":         "package wire\n",
		"shared/common/a.go":            "package common\n",
		"shared/hookutil/a.go":          "package hookutil\n",
		"shared/hook/hook_util_test.go": "package hook_test\n",
	}, []string{
		"shared/common: \"common\"",
		"shared/hook/hook_util_test.go: \"util\"",
		"shared/hookutil: \"util\"",
		"shared/wire/test_helpers.go: \"helpers\"",
		"shared/wire/types.go: \"types\"",
	}},
}

func checkNames(t tree) []finding {
	const advice = " names nothing: say what it gives"
	var found []finding
	for _, f := range t.files {
		for _, word := range strings.Split(strings.TrimSuffix(path.Base(f.path), ".go"), "_") {
			if slices.Contains(refused, word) {
				found = append(found, finding{where: f.path, text: "\"" + word + "\"" + advice})
			}
		}
		for _, word := range refused {
			bad := finding{where: f.dir, text: "\"" + word + "\"" + advice}
			if hides(path.Base(f.dir), word) && !slices.Contains(found, bad) {
				found = append(found, bad)
			}
		}
	}
	return found
}

// hides reports whether a package's name is a refused word or ends with one
// that is often glued on, as in "hookutil".
func hides(name, word string) bool {
	glued := word == "util" || word == "utils" || word == "helpers"
	return name == word || glued && strings.HasSuffix(name, word)
}
