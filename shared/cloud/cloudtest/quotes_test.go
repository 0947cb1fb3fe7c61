package cloudtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/cloud/cloudtest"
)

// sources are where promises are made: the ports, and who calls them.
var sources = []string{
	"auth/auth.go", "auth/lease.go", "change/change.go", "cloud/cloud.go", "delivery/*.go", "fanout/plan.go", "feed/*.go", "hook/hook.go", "inspect/among.go",
	"memory/store/instance.go", "memory/store/store.go", "once/once.go", "seal/*.go",
}

// TestEveryPromiseIsQuoted looks each rule's promise up where it is made: a
// promise that was changed or taken back is a rule to be changed with it.
func TestEveryPromiseIsQuoted(t *testing.T) {
	text := made(t)
	names := map[string]bool{}
	for _, r := range cloudtest.Rules {
		if names[r.Name] {
			t.Errorf("two rules are called %q", r.Name)
		}
		names[r.Name] = true
		if r.Promise == "" || !strings.Contains(text, r.Promise) {
			t.Errorf("%s quotes %q, which no port promises", r.Name, r.Promise)
		}
	}
}

// made is the text of all sources, comments and declarations, each run of space
// a single one.
func made(t *testing.T) string {
	var all []string
	for _, pattern := range sources {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source %s: %v", pattern, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				all = append(all, strings.Fields(strings.Replace(line, "//", " ", 1))...)
			}
		}
	}
	return strings.Join(all, " ")
}
