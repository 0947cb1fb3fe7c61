package pattern

import (
	"math"
	"strconv"
)

// span is the numbers between two ends.
type span struct {
	low, high         float64
	openLow, openHigh bool // the end itself is outside
}

func (s span) holds(v float64) bool {
	return (v > s.low || v == s.low && !s.openLow) && (v < s.high || v == s.high && !s.openHigh)
}

// numeric reads [operator, number] or [operator, number, operator, number].
func (f field) numeric(operand any) (condition, error) {
	list, _ := operand.([]any)
	s, ok := spanOf(list)
	if !ok {
		return condition{}, f.invalid(`numeric takes ["=",0.5], one of "<", "<=", ">", ">=" with a number, ` +
			`or a lower and an upper end with numbers between them, as in [">",0.2,"<=",0.9]`)
	}
	return condition{match: func(text string) bool {
		value, err := strconv.ParseFloat(text, 64)
		return err == nil && s.holds(value)
	}}, nil
}

// spanOf reads the list of a numeric operator. False where it isn't one, where
// it names an end twice, or where no number could lie between its ends.
func spanOf(list []any) (span, bool) {
	if len(list) != 2 && len(list) != 4 {
		return span{}, false
	}
	s := span{low: math.Inf(-1), high: math.Inf(1)}
	var hasLow, hasHigh bool
	for i := 0; i < len(list); i += 2 {
		bound, ok := number(list[i+1])
		if !ok {
			return span{}, false
		}
		lower, upper := true, true
		switch list[i] {
		case "=":
			s = span{low: bound, high: bound}
		case ">", ">=":
			s.low, s.openLow, upper = bound, list[i] == ">", false
		case "<", "<=":
			s.high, s.openHigh, lower = bound, list[i] == "<", false
		default:
			return span{}, false
		}
		if lower && hasLow || upper && hasHigh {
			return span{}, false
		}
		hasLow, hasHigh = hasLow || lower, hasHigh || upper
	}
	return s, s.low < s.high || s.low == s.high && !s.openLow && !s.openHigh
}
