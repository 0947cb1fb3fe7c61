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

// tables writes a report: where and how it was made, the figures, and what grows.
func tables(r bench.Report) string {
	m := r.Machine
	var out strings.Builder
	fmt.Fprintf(&out, "%s, memhooks %s, %s, modernc.org/sqlite %s. %s/%s, %d CPUs", m.Date, m.Version, m.Go, m.SQLite, m.OS, m.Arch, m.CPUs)
	if m.Model != "" {
		fmt.Fprintf(&out, " (%s)", m.Model)
	}
	if m.Load != "" {
		fmt.Fprintf(&out, ", load %s before", m.Load)
	}
	fmt.Fprintf(&out, ". %s of `%s`; [as JSON](performance.json).\n", runs(r.Runs), m.Command)
	if len(r.Failed) > 0 {
		fmt.Fprintf(&out, "\n**Not measured, or not all of it: %s.**\n", strings.Join(r.Failed, ", "))
	}
	out.WriteString("\n![how well each budget is kept, and what one costs as there are more](performance.svg)\n\n")
	table(&out, r.Figures, func(f bench.Figure) bool { return f.Growth == "" })
	out.WriteString("\nGrowth, where the reference is the same figure at the smallest size:\n\n")
	table(&out, r.Figures, func(f bench.Figure) bool { return f.Growth != "" })
	return out.String()
}

func runs(n int) string {
	if n == 1 {
		return "One run"
	}
	return fmt.Sprintf("%d runs", n)
}

// table writes the figures that belong in it, if there are any.
func table(out *strings.Builder, figures []bench.Figure, belongs func(bench.Figure) bool) {
	head := "| figure | median | least–most | unit | reference | ratio | budget | met | |\n|---|---:|---:|---|---:|---:|---|---|---|\n"
	for _, f := range figures {
		if belongs(f) {
			out.WriteString(head)
			head = ""
			row(out, f)
		}
	}
}

func row(out *strings.Builder, f bench.Figure) {
	m := f.Measured
	cells := []string{f.Label(), bench.Number(m.Median), bench.Number(m.Min) + "–" + bench.Number(m.Max), f.Unit, "", "", "", "", f.Remarks}
	if f.Bare != nil {
		cells[4], cells[5] = f.Bare.Text(), f.Ratio.Text()
	}
	if f.Budget != nil {
		cells[6], cells[7] = f.Budget.Text(f.Unit), "yes"
		if !f.Met {
			cells[7] = "**no**"
		}
	}
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}
