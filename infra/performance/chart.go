package main

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/memhooks/memhooks/local/bench"
)

// Measures of the picture, in its own units: so narrow that a phone shows its
// words as large as those around it.
const (
	width   = 420
	margin  = 12
	line    = 17 // of words
	letters = 54 // that fit a line
	plot    = 200
)

// look are the colours on a light ground and on a dark one, as the reader's
// system asks for.
const look = `<style>
text { fill: #1f2328; font: 13px system-ui, sans-serif } .small { fill: #59636e; font-size: 12px } .title { font-weight: bold }
.ground { fill: #fff } .grid { stroke: #d1d9e0 } .mark { stroke: #1f2328; stroke-width: 2 } .spread { stroke: #1f2328 }
.met { fill: #2da44e } .missed { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 }
.ground { fill: #0d1117 } .grid { stroke: #3d444d } .mark { stroke: #e6edf3 } .spread { stroke: #e6edf3 }
.met { fill: #2f9e4a } .missed { fill: #f85149 }
}
</style>
`

// draw makes a picture of a report: how well each budget is kept, and what one
// costs as there are more.
func draw(r bench.Report) string {
	c := &canvas{y: margin}
	c.bars(r.Figures)
	for _, of := range grown(r.Figures) {
		c.growth(r.Figures, of)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n"+
		"<title>How well each budget is kept, and what one costs as there are more</title>\n%s"+
		`<rect width="100%%" height="100%%" class="ground"/>`+"\n%s</svg>\n", width, c.y+margin, look, c.out.String())
}

// canvas is drawn on from the top; y is where the next thing begins.
type canvas struct {
	out strings.Builder
	y   int
}

func (c *canvas) put(format string, args ...any) {
	fmt.Fprintf(&c.out, format, args...)
	c.out.WriteByte('\n')
}

// label writes words at a place.
func (c *canvas) label(x, y int, class, anchor, text string) {
	c.put(`<text x="%d" y="%d" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor, html.EscapeString(text))
}

// say writes words below what is there, in as many lines as they need.
func (c *canvas) say(x int, class, text string) {
	var row string
	for _, word := range strings.Fields(text) {
		if row != "" && len([]rune(row+" "+word)) > letters {
			c.y += line
			c.label(x, c.y, class, "start", row)
			row = ""
		}
		row = strings.TrimSpace(row + " " + word)
	}
	c.y += line
	c.label(x, c.y, class, "start", row)
}

func (c *canvas) stroke(class string, x1, y1, x2, y2 int) {
	c.put(`<line class="%s" x1="%d" y1="%d" x2="%d" y2="%d"/>`, class, x1, y1, x2, y2)
}

// scale puts a number on an axis that doubles from step to step; what lies
// beyond its ends is put at them.
type scale struct {
	from, to    int     // on the canvas
	least, most float64 // numbers at from and to
}

func (s scale) at(v float64) int {
	if s.least == s.most {
		return s.from
	}
	v = min(max(v, s.least), s.most)
	return s.from + int(math.Round(math.Log2(v/s.least)/math.Log2(s.most/s.least)*float64(s.to-s.from)))
}

// bars draws a bar for each budget: to the right of its mark as far as it is
// kept, to the left as far as it is missed.
func (c *canvas) bars(figures []bench.Figure) {
	const high = 12
	x := scale{margin, width - margin, 1.0 / 16, 64}
	c.say(margin, "title", "How many times better than the budget")
	c.say(margin, "small", "Thick mark: the budget. Thin line: least to most of all runs. Each step is a doubling.")
	for _, f := range figures {
		if f.Budget == nil || f.Growth != "" {
			continue
		}
		c.y += line / 2
		c.say(margin, "", short(f.Name))
		c.say(margin, "small", held(f))
		c.y += line / 2
		for v := x.least; v <= x.most; v *= 2 {
			c.stroke("grid", x.at(v), c.y, x.at(v), c.y+high)
		}
		class := "met"
		if !f.Met {
			class = "missed"
		}
		asked, got := x.at(1), x.at(f.Budget.Share(f))
		c.put(`<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, min(asked, got), c.y, max(asked, got)-min(asked, got), high)
		worst, best := shares(f)
		c.stroke("spread", x.at(worst), c.y+high/2, x.at(best), c.y+high/2)
		c.stroke("mark", asked, c.y-2, asked, c.y+high+2)
		c.y += high
	}
	c.y += line / 2
	for _, v := range []float64{0.25, 1, 4, 16} {
		c.label(x.at(v), c.y+line/2, "small", "middle", times(v))
	}
	c.y += 2 * line
}

// shares are a budget's shares at both ends of a figure's spread.
func shares(f bench.Figure) (worst, best float64) {
	of := func(pick func(s bench.Spread) float64) float64 {
		at := f
		at.Measured.Median = pick(f.Measured)
		if f.Ratio != nil {
			at.Ratio = &bench.Spread{Median: pick(*f.Ratio)}
		}
		return f.Budget.Share(at)
	}
	a, b := of(func(s bench.Spread) float64 { return s.Min }), of(func(s bench.Spread) float64 { return s.Max })
	return min(a, b), max(a, b)
}

// held says a figure and its budget, in the same unit.
func held(f bench.Figure) string {
	value, unit := f.Measured.Text(), f.Unit
	if f.Budget.OfBare && f.Ratio != nil {
		value, unit = f.Ratio.Text(), "of the reference"
	}
	return fmt.Sprintf("%s %s; budget %s", value, unit, strings.TrimSuffix(f.Budget.Text(f.Unit), " "+unit))
}

// times writes how many times, as fractions below 1.
func times(v float64) string {
	if v < 1 {
		return "1/" + bench.Number(1/v)
	}
	return bench.Number(v) + "×"
}

// short is a name without what it is compared with.
func short(name string) string {
	name, _, _ = strings.Cut(name, "; ")
	return name
}
