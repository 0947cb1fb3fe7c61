package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

// leaves are the commands that can be called, as kong sees them.
func leaves(t *testing.T) []*kong.Node {
	t.Helper()
	k, err := newParser(t.Context(), world{})
	if err != nil {
		t.Fatal(err)
	}
	return k.Model.Leaves(true)
}

func TestEachCommandHasAnExample(t *testing.T) {
	known := map[string]bool{}
	for _, leaf := range leaves(t) {
		known[leaf.Path()] = true
		if example := examples[leaf.Path()]; !strings.HasPrefix(example, "memhooks "+leaf.Path()) {
			t.Errorf("%s has the example %q: give it one in examples.go", leaf.Path(), example)
		}
		if leaf.Help == "" || !strings.HasSuffix(leaf.Help, ".") {
			t.Errorf("%s: its help is %q: say what it does, in a sentence", leaf.Path(), leaf.Help)
		}
	}
	for path := range examples {
		if !known[path] {
			t.Errorf("%q is the example of no command", path)
		}
	}
}

// TestExamples runs what help prints, each on a furnished server of its own, in
// a shell; only where listen forwards to is another address.
func TestExamples(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh; go test ./local -run TestExamples")
	}
	for _, leaf := range leaves(t) {
		t.Run(leaf.Path(), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			f := start(t, folder+"/data")
			if err := f.furnish(t.Context()); err != nil {
				t.Fatal(err)
			}
			env := &testscript.Env{WorkDir: folder, Vars: os.Environ()}
			if err := errors.Join(f.describe(env), keep(t.Context(), folder)); err != nil {
				t.Fatal(err)
			}
			if path := leaf.Path(); path == "serve" || path == "restore" { // the folder's own data is in use
				env.Setenv("MEMHOOKS_DATA", folder+"/new")
			}
			example := printed(t, leaf.Path())
			example = strings.ReplaceAll(example, "http://localhost:3000", f.receiver.URL)
			ctx, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			command := exec.CommandContext(ctx, shell, "-c", "exec "+example)
			command.Dir, command.Env = folder, append(env.Vars, "MEMHOOKS_ADDR=127.0.0.1:0", "MEMHOOKS_AUTH=off")
			output, served := &transcript{}, leaf.Path() == "serve"
			output.full = func() {
				if served && strings.Contains(output.String(), "first memory") {
					_ = command.Process.Signal(os.Interrupt)
				}
			}
			command.Stdout, command.Stderr = output, output
			if err := command.Run(); err != nil {
				t.Errorf("%s: %v\n%s", example, err, output)
			}
			if output.Len() == 0 {
				t.Errorf("%s printed nothing", example)
			}
		})
	}
}

// transcript is what a command printed.
type transcript struct {
	strings.Builder

	full func() // told of each write
}

// Write is io.Writer's; a command's two outputs write one after the other.
func (o *transcript) Write(p []byte) (int, error) {
	n, err := o.Builder.Write(p)
	o.full()
	return n, err
}

// printed is the example as --help prints it.
func printed(t *testing.T, path string) string {
	t.Helper()
	output, err := exec.Command("memhooks", append(strings.Fields(path), "--help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("memhooks %s --help: %v\n%s", path, err, output)
	}
	_, rest, found := strings.Cut(string(output), "Example:\n\n    ")
	example, _, _ := strings.Cut(rest, "\n")
	if !found || example == "" {
		t.Fatalf("memhooks %s --help shows no example:\n%s", path, output)
	}
	return example
}
