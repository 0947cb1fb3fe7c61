//go:build unix

// Command firstrun measures how long `make run` takes until the server listens,
// on a clean clone of the last commit: the first time, when nothing is built,
// and again. What was downloaded of modules stays.
//
//	make firstrun
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tries are the budgets, in the order of their measurement.
var tries = []struct {
	name   string
	budget time.Duration
}{
	{"the first time", 120 * time.Second},
	{"again", 5 * time.Second},
}

func main() {
	if err := measure(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "firstrun:", err)
		os.Exit(1)
	}
}

// measure prints each figure, and fails where a budget is passed.
func measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "memhooks-firstrun")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clone := filepath.Join(dir, "clone")
	if out, err := exec.CommandContext(ctx, "git", "clone", "--quiet", ".", clone).CombinedOutput(); err != nil {
		return fmt.Errorf("clone: %w: %s", err, out)
	}
	var over error
	for _, try := range tries {
		took, err := run(ctx, clone, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", try.name, err)
		}
		fmt.Printf("make run on a clean clone, %s: %.1f s (budget %.0f s)\n", try.name, took.Seconds(), try.budget.Seconds())
		if took > try.budget {
			over = errors.New("a budget is passed")
		}
	}
	return over
}

// run is make run until the server listens, which is then ended with all that
// make started. What is built is kept in dir.
func run(ctx context.Context, clone, dir string) (time.Duration, error) {
	begin := time.Now()
	cmd := exec.CommandContext(ctx, "make", "run")
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "built"), "MEMHOOKS_ADDR=127.0.0.1:0", "MEMHOOKS_DATA="+filepath.Join(dir, "data"))
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	took, err := listening(out, begin)
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	_ = cmd.Wait()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, said.String())
	}
	return took, nil
}

// listening waits for the line that says so.
func listening(out io.Reader, begin time.Time) (time.Duration, error) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "listening on ") {
			return time.Since(begin), nil
		}
	}
	return 0, errors.New("it ended before it listened")
}
