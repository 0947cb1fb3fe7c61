package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/memhooks/memhooks/local/bench"
)

type benchCommand struct {
	Duration time.Duration `default:"6s" help:"How long each timed figure runs."`
	Events   int           `default:"20000" help:"How many events are drained; twice as many are relayed."`
	Only     string        `help:"One figure: ${benchmarks}."`
	All      bool          `help:"Growth too: the same at more and more stored grains, and hooks. Takes minutes."`
	Large    bool          `help:"Up to 1,000,000 events and grains. Takes many minutes, and 3 GB of disk."`
	Runs     int           `default:"1" help:"How often each figure is measured; with several, least and most are shown too."`
	Dir      string        `help:"An empty folder on the disk to measure; a temporary one by default."`
	Profiles string        `placeholder:"DIR" help:"Also write where the server's time went, a profile a row, into this folder, for go tool pprof."`
	JSON     bool          `name:"json" help:"Print all of it as JSON."`
}

// Run measures and prints what could be measured, also where not all could.
func (b benchCommand) Run(ctx context.Context, w world) error {
	if names := strings.Split(bench.Names(), ", "); b.Only != "" && !slices.Contains(names, b.Only) {
		return usagef("--only is %q: give one of %s", b.Only, bench.Names())
	}
	binary, err := w.binary()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	dir := b.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "memhooks-bench"); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		defer os.RemoveAll(dir)
	}
	report, failed := bench.Run(ctx, bench.Options{
		Binary: binary, Version: version, Dir: dir, For: b.Duration, Events: b.Events, Only: b.Only, All: b.All, Large: b.Large, Runs: b.Runs,
		Profiles: b.Profiles,
		Told:     func(what string) { fmt.Fprintln(w.screen.Err, what) },
	})
	if len(report.Figures) == 0 {
		return failed
	}
	if !b.JSON {
		return errors.Join(failed, report.Print(w.screen.Out))
	}
	out := json.NewEncoder(w.screen.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return errors.Join(failed, out.Encode(report))
}

type referenceCommand struct {
	Args []string `arg:"" help:"What bench asks for."`
}

// Run plays a bare part for bench.
func (r referenceCommand) Run(ctx context.Context) error { return bench.Reference(ctx, r.Args) }
