// Package bench measures the embedded run beside bare references in the same
// run: what a program without any of memhooks' promises would reach on this
// machine at this moment. The ratio is what counts, an absolute figure depends
// on the machine.
package bench

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Options say how long and where.
type Options struct {
	Binary string        // the built memhooks; its serve is what is measured
	Dir    string        // an empty folder on the disk to be measured
	For    time.Duration // of each figure that runs for a time
	Events int           // of each figure that drains a backlog
	Only   string        // name of one figure; "" = all
}

// figure is one line of the table: what was measured, and beside what.
type figure struct {
	name    string
	value   float64
	unit    string
	bare    float64 // 0 = there is no reference
	budget  string
	met     bool
	remarks string
}

// benchmark is one row of the list; some measure several figures.
type benchmark struct {
	name string
	run  func(ctx context.Context, o Options) ([]figure, error)
}

var benchmarks = []benchmark{
	{"writes", writes},
	{"drain", drain},
	{"steady", steady},
	{"fan", fan},
	{"latency", latency},
	{"start", start},
}

// Run measures and prints the table. It fails where a figure can't be
// measured; a missed budget is said in the table and is no error.
func Run(ctx context.Context, o Options, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmeasured\tbare reference\tratio\tbudget\t")
	for _, b := range benchmarks {
		if o.Only != "" && o.Only != b.name {
			continue
		}
		figures, err := b.run(ctx, o)
		if err != nil {
			return fmt.Errorf("bench %s: %w", b.name, err)
		}
		for _, f := range figures {
			f.print(table)
		}
	}
	return table.Flush()
}

func (f figure) print(w io.Writer) {
	bare, ratio := "", ""
	if f.bare > 0 {
		bare, ratio = fmt.Sprintf("%.4g %s", f.bare, f.unit), fmt.Sprintf("%.2f", f.value/f.bare)
	}
	verdict := "met"
	if !f.met {
		verdict = "MISSED"
	}
	fmt.Fprintf(w, "%s\t%.4g %s\t%s\t%s\t%s: %s\t%s\n", f.name, f.value, f.unit, bare, ratio, f.budget, verdict, f.remarks)
}

// against is a figure whose budget is half of its reference.
func against(name, unit string, value, bare float64) figure {
	return figure{name: name, value: value, unit: unit, bare: bare, budget: "≥ half of bare", met: value >= bare/2}
}
