package delivery

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestGapsGrowUntilTheLimitWhateverTheDice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{
			Base:   time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "base")),
			Factor: rapid.Float64Range(1.05, 10).Draw(t, "factor"),
			Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter"),
		}
		before := time.Duration(0)
		for n := 1; n <= 21; n++ {
			gap := s.gap(n, rapid.Float64Range(0, 0.999999).Draw(t, "spread"))
			if gap > longest || gap <= before && before < longest {
				t.Fatalf("gap %d is %v after %v", n, gap, before)
			}
			before = gap
		}
	})
}

func TestTheFirstGapIsTheBaseGiveOrTakeJitter(t *testing.T) {
	s := Settings{Base: time.Second, Factor: 2, Jitter: 0.2}
	for spread, want := range map[float64]time.Duration{0: 800 * time.Millisecond, 0.5: time.Second, 1: 1200 * time.Millisecond} {
		if got := s.gap(1, spread); (got - want).Abs() > time.Microsecond {
			t.Errorf("gap(1, %v) = %v, want %v", spread, got, want)
		}
	}
	if got := (Settings{Base: time.Second, Factor: 1, Jitter: 0.2}).gap(9, 1); got != time.Second {
		t.Errorf("with factor 1 the gap is %v, want the base", got)
	}
}

func TestRetryAfterIsReadAsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 60 ": time.Minute, "0": 0, "": 0, "-5": 0, "1.5": 0, "soon": 0, "+7": 0,
		"43200": 12 * time.Hour, "43201": 12 * time.Hour, "99999999999999999999999": 12 * time.Hour,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:03:05 GMT": 0,
		"Fri, 02 Jan 2099 03:03:05 GMT": 12 * time.Hour,
	} {
		if got := asked(header, now); got != want {
			t.Errorf("Retry-After %q asks for %v, want %v", header, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, h := range []string{"7", "99999999999999999999", "Fri, 02 Jan 2026 03:05:05 GMT", "x", "\x00"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if d := asked(header, time.Unix(1<<31, 0)); d < 0 || d > longest {
			t.Fatalf("Retry-After %q asks for %v", header, d)
		}
	})
}

func TestAHookIsHeldAfterDeadLettersInARow(t *testing.T) {
	dead, ok, again := Outcome{Verdict: GiveUp}, Outcome{Verdict: Delivered}, Outcome{Verdict: RetryAfter}
	h := Health{}
	for _, o := range []Outcome{dead, dead, again, ok, dead, again, dead} {
		if h = h.After(o, 3); h.Held {
			t.Fatalf("held too early: %+v", h)
		}
	}
	if h = h.After(dead, 3); !h.Held {
		t.Errorf("three dead letters in a row did not hold: %+v", h)
	}
	if h = h.After(ok, 3); !h.Held || h.Dead != 0 {
		t.Errorf("a later success ends the row, the hold is a person's to end: %+v", h)
	}
	if h = (Health{Dead: 1000}).After(dead, 0); h.Held {
		t.Error("0 holds never")
	}
}
