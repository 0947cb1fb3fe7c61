package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReport holds what is printed for recorded runs to goldens: what passes is
// a line, what fails is told whole, what is skipped says why.
func TestReport(t *testing.T) {
	recorded, err := filepath.Glob("testdata/*.json")
	if err != nil || len(recorded) == 0 {
		t.Fatalf("no recorded run: %v", err)
	}
	for _, name := range recorded {
		t.Run(filepath.Base(name), func(t *testing.T) {
			input, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer input.Close()
			var got strings.Builder
			r := newReport(&got)
			if err := r.read(bufio.NewReader(input)); err != nil {
				t.Fatal(err)
			}
			r.close()
			golden(t, strings.TrimSuffix(name, ".json")+".txt", got.String())
		})
	}
}

// TestReason shows which part of a skipped test's output is its reason.
func TestReason(t *testing.T) {
	for _, c := range []struct {
		output []string
		want   string
	}{
		{nil, "it does not say why"},
		{[]string{"=== RUN   TestA\n", "--- SKIP: TestA (0.00s)\n"}, "it does not say why"},
		{[]string{"=== RUN   TestA\n", "    a_test.go:3: needs node\n", "        run: make test\n", "--- SKIP: TestA (0.00s)\n"},
			"needs node run: make test"},
		{[]string{"    a_test.go:3: nee", "ds node\n"}, "needs node"},
	} {
		if got := reason(c.output); got != c.want {
			t.Errorf("reason(%q) = %q, want %q", c.output, got, c.want)
		}
	}
}

// TestNothingRan shows that a pattern which matches no test is a failure.
func TestNothingRan(t *testing.T) {
	var stdout, stderr strings.Builder
	err := run([]string{"-run", "NoSuchTest", "./../rules"}, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "no test ran") {
		t.Errorf("got %v, want a failure; output: %s%s", err, &stdout, &stderr)
	}
}

// FuzzRead shows that no output of go test, however broken, breaks the report.
func FuzzRead(f *testing.F) {
	f.Add("{\"Action\":\"skip\",\"Package\":\"p\",\"Test\":\"T\"}\n")
	f.Add("{\"Action\":\"fail\",\"Package\":\"p\"}\nnot JSON\n{")
	f.Fuzz(func(t *testing.T, lines string) {
		var got strings.Builder
		r := newReport(&got)
		if err := r.read(bufio.NewReader(strings.NewReader(lines))); err != nil {
			t.Fatal(err)
		}
		r.close()
	})
}

// golden compares with a file, or writes it where UPDATE_GOLDEN is set.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look, then run make golden\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
