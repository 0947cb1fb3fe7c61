package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/local/bench"
)

// report has a figure of each kind: kept and missed, with and without a
// reference, and one that grows.
func report() bench.Report {
	spread := func(min, median, max float64) *bench.Spread { return &bench.Spread{Min: min, Median: median, Max: max} }
	return bench.Report{
		Machine: bench.Machine{OS: "linux", Arch: "amd64", CPUs: 2, Model: "Fast | 1", Load: "0.5", Go: "go1.26", SQLite: "v2",
			Version: "v1", Date: "2026-01-02", Command: "memhooks bench"}, Runs: 3, Failed: []string{"hooks in run 2"},
		Figures: []bench.Figure{
			{Name: "writes & more", Unit: "writes/s", Measured: *spread(9000, 10000, 11000), Bare: spread(15000, 16000, 17000),
				Ratio: spread(0.55, 0.6, 0.7), Budget: &bench.Budget{AtLeast: 0.5, OfBare: true}, Met: true},
			{Name: "latency", Unit: "ms", Measured: *spread(3, 4, 5), Budget: &bench.Budget{AtMost: 2}, Remarks: "a | b"},
			{Name: "recall", Growth: "stored grains", Size: 1000, Unit: "ms", Measured: *spread(1, 1, 1), Ratio: spread(1, 1, 1), Bare: spread(1, 1, 1),
				Budget: &bench.Budget{AtMost: 1.33, OfBare: true}, Met: true},
			{Name: "recall", Growth: "stored grains", Size: 100000, Unit: "ms", Measured: *spread(2, 2, 2), Ratio: spread(2, 2, 2), Bare: spread(1, 1, 1),
				Budget: &bench.Budget{AtMost: 1.33, OfBare: true}},
		},
	}
}

// TestTables holds what the page says of a report, whole.
func TestTables(t *testing.T) {
	const want = `2026-01-02, memhooks v1, go1.26, modernc.org/sqlite v2. linux/amd64, 2 CPUs (Fast | 1), load 0.5 before. 3 runs of ` + "`memhooks bench`" + `; [as JSON](performance.json).

**Not measured, or not all of it: hooks in run 2.**

![how well each budget is kept, and what one costs as there are more](performance.svg)

| figure | median | least–most | unit | reference | ratio | budget | met | |
|---|---:|---:|---|---:|---:|---|---|---|
| writes & more | 10,000 | 9,000–11,000 | writes/s | 16,000 (15,000–17,000) | 0.6 (0.55–0.7) | ≥ 0.5 of the reference | yes |  |
| latency | 4 | 3–5 | ms |  |  | ≤ 2 ms | **no** | a \| b |

Growth, where the reference is the same figure at the smallest size:

| figure | median | least–most | unit | reference | ratio | budget | met | |
|---|---:|---:|---|---:|---:|---|---|---|
| recall; 1,000 stored grains | 1 | 1–1 | ms | 1 | 1 | ≤ 1.33 of the reference | yes |  |
| recall; 100,000 stored grains | 2 | 2–2 | ms | 1 | 2 | ≤ 1.33 of the reference | **no** |  |
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

// TestWrite shows that a report becomes the page's figures, the picture, and the
// same report.
func TestWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("docs", 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte(begin+"\n"+end+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(report())
	if err != nil {
		t.Fatal(err)
	}
	if err := write(bytes.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	var kept bench.Report
	if err := json.Unmarshal(read(t, results), &kept); err != nil || !reflect.DeepEqual(kept, report()) {
		t.Errorf("kept is %+v, %v", kept, err)
	}
	if got, want := string(read(t, page)), begin+"\n"+tables(report())+end+"\n"; got != want {
		t.Errorf("the page is %q, not %q", got, want)
	}
	if got := string(read(t, picture)); got != draw(report()) {
		t.Errorf("the picture is %q", got)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestDraw shows that the picture is well-formed, asks for nothing from
// elsewhere, has words on both grounds, keeps within its width, and tells a
// missed budget from a kept one.
func TestDraw(t *testing.T) {
	picture := draw(report())
	elements, classes := map[string]int{}, map[string]int{}
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
			at, _ := strconv.Atoi(a.Value)
			switch {
			case a.Name.Local == "class":
				classes[a.Value]++
			case strings.Contains(a.Name.Local, "href") || a.Name.Local != "xmlns" && strings.Contains(a.Value, ":"):
				t.Errorf("%s refers outside: %s=%q", start.Name.Local, a.Name.Local, a.Value)
			case strings.HasPrefix(a.Name.Local, "x") && at > width:
				t.Errorf("%s stands outside: %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	for _, foreign := range []string{"script", "image", "use", "foreignObject"} {
		if elements[foreign] > 0 {
			t.Errorf("the picture has a %s", foreign)
		}
	}
	if strings.Contains(picture, "url(") || strings.Contains(picture, "@import") || !strings.Contains(picture, "prefers-color-scheme: dark") {
		t.Error("its look is not its own, or not for both grounds")
	}
	if classes["met"] != 1 || classes["missed"] != 1 || classes["mark"] != 2 || classes["spread"] != 2 || elements["polyline"] != 1 {
		t.Errorf("%v, %d lines; one bar kept and one missed, a mark and a spread of each, one line are wanted", classes, elements["polyline"])
	}
}

// TestScale holds how numbers are placed, also beyond the ends and where there
// is one number only.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		scale scale
		v     float64
		want  int
	}{
		{scale{0, 100, 0.25, 4}, 1, 50}, {scale{100, 0, 0.25, 4}, 2, 25}, {scale{0, 100, 0.25, 4}, math.Inf(1), 100},
		{scale{0, 100, 0.25, 4}, 0, 0}, {scale{7, 100, 3, 3}, 3, 7},
	} {
		if got := c.scale.at(c.v); got != c.want {
			t.Errorf("%+v puts %v at %d, not at %d", c.scale, c.v, got, c.want)
		}
	}
}

// TestSay shows that words are parted into lines that fit.
func TestSay(t *testing.T) {
	c := &canvas{}
	c.say(0, "", strings.Repeat("word ", 20))
	for _, row := range regexp.MustCompile(`>([^<]+)</text>`).FindAllStringSubmatch(c.out.String(), -1) {
		if len(row[1]) > letters {
			t.Errorf("%q is too long", row[1])
		}
	}
	if c.y != 2*line {
		t.Errorf("%d lines, not 2", c.y/line)
	}
}
