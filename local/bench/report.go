package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is what a bench found.
type Report struct {
	Machine Machine  `json:"machine"`
	Runs    int      `json:"runs"`
	Figures []Figure `json:"figures"`          // in the order of the list
	Failed  []string `json:"failed,omitempty"` // what could not be measured, or not all of it
}

// Machine says where a report was made, with what, and when.
type Machine struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	CPUs    int    `json:"cpus"`
	Model   string `json:"model,omitempty"` // of the CPUs, where the system says
	Load    string `json:"load,omitempty"`  // over the minute before, where the system says: what else ran
	Go      string `json:"go"`
	SQLite  string `json:"sqlite"`  // the module's version
	Version string `json:"version"` // of memhooks
	Date    string `json:"date"`    // UTC, as in 2006-01-02
	Command string `json:"command"` // that measures the same
}

// Figure is one thing measured, over all runs.
type Figure struct {
	Name     string  `json:"name"`
	Growth   string  `json:"growth,omitempty"` // what there is more and more of; "" = this figure does not ask
	Size     int     `json:"size,omitempty"`   // how many of them
	Unit     string  `json:"unit"`
	Measured Spread  `json:"measured"`
	Bare     *Spread `json:"bare,omitempty"`  // the reference: a bare program's figure, or with Growth ours at the smallest size
	Ratio    *Spread `json:"ratio,omitempty"` // of the two, each run by itself
	Budget   *Budget `json:"budget,omitempty"`
	Met      bool    `json:"met"` // by the medians; true where there is no budget
	Remarks  string  `json:"remarks,omitempty"`
}

// Spread is how a figure lay over the runs.
type Spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"` // of an even number of runs, the mean of the two in the middle
	Max    float64 `json:"max"`
}

// Budget bounds a figure, or with OfBare its ratio. One bound is 0 = none.
type Budget struct {
	AtLeast float64 `json:"at_least,omitempty"`
	AtMost  float64 `json:"at_most,omitempty"`
	OfBare  bool    `json:"of_bare,omitempty"`
}

// half is the budget of what may take twice as long as its reference.
var half = &Budget{AtLeast: 0.5, OfBare: true}

// sample is a figure as one run found it.
type sample struct {
	name, growth string
	size         int
	unit         string
	value, bare  float64 // bare 0 = there is no reference
	budget       *Budget
	remarks      string
}

// collect joins the samples of one figure, in the order of their first.
func collect(samples []sample) []Figure {
	type key struct {
		name, growth string
		size         int
	}
	var order []key
	groups := map[key][]sample{}
	for _, s := range samples {
		k := key{s.name, s.growth, s.size}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], s)
	}
	figures := make([]Figure, 0, len(order))
	for _, k := range order {
		figures = append(figures, join(groups[k]))
	}
	return figures
}

func join(group []sample) Figure {
	first, last := group[0], group[len(group)-1]
	f := Figure{Name: first.name, Growth: first.growth, Size: first.size, Unit: first.unit, Budget: first.budget, Remarks: last.remarks}
	var values, bares, ratios []float64
	for _, s := range group {
		values = append(values, s.value)
		if s.bare > 0 {
			bares, ratios = append(bares, s.bare), append(ratios, s.value/s.bare)
		}
	}
	f.Measured = spreadOf(values)
	if len(bares) > 0 {
		bare, ratio := spreadOf(bares), spreadOf(ratios)
		f.Bare, f.Ratio = &bare, &ratio
	}
	f.Met = f.Budget == nil || f.Budget.Share(f) >= 1
	return f
}

func spreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{sorted[0], (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[n-1]}
}

// Share is how many times better a figure's median is than the budget asks: 1
// = just met. It is 0 where the budget is of a reference that there is not.
func (b Budget) Share(f Figure) float64 {
	value := f.Measured.Median
	if b.OfBare {
		if f.Ratio == nil {
			return 0
		}
		value = f.Ratio.Median
	}
	if b.AtLeast > 0 {
		return value / b.AtLeast
	}
	if value <= 0 {
		return math.Inf(1)
	}
	return b.AtMost / value
}

// Text says a budget as people read it, in the figure's unit.
func (b Budget) Text(unit string) string {
	sign, bound := "≥", b.AtLeast
	if bound == 0 {
		sign, bound = "≤", b.AtMost
	}
	if b.OfBare {
		unit = "of the reference"
	}
	return fmt.Sprintf("%s %s %s", sign, Number(bound), unit)
}

// Number writes a figure with three digits that count, and no exponent.
func Number(v float64) string {
	switch {
	case v >= 100:
		digits := fmt.Sprintf("%.0f", v)
		for i := len(digits) - 3; i > 0; i -= 3 {
			digits = digits[:i] + "," + digits[i:]
		}
		return digits
	case v >= 10:
		return trim(fmt.Sprintf("%.1f", v))
	default:
		return trim(fmt.Sprintf("%.2f", v))
	}
}

func trim(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// Text is the median, and how far the runs lay apart where there were several.
func (s Spread) Text() string {
	if s.Min == s.Max {
		return Number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", Number(s.Median), Number(s.Min), Number(s.Max))
}

// Label is a figure's name with the size it was measured at.
func (f Figure) Label() string {
	if f.Growth == "" {
		return f.Name
	}
	return fmt.Sprintf("%s; %s %s", f.Name, Number(float64(f.Size)), f.Growth)
}

// Verdict is the budget and whether it is met; "" where there is none.
func (f Figure) Verdict() string {
	switch {
	case f.Budget == nil:
		return ""
	case f.Met:
		return f.Budget.Text(f.Unit) + ": met"
	default:
		return f.Budget.Text(f.Unit) + ": MISSED"
	}
}

// Print writes the table that a terminal shows.
func (r Report) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmeasured\treference\tratio\tbudget\t")
	for _, f := range r.Figures {
		bare, ratio := "", ""
		if f.Bare != nil {
			bare, ratio = f.Bare.Text()+" "+f.Unit, f.Ratio.Text()
		}
		fmt.Fprintf(table, "%s\t%s %s\t%s\t%s\t%s\t%s\n", f.Label(), f.Measured.Text(), f.Unit, bare, ratio, f.Verdict(), f.Remarks)
	}
	return table.Flush()
}
