package aws_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/infra/prices"
)

const costDoc = "../../../docs/cost.md"

// documented holds a table of docs/cost.md to what was measured; figures may
// differ by a twentieth, because ids are random and what packs them is no
// constant. With UPDATE_GOLDEN=1 it writes the table.
func documented(t *testing.T, name, measured string) {
	t.Helper()
	content, err := os.ReadFile(costDoc)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- measured: "+name+" -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(content), begin)
	stands, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("docs/cost.md has no table between %q and %q", begin, end)
	}
	if alike(stands, measured) {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") != "1" {
		t.Fatalf("the table %q of docs/cost.md is not what was measured; run: make golden\nit says:\n%s\nmeasured:\n%s", name, stands, measured)
	}
	if err := os.WriteFile(costDoc, []byte(before+begin+measured+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// alike says whether two tables differ by no more than a little in figures.
func alike(a, b string) bool {
	figure := regexp.MustCompile(`\d+(\.\d+)?`)
	if figure.ReplaceAllString(a, "0") != figure.ReplaceAllString(b, "0") {
		return false
	}
	left, right := figure.FindAllString(a, -1), figure.FindAllString(b, -1)
	for i := range left {
		x, errX := strconv.ParseFloat(left[i], 64)
		y, errY := strconv.ParseFloat(right[i], 64)
		if errX != nil || errY != nil || math.Abs(x-y) > 0.011+0.05*math.Max(x, y) {
			return false
		}
	}
	return true
}

func TestTablesAreAlikeWithinATwentieth(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"| x | 1.00 M |", "| x | 1.04 M |", true}, {"| x | 1.00 M |", "| x | 1.20 M |", false},
		{"| x | 1 |", "| y | 1 |", false}, {"| x | 1 |", "| x | 1 | 1 |", false}, {"| 0.00 |", "| 0.01 |", true},
	} {
		if got := alike(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestThePricesAreDocumented(t *testing.T) {
	table := "| what | dollars | published at |\n|---|---:|---|\n"
	for _, p := range prices.List() {
		if p.What == "" || p.USD <= 0 || p.Per < 1 || p.Page == "" {
			t.Fatalf("a price is missing: %+v", p)
		}
		per := ""
		if p.Per > 1 {
			per = " for " + strconv.FormatFloat(p.Per/1e3, 'f', -1, 64) + ",000"
		}
		table += "| " + p.What + " | " + strconv.FormatFloat(p.USD, 'f', -1, 64) + per + " | " + p.Page + " |\n"
	}
	documented(t, "prices", strings.ReplaceAll(table, " 1000,000", " 1,000,000")+"\nRead on "+prices.Read+".\n")
}
