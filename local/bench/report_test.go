package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestSpread holds the arithmetic, of odd and even numbers of runs.
func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Spread
		text   string
	}{
		{[]float64{2}, Spread{2, 2, 2}, "2"},
		{[]float64{5, 1, 3}, Spread{1, 3, 5}, "3 (1–5)"},
		{[]float64{4, 1, 2, 3}, Spread{1, 2.5, 4}, "2.5 (1–4)"},
	} {
		if got := spreadOf(c.values); got != c.want || got.Text() != c.text {
			t.Errorf("%v: got %v, %q; want %v, %q", c.values, got, got.Text(), c.want, c.text)
		}
	}
}

// TestCollect shows that runs join by name and size, that ratios are taken run
// by run, and that the median decides.
func TestCollect(t *testing.T) {
	half, flat := &Budget{AtLeast: 0.5, OfBare: true}, &Budget{AtMost: 2}
	figures := collect([]sample{
		{name: "a", unit: "x/s", value: 10, bare: 10, budget: half}, {name: "b", growth: "hooks", size: 1, unit: "ms", value: 1, budget: flat},
		{name: "b", growth: "hooks", size: 100, unit: "ms", value: 9, budget: flat},
		{name: "a", unit: "x/s", value: 10, bare: 100, budget: half}, {name: "b", growth: "hooks", size: 1, unit: "ms", value: 3, budget: flat},
		{name: "a", unit: "x/s", value: 60, bare: 100, budget: half, remarks: "last"},
	})
	raw, err := json.Marshal(figures)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"name":"a","unit":"x/s","measured":{"min":10,"median":10,"max":60},"bare":{"min":10,"median":100,"max":100},` +
		`"ratio":{"min":0.1,"median":0.6,"max":1},"budget":{"at_least":0.5,"of_bare":true},"met":true,"remarks":"last"},` +
		`{"name":"b","growth":"hooks","size":1,"unit":"ms","measured":{"min":1,"median":2,"max":3},"budget":{"at_most":2},"met":true},` +
		`{"name":"b","growth":"hooks","size":100,"unit":"ms","measured":{"min":9,"median":9,"max":9},"budget":{"at_most":2},"met":false}]`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

// TestShare holds how a budget is compared, on both sides and on its edge.
func TestShare(t *testing.T) {
	f := Figure{Measured: Spread{4, 4, 4}, Ratio: &Spread{1, 1, 1}}
	for _, c := range []struct {
		budget Budget
		want   float64
	}{
		{Budget{AtLeast: 2}, 2}, {Budget{AtLeast: 8}, 0.5}, {Budget{AtMost: 4}, 1}, {Budget{AtMost: 2}, 0.5},
		{Budget{AtLeast: 0.5, OfBare: true}, 2}, {Budget{AtMost: 0.5, OfBare: true}, 0.5},
	} {
		if got := c.budget.Share(f); got != c.want {
			t.Errorf("%+v: %v, want %v", c.budget, got, c.want)
		}
	}
	if got := (Budget{AtMost: 1}).Share(Figure{}); !math.IsInf(got, 1) {
		t.Errorf("nothing at all is %v times better than at most something", got)
	}
	if got := (Budget{AtLeast: 1, OfBare: true}).Share(Figure{}); got != 0 {
		t.Errorf("a budget of a reference that there is not is kept: %v", got)
	}
}

// TestNumber holds how figures are written.
func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.05: "0.05", 0.5: "0.5", 1.234: "1.23", 12.34: "12.3", 30: "30", 123.4: "123", 1234: "1,234", 1234567: "1,234,567"} {
		if got := Number(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}

// TestFailed shows that a row that fails costs no figure of the others, nor its
// own from before, and is named.
func TestFailed(t *testing.T) {
	figure := func(name string, failed error) benchmark {
		return benchmark{name: name, run: func(context.Context, *bed) ([]sample, error) { return []sample{{name: name, value: 1}}, failed }}
	}
	var told []string
	broken := errors.New("broken")
	r, err := run(t.Context(), Options{Dir: t.TempDir(), Runs: 2, Told: func(s string) { told = append(told, s) }},
		[]benchmark{figure("a", nil), figure("b", broken), figure("c", nil)})
	if !errors.Is(err, broken) || strings.Count(err.Error(), "bench b, run ") != 2 {
		t.Errorf("the error is %v", err)
	}
	if want := []string{"b in run 1", "b in run 2"}; !slices.Equal(r.Failed, want) || len(r.Figures) != 3 {
		t.Errorf("failed are %q of %d figures", r.Failed, len(r.Figures))
	}
	if told[0] != "run 1 of 2: a, 5 more to go" || told[len(told)-1] != "run 2 of 2: c, 0 more to go" {
		t.Errorf("told was %q", told)
	}
}

// TestInterrupted shows that what was measured before an interruption counts.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := func(context.Context, *bed) ([]sample, error) {
		cancel()
		return []sample{{name: "a"}}, ctx.Err()
	}
	r, err := run(ctx, Options{Dir: t.TempDir(), Runs: 9}, []benchmark{{"a", false, interrupted}, {"b", false, nil}})
	if !errors.Is(err, context.Canceled) || len(r.Figures) != 1 {
		t.Errorf("%d figures, %v", len(r.Figures), err)
	}
}
