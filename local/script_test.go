package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script: each a session at a shell, with a furnished
// server at MEMHOOKS_URL and a receiver at $RECEIVER.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			f := start(deferring{t, e}, e.WorkDir+"/data")
			if err := f.furnish(t.Context()); err != nil {
				return err
			}
			e.Values["fixture"] = f
			return errors.Join(f.describe(e), keep(t.Context(), e.WorkDir))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"until": until, "remember": remember, "received": received,
		},
	})
}

// deferring ends what a script started when the script ends.
type deferring struct {
	*testing.T

	env *testscript.Env
}

// Cleanup runs f at the script's end.
func (d deferring) Cleanup(f func()) { d.env.Defer(f) }

// describe puts what scripts and examples name into their environment and
// folder: a delivered request as it was captured, its body and signature.
func (f *fixture) describe(e *testscript.Env) error {
	e.Setenv("MEMHOOKS_URL", f.Base)
	e.Setenv("RECEIVER", f.receiver.URL)
	e.Setenv("SECRET", secret)
	got, err := f.receiver.wait(1, func(p posted) bool { return bytes.Contains(p.body, []byte("it works")) })
	if err != nil {
		return err
	}
	e.Setenv("SIGNATURE", got[0].header.Get("X-REM-Signature"))
	if err := os.WriteFile(e.WorkDir+"/request.http", got[0].captured(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(e.WorkDir+"/body.json", got[0].body, 0o600)
}

// until runs a command again and again, until its output has a pattern:
// until PATTERN PROGRAM ARGUMENTS.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM ARGUMENTS")
	}
	wanted := regexp.MustCompile(args[0])
	for range 1000 {
		if err := ts.Exec(args[1], args[2:]...); err == nil && wanted.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%q never came", args[0])
}

// remember writes a memory: remember TEXT TAG….
func remember(ts *testscript.TestScript, _ bool, args []string) {
	f := ts.Value("fixture").(*fixture)
	_, err := f.Do(context.Background(), "POST", "/v1/remember", nil, map[string]any{"content": args[0], "tags": append([]string{}, args[1:]...)})
	ts.Check(err)
}

// received waits until the receiver has got N requests that hold a text, and
// writes the last one's body and the whole of it to files: received N TEXT.
func received(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, err := ts.Value("fixture").(*fixture).receiver.wait(n, func(p posted) bool {
		return strings.Contains(string(p.captured()), args[1])
	})
	ts.Check(err)
	last := got[len(got)-1]
	ts.Check(os.WriteFile(ts.MkAbs("received.json"), last.body, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("received.http"), last.captured(), 0o600))
}
