package console

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// chart is a small picture of the last while, and what it says in words.
type chart struct {
	Title  string
	Sum    string
	Since  string // RFC 3339
	Legend []key
	SVG    template.HTML
}

// key says which mark is what.
type key struct{ Class, Name string }

const (
	chartWidth  = 480
	chartHeight = 90
	slots       = 40 // a short while is drawn at the right end, not spread over all
)

// charts draws what an activity holds; nil where nothing happened.
func charts(activity client.Doc) []chart {
	buckets := activity.List("buckets")
	if len(buckets) == 0 {
		return nil
	}
	pick := func(name string, absent float64) []float64 {
		out := slices.Repeat([]float64{absent}, max(len(buckets), slots))
		for i, b := range buckets {
			if b[name] != nil {
				out[len(out)-len(buckets)+i] = float64(b.Int(name))
			}
		}
		return out
	}
	events, delivered, failed := pick("events", 0), pick("delivered", 0), pick("failed", 0)
	p50, p95 := pick("p50_ms", -1), pick("p95_ms", -1)
	latency := "nothing was delivered at once"
	if slices.Max(p95) >= 0 {
		latency = fmt.Sprintf("at most %.0f ms (p95)", slices.Max(p95))
	}
	since := buckets[0].Text("at")
	all := []chart{
		{"Events", plural(sum(events), "event", "events"), since, nil, bars(events, nil)},
		{
			"Deliveries", fmt.Sprintf("%.0f delivered, %.0f failed", sum(delivered), sum(failed)), since,
			[]key{{"", "delivered"}, {"bad", "failed"}}, bars(delivered, failed),
		},
		{
			"From event to delivery", latency, since,
			[]key{{"line", "p50"}, {"second", "p95"}}, lines(p50, p95),
		},
	}
	for i := range all {
		all[i].SVG = drawn(all[i].Title+": "+all[i].Sum+", since "+since, all[i].SVG)
	}
	return all
}

// spark is a small picture of the events that an activity holds; "" where it
// holds none.
func spark(activity client.Doc) template.HTML {
	const width, height = 120, 24
	buckets := activity.List("buckets")
	most, all := int64(0), int64(0)
	for _, b := range buckets {
		most, all = max(most, b.Int("events")), all+b.Int("events")
	}
	if all == 0 {
		return ""
	}
	n := max(len(buckets), slots)
	step := float64(width) / float64(n)
	var path strings.Builder
	for i, b := range buckets {
		if e := b.Int("events"); e > 0 {
			tall := max(1, float64(e)/float64(most)*height)
			fmt.Fprintf(&path, "M%.1f %dv-%.1fh%.1fv%.1fz", float64(n-len(buckets)+i)*step, height, tall, step-.5, tall)
		}
	}
	label := plural(all, "event", "events") + " since " + buckets[0].Text("at")
	return template.HTML(fmt.Sprintf(`<svg class="spark" viewBox="0 0 %d %d" role="img" aria-label="%s"><path d="%s"/></svg>`, //nolint:gosec // numbers, and the label is escaped
		width, height, template.HTMLEscapeString(label), path.String()))
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// bars draws one bar for each value, with a second value on top of it.
func bars(low, high []float64) template.HTML {
	var b strings.Builder
	top := 1.0
	for i := range low {
		top = max(top, low[i]+at(high, i))
	}
	step := chartWidth / float64(len(low))
	for i := range low {
		bottom := float64(chartHeight)
		for n, v := range []float64{low[i], at(high, i)} {
			if v == 0 {
				continue
			}
			height := max(2, v/top*(chartHeight-4))
			bottom -= height
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"%s/>`, float64(i)*step+.5, bottom, max(1, step-1.5), height, [...]string{"", ` class="bad"`}[n])
		}
	}
	return template.HTML(b.String()) //nolint:gosec // numbers only
}

func at(values []float64, i int) float64 {
	if i < len(values) {
		return values[i]
	}
	return 0
}

// lines draws values as lines on one scale; what is below zero is not there.
func lines(all ...[]float64) template.HTML {
	var b strings.Builder
	top := 1.0
	for _, values := range all {
		top = max(top, slices.Max(values))
	}
	for n, values := range all {
		step := chartWidth / float64(len(values))
		class := [...]string{"", ` class="second"`}[n]
		var points strings.Builder
		for i, v := range values {
			if v < 0 {
				continue
			}
			x, y := (float64(i)+.5)*step, chartHeight-2-v/top*(chartHeight-6)
			fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
			fmt.Fprintf(&b, `<path%s d="M%.1f %.1f h.01"/>`, class, x, y) // a point shows where it is alone
		}
		fmt.Fprintf(&b, `<polyline%s points="%s"/>`, class, &points)
	}
	return template.HTML(b.String()) //nolint:gosec // numbers only
}

// drawn is a whole picture. Label is ours and numbers are formatted, so that
// nothing of a memory is written into markup here.
func drawn(label string, shapes template.HTML) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="chart" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s"><path class="base" d="M0 %d H%d"/>%s</svg>`, //nolint:gosec // see above
		chartWidth, chartHeight, template.HTMLEscapeString(label), chartHeight, chartWidth, shapes))
}
