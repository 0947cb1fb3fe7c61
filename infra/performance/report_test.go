package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/local/bench"
)

// report has a figure of each kind: kept and missed, with and without a
// reference, and one that grows.
func report() bench.Report {
	spread := func(min, median, max float64) *bench.Spread { return &bench.Spread{Min: min, Median: median, Max: max} }
	return bench.Report{
		Machine: bench.Machine{OS: "linux", Arch: "amd64", CPUs: 2, Go: "go1.26", Version: "v1", Date: "2026-01-02"}, Runs: 3,
		Figures: []bench.Figure{
			{Name: "writes & more", Unit: "writes/s", Measured: *spread(9000, 10000, 11000), Bare: spread(15000, 16000, 17000),
				Ratio: spread(0.55, 0.6, 0.7), Budget: &bench.Budget{AtLeast: 0.5, OfBare: true}, Met: true},
			{Name: "latency", Unit: "ms", Measured: *spread(3, 4, 5), Budget: &bench.Budget{AtMost: 2}},
			{Name: "recall", Growth: "stored grains", Size: 1000, Unit: "ms", Measured: *spread(1, 1, 1), Ratio: spread(1, 1, 1), Bare: spread(1, 1, 1),
				Budget: &bench.Budget{AtMost: 1.33, OfBare: true}, Met: true},
			{Name: "recall", Growth: "stored grains", Size: 100000, Unit: "ms", Measured: *spread(2, 2, 2), Ratio: spread(2, 2, 2), Bare: spread(1, 1, 1),
				Budget: &bench.Budget{AtMost: 1.33, OfBare: true}},
		},
	}
}

// TestTables holds what the page says of a report, whole.
func TestTables(t *testing.T) {
	const want = `2026-01-02, linux/amd64, 2 CPUs, go1.26, memhooks v1, 3 runs: median, in brackets least and most.

![ratios to the budgets, and growth](performance.svg)

| figure | measured | reference | ratio | budget | |
|---|---|---|---|---|---|
| writes & more | 10,000 (9,000–11,000) writes/s | 16,000 (15,000–17,000) writes/s | 0.6 (0.55–0.7) | ≥ 0.5 of the reference: met |  |
| latency | 4 (3–5) ms |  |  | ≤ 2 ms: MISSED |  |

Growth, where the reference is the same figure at the smallest size:

| figure | measured | reference | ratio | budget | |
|---|---|---|---|---|---|
| recall; 1,000 stored grains | 1 ms | 1 ms | 1 | ≤ 1.33 of the reference: met |  |
| recall; 100,000 stored grains | 2 ms | 1 ms | 2 | ≤ 1.33 of the reference: MISSED |  |
`
	if got := tables(report()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestBetween shows that only what stands between the marks changes, as often
// as it is written, and that a page without them is refused.
func TestBetween(t *testing.T) {
	page := "before\n" + begin + "\nold\n" + end + "\nafter\n"
	once, err := between(page, "new\n")
	if err != nil {
		t.Fatal(err)
	}
	twice, err := between(once, "new\n")
	want := "before\n" + begin + "\nnew\n" + end + "\nafter\n"
	if err != nil || once != want || twice != want {
		t.Errorf("got %q, then %q, %v", once, twice, err)
	}
	for _, bad := range []string{"", begin + "\n", end + "\n" + begin + "\n"} {
		if _, err := between(bad, "new\n"); err == nil {
			t.Errorf("%q was written to", bad)
		}
	}
}

// TestDraw shows that the picture is well-formed, asks for nothing from
// elsewhere, and tells a missed budget from a kept one.
func TestDraw(t *testing.T) {
	picture := draw(report())
	elements := map[string]int{}
	fills := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		elements[start.Name.Local]++
		for _, a := range start.Attr {
			switch {
			case a.Name.Local == "fill":
				fills[a.Value]++
			case strings.Contains(a.Name.Local, "href") || a.Name.Local != "xmlns" && strings.Contains(a.Value, ":"):
				t.Errorf("%s refers outside: %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	for _, foreign := range []string{"script", "image", "style", "use", "foreignObject"} {
		if elements[foreign] > 0 {
			t.Errorf("the picture has a %s", foreign)
		}
	}
	if fills["#4c9f70"] != 1 || fills["#c0392b"] != 1 || elements["polyline"] != 1 {
		t.Errorf("%d bars kept, %d missed, %d lines; one each wanted", fills["#4c9f70"], fills["#c0392b"], elements["polyline"])
	}
}
