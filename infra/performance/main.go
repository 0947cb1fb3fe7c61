// Command performance writes what `memhooks bench --json` found into
// docs/performance.md, between its marks, draws docs/performance.svg, and keeps
// all of it in docs/performance.json:
//
//	make bench-report
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/memhooks/memhooks/local/bench"
)

// The files, from the project's root.
const (
	page    = "docs/performance.md"
	picture = "docs/performance.svg"
	results = "docs/performance.json"
)

func main() {
	if err := write(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "performance:", err)
		os.Exit(1)
	}
}

// write reads a report and rewrites the files.
func write(in io.Reader) error {
	var r bench.Report
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	was, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	now, err := between(string(was), tables(r))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{page, []byte(now)}, {picture, []byte(draw(r))}, {results, append(raw, '\n')}} {
		if err := os.WriteFile(f.name, f.text, 0o644); err != nil { //nolint:gosec // documentation
			return err
		}
	}
	return nil
}
