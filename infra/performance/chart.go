package main

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/memhooks/memhooks/local/bench"
)

// Measures of the picture, in its own units.
const (
	width    = 960
	labels   = 470 // where bars begin
	unit     = 110 // of a bar: what the budget asks
	most     = 4   // times the budget, where a bar is cut
	line     = 24
	plot     = 240 // a diagram of growth
	fontSize = 12
)

// colors of the lines of growth, in turn.
var colors = []string{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e"}

// draw makes a picture of a report: how far each budget is kept, and what one
// more costs as there are more.
func draw(r bench.Report) string {
	var out strings.Builder
	y := bars(&out, r.Figures)
	for _, of := range grown(r.Figures) {
		y = lines(&out, r.Figures, of, y+2*line)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="%d">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n%s</svg>\n", width, y+line, fontSize, out.String())
}

func label(out *strings.Builder, x, y int, anchor, text string) {
	fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="%s" fill="#222">%s</text>`+"\n", x, y, anchor, html.EscapeString(text))
}

// bars draws a bar for each budget and answers where it ended.
func bars(out *strings.Builder, figures []bench.Figure) int {
	y := line
	label(out, 8, y, "start", "times better than its budget asks; the line is the budget")
	top := y + line/2
	for _, f := range figures {
		if f.Budget == nil || f.Growth != "" {
			continue
		}
		y += line
		share := f.Budget.Share(f)
		color := "#4c9f70"
		if !f.Met {
			color = "#c0392b"
		}
		label(out, labels-8, y+line/2, "end", short(f.Name))
		length := int(math.Round(min(share, most) * unit))
		fmt.Fprintf(out, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", labels, y, length, line-8, color)
		label(out, labels+length+4, y+line/2, "start", bench.Number(share))
	}
	fmt.Fprintf(out, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#222" stroke-dasharray="3"/>`+"\n", labels+unit, top, labels+unit, y+line)
	return y + line
}

// short is a name without what it is compared with.
func short(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return name
}

// grown lists what there is more and more of, where a cost was compared.
func grown(figures []bench.Figure) []string {
	var all []string
	for _, f := range figures {
		if f.Growth != "" && f.Ratio != nil && (len(all) == 0 || all[len(all)-1] != f.Growth) {
			all = append(all, f.Growth)
		}
	}
	return all
}

// lines draws the cost of one, against the smallest size, over the sizes, and
// answers where it ended. Both axes are logarithmic.
func lines(out *strings.Builder, figures []bench.Figure, of string, y int) int {
	label(out, 8, y, "start", "cost of one against the smallest size, by "+of)
	points, names := map[string][]string{}, []string{}
	bottom := y + line + plot
	for _, f := range figures {
		if f.Growth != of || f.Ratio == nil {
			continue
		}
		cost := f.Ratio.Median
		if f.Budget != nil && f.Budget.AtLeast > 0 && cost > 0 {
			cost = 1 / cost
		}
		if points[f.Name] == nil {
			names = append(names, f.Name)
		}
		x := 60 + int(math.Log10(float64(f.Size))*60)
		// The middle is 1; a quarter of the plot is twice as much, or half.
		h := bottom - plot/2 - int(math.Max(-2, math.Min(2, math.Log2(max(cost, 0.01))))*plot/4)
		points[f.Name] = append(points[f.Name], fmt.Sprintf("%d,%d", x, h))
	}
	for _, mark := range []struct {
		up   int
		text string
	}{{0, "¼"}, {1, "½"}, {2, "1"}, {3, "2"}, {4, "4"}} {
		h := bottom - mark.up*plot/4
		fmt.Fprintf(out, `<line x1="50" y1="%d" x2="440" y2="%d" stroke="#ccc"/>`+"\n", h, h)
		label(out, 40, h+4, "end", mark.text)
	}
	for power := range 7 {
		label(out, 60+power*60, bottom+line, "middle", bench.Number(math.Pow10(power)))
	}
	for i, name := range names {
		color := colors[i%len(colors)]
		fmt.Fprintf(out, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points[name], " "), color)
		fmt.Fprintf(out, `<rect x="460" y="%d" width="12" height="4" fill="%s"/>`+"\n", y+line*(i+2)-4, color)
		label(out, 480, y+line*(i+2), "start", name)
	}
	return bottom + line
}
