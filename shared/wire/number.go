package wire

import (
	"math"
	"strconv"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxNumber is the most characters a number literal may have.
const maxNumber = 400

// shortNumber is how many characters an integer literal may have to be surely
// below 2^53, and so to be printed by JavaScript as it stands.
const shortNumber = 15

// safeNumber is how many characters an integer literal may have to be surely
// below float64's largest value, 1.8e308.
const safeNumber = 308

// scanNumber returns the length of the JSON number that s begins with, 0 where
// it begins with none, and whether it has neither fraction nor exponent.
func scanNumber(s string) (n int, whole bool) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	default:
		d := digits(s[i:])
		if d == 0 {
			return 0, false
		}
		i += d
	}
	whole = true
	if i < len(s) && s[i] == '.' {
		d := digits(s[i+1:])
		if d == 0 {
			return 0, false
		}
		i, whole = i+1+d, false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		d := digits(s[i:])
		if d == 0 {
			return 0, false
		}
		i, whole = i+d, false
	}
	return i, whole
}

// digits counts the decimal digits that s begins with.
func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

// overflows reports whether a JSON number lies beyond float64's range; what is
// too small to hold is 0 and does not.
func overflows(literal string, whole bool) bool {
	if whole && len(literal) <= safeNumber {
		return false
	}
	_, err := strconv.ParseFloat(literal, 64)
	return err != nil
}

// appendFloat prints f as JavaScript's Number-to-String does: the fewest digits
// that read back as f, an exponent from 1e21 up and below 1e-6, and -0 as 0.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, errRange()
	case f == 0:
		return append(dst, '0'), nil
	case 1e-6 <= abs && abs < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// The exponent has two digits at least here, JavaScript's has no zeros: 1e-07.
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}

func errRange() error {
	return fault.New(fault.InvalidField, "a number is not finite or beyond 1.8e308; use a smaller one, or a string")
}
