package rules

import (
	"fmt"
	"go/ast"
)

// heldAgainst are the files in which what a stranger sent is held against what
// only we, or who has a secret, can make; and how many comparisons each has. All
// take the same time however far the guess is right.
var heldAgainst = map[string]int{
	"shared/adapter/aws/authkeys.go":      1, // a bearer key's hash
	"shared/adapter/embedded/authkeys.go": 1, // the same
	"shared/auth/service.go":              1, // the same
	"shared/feed/cursor/cursor.go":        1, // a cursor's code
	"shared/sign/diagnosis/diagnosis.go":  1, // a delivery's signature
	"shared/sign/verify.go":               2, // the same, of both kinds
	"docs/receivers/nethttp/main.go":      1, // the same
}

var secretRules = []rule{
	{"secrets are compared in constant time", checkComparisons, map[string]string{
		"shared/auth/service.go":       "package auth\nvar a = string(b) == string(c)\n",
		"shared/feed/cursor/cursor.go": "package cursor\nvar a = hmac.Equal(b, c)\n",
		"shared/sign/verify.go":        "package sign\nvar a, d = hmac.Equal(b, c), bytes.Equal(b, c)\n",
		"shared/wire/a.go":             "package wire\nvar a = subtle.ConstantTimeCompare(b, c)\n",
		"shared/wire/a_test.go":        "package wire\nvar a = hmac.Equal(b, c)\n",
	}, []string{
		"shared/auth/service.go: hmac.Equal or subtle.ConstantTimeCompare compare 0", "compare 1 times, the table says 2", "compare 1 times, the table says 0",
	}},
}

func checkComparisons(t tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test {
			continue
		}
		n := 0
		ast.Inspect(f.ast, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok && (selects(call.Fun, "hmac", "Equal") || selects(call.Fun, "subtle", "ConstantTimeCompare")) {
				n++
			}
			return true
		})
		if want := heldAgainst[f.path]; n != want {
			found = append(found, finding{where: f.path, text: fmt.Sprintf(
				"hmac.Equal or subtle.ConstantTimeCompare compare %d times, the table says %d: compare what a stranger sent by them, and keep the table", n, want)})
		}
	}
	return found
}
