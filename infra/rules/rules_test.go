package rules

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A rule is one promise that the whole tree keeps.
type rule struct {
	name  string
	check func(tree) []finding
	bad   map[string]string // a tree that breaks it, as path and content
	want  []string          // one piece of each finding that bad must give, in order
}

// An exception lets one place break one rule.
type exception struct {
	rule, where, reason string
}

// exceptions is the whole list of them. One that nothing needs any more fails.
var exceptions = []exception{
	{"no sleeping tests", "shared/cloud/cloudtest/folder.go", "runs in a synctest bubble, where sleeping is how the clock is moved"},
}

func allRules() []rule {
	return slices.Concat(layerRules, sizeRules, commentRules, nameRules, habitRules, secretRules, moduleRules, docRules)
}

// TestHouseRules walks the project: each rule holds everywhere but where the
// table of exceptions says why not.
func TestHouseRules(t *testing.T) {
	project, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range allRules() {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range settle(r.name, r.check(project), exceptions) {
				t.Error(f)
			}
		})
	}
}

// TestRulesBite shows that no rule is a formality: each finds what is wrong
// with its bad sample, all of it and nothing else.
func TestRulesBite(t *testing.T) {
	for _, r := range allRules() {
		t.Run(r.name, func(t *testing.T) {
			found := r.check(sample(t, r.bad))
			if len(found) != len(r.want) || len(r.want) == 0 {
				t.Fatalf("%d findings, %d wanted (at least one): %v", len(found), len(r.want), found)
			}
			for i, want := range r.want {
				if got := found[i].String(); !strings.Contains(got, want) {
					t.Errorf("finding %d is %q, which lacks %q", i, got, want)
				}
			}
		})
	}
}

// TestExceptions shows that an exception covers its own rule and place only,
// needs a reason, and is reported once it is of no use.
func TestExceptions(t *testing.T) {
	found := []finding{{where: "a.go", text: "long"}, {where: "b.go", text: "long"}}
	table := []exception{
		{rule: "size", where: "a.go", reason: "a table"},
		{rule: "size", where: "c.go", reason: "gone"},
		{rule: "size", where: "b.go"},
		{rule: "other", where: "b.go", reason: "another rule's"},
	}
	var got []string
	for _, f := range settle("size", found, table) {
		got = append(got, f.String())
	}
	want := []string{
		"c.go: nothing needs this exception any more: take it out",
		"b.go: an exception without a reason",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// settle takes out what the exceptions cover and adds what is wrong with them.
func settle(rule string, found []finding, table []exception) []finding {
	for _, e := range table {
		if e.rule != rule {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(found), func(f finding) bool { return f.where == e.where })
		if len(rest) == len(found) {
			rest = append(rest, finding{where: e.where, text: "nothing needs this exception any more: take it out"})
		}
		if e.reason == "" {
			rest = append(rest, finding{where: e.where, text: "an exception without a reason"})
		}
		found = rest
	}
	return found
}

// sample makes a tree of files that stand nowhere but in a test.
func sample(t *testing.T, files map[string]string) tree {
	t.Helper()
	root := fstest.MapFS{}
	for name, content := range files {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	made, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
