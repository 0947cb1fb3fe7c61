package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/local/bench"
)

// strokes of the lines of growth, in turn: colours that differ for most eyes on
// both grounds, and dashes for those for whom they don't.
var strokes = []struct{ color, dashes string }{
	{"#0a84c6", ""}, {"#d55e00", "7 3"}, {"#009e73", "2 2"}, {"#cc79a7", ""}, {"#c98a00", "7 3"}, {"#8e7cc3", "2 2"}, {"#7d8590", ""},
}

// grown lists what there is more and more of, where a cost was compared.
func grown(figures []bench.Figure) []string {
	var all []string
	for _, f := range figures {
		if f.Growth != "" && f.Ratio != nil && !slices.Contains(all, f.Growth) {
			all = append(all, f.Growth)
		}
	}
	return all
}

// course is what a figure of growth costs, size by size.
type course struct {
	name  string
	sizes []bench.Figure
}

// courses are those of one kind of growth, in the order of the report.
func courses(figures []bench.Figure, of string) []course {
	var all []course
	for _, f := range figures {
		if f.Growth != of || f.Ratio == nil {
			continue
		}
		at := slices.IndexFunc(all, func(c course) bool { return c.name == f.Name })
		if at < 0 {
			at, all = len(all), append(all, course{name: f.Name})
		}
		all[at].sizes = append(all[at].sizes, f)
	}
	return all
}

// cost is what one costs against the smallest size: a time as it is, a rate the
// other way round.
func cost(f bench.Figure, ratio float64) float64 {
	if strings.HasSuffix(f.Unit, "/s") {
		return 1 / max(ratio, 1e-9)
	}
	return ratio
}

// growth draws the cost of one, against the smallest size, over the sizes. Both
// axes are logarithmic.
func (c *canvas) growth(figures []bench.Figure, of string) {
	all := courses(figures, of)
	var sizes []float64
	for _, one := range all {
		for _, f := range one.sizes {
			sizes = append(sizes, float64(f.Size))
		}
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	c.say(margin, "title", "What one costs as there are more "+of)
	c.say(margin, "small", "Against the same at the fewest. Thin lines: least to most of all runs.")
	c.y += line
	x := scale{4 * margin, width - 3*margin, sizes[0], sizes[len(sizes)-1]}
	y := scale{c.y + plot, c.y, 1.0 / 4, 16}
	for v := y.least; v <= y.most; v *= 2 {
		c.stroke("grid", x.from, y.at(v), x.to, y.at(v))
		c.label(x.from-6, y.at(v)+4, "small", "end", times(v))
	}
	for _, size := range sizes {
		c.stroke("grid", x.at(size), y.from, x.at(size), y.to)
		c.label(x.at(size), y.from+line, "small", "middle", bench.Number(size))
	}
	c.y = y.from + 2*line
	for i, one := range all {
		c.course(one, i, len(all), x, y)
	}
	c.y += line
}

// course draws one line, and its name below. Spreads stand side by side.
func (c *canvas) course(one course, i, n int, x, y scale) {
	stroke := strokes[i%len(strokes)]
	style := fmt.Sprintf(`stroke="%s" stroke-width="2" fill="none" stroke-dasharray="%s"`, stroke.color, stroke.dashes)
	points := make([]string, len(one.sizes))
	for j, f := range one.sizes {
		at := x.at(float64(f.Size))
		points[j] = fmt.Sprintf("%d,%d", at, y.at(cost(f, f.Ratio.Median)))
		aside := at + 3*(2*i-n+1)/2
		c.put(`<line stroke="%s" x1="%d" y1="%d" x2="%[2]d" y2="%[4]d"/>`, stroke.color, aside, y.at(cost(f, f.Ratio.Min)), y.at(cost(f, f.Ratio.Max)))
	}
	c.put(`<polyline points="%s" %s/>`, strings.Join(points, " "), style)
	c.put(`<line %s x1="%d" y1="%d" x2="%d" y2="%[3]d"/>`, style, margin, c.y+line-4, margin+24)
	last := one.sizes[len(one.sizes)-1]
	name := fmt.Sprintf("%s: %s×", one.name, bench.Number(cost(last, last.Ratio.Median)))
	if !last.Met {
		name += ", more than its budget"
	}
	c.say(margin+32, "small", name)
}
