package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/memhooks/memhooks/local/bench"
)

type benchCommand struct {
	Duration time.Duration `default:"6s" help:"How long each timed figure runs."`
	Events   int           `default:"20000" help:"How many events are drained."`
	Only     string        `help:"One figure: writes, drain, steady, fan, latency or start."`
	Dir      string        `help:"An empty folder on the disk to measure; a temporary one by default."`
}

// Run measures and prints the table.
func (b benchCommand) Run(ctx context.Context, w world) error {
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
	return bench.Run(ctx, bench.Options{Binary: binary, Dir: dir, For: b.Duration, Events: b.Events, Only: b.Only}, w.screen.Out)
}

type referenceCommand struct {
	Args []string `arg:"" help:"What bench asks for."`
}

// Run plays a bare part for bench.
func (r referenceCommand) Run(ctx context.Context) error { return bench.Reference(ctx, r.Args) }
