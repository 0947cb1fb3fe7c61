package main

import (
	"fmt"
	"strings"

	"github.com/memhooks/memhooks/local/bench"
)

// What is written stands between these lines of the page.
const (
	begin = "<!-- figures: written by make bench-report -->"
	end   = "<!-- end of the figures -->"
)

// between puts a text between the marks of a page.
func between(page, text string) (string, error) {
	before, rest, found := strings.Cut(page, begin+"\n")
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("the lines %q and %q have to be there, in this order", begin, end)
	}
	return before + begin + "\n" + text + end + after, nil
}

// tables writes a report: where it was made, the figures, and what grows.
func tables(r bench.Report) string {
	m := r.Machine
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %s/%s, %d CPUs, %s, memhooks %s, %s: median, in brackets least and most.\n",
		m.Date, m.OS, m.Arch, m.CPUs, m.Go, m.Version, times(r.Runs))
	out.WriteString("\n![ratios to the budgets, and growth](performance.svg)\n\n")
	out.WriteString("| figure | measured | reference | ratio | budget | |\n|---|---|---|---|---|---|\n")
	for _, f := range r.Figures {
		if f.Growth == "" {
			row(&out, f)
		}
	}
	out.WriteString("\nGrowth, where the reference is the same figure at the smallest size:\n\n")
	out.WriteString("| figure | measured | reference | ratio | budget | |\n|---|---|---|---|---|---|\n")
	for _, f := range r.Figures {
		if f.Growth != "" {
			row(&out, f)
		}
	}
	return out.String()
}

func times(runs int) string {
	if runs == 1 {
		return "one run"
	}
	return fmt.Sprintf("%d runs", runs)
}

func row(out *strings.Builder, f bench.Figure) {
	bare, ratio := "", ""
	if f.Bare != nil {
		bare, ratio = f.Bare.Text()+" "+f.Unit, f.Ratio.Text()
	}
	cells := []string{f.Label(), f.Measured.Text() + " " + f.Unit, bare, ratio, f.Verdict(), f.Remarks}
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}
