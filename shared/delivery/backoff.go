package delivery

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is the longest gap between two attempts, whoever asks for it.
const longest = 12 * time.Hour

// gap is how long to wait after the nth failed attempt (n from 1): base grown
// by factor each time, give or take jitter as spread (0 to 1) decides, at most
// 12 h. Jitter is narrowed where it would let a gap be shorter than the one
// before it, so gaps grow until they reach the limit.
func (s Settings) gap(n int, spread float64) time.Duration {
	factor := max(s.Factor, 1)
	jitter := min(max(s.Jitter, 0), 0.99*(factor-1)/(factor+1))
	wait := float64(s.Base) * math.Pow(factor, float64(n-1)) * (1 - jitter + 2*jitter*spread)
	if wait >= float64(longest) {
		return longest
	}
	return time.Duration(wait)
}

// asked is the delay of a Retry-After header: seconds or an HTTP date, from 0
// to 12 h. What is neither asks for nothing.
func asked(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(longest/time.Second) {
			return longest
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longest)
}
