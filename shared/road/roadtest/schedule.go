package roadtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Op is one step of a schedule. What A to C mean is the kind's; they are drawn
// with the op, so that the others keep their meaning when one is taken out.
type Op struct {
	Kind    string
	A, B, C uint32
}

// String shows an op as histories do.
func (o Op) String() string { return fmt.Sprintf("%s(%d,%d,%d)", o.Kind, o.A, o.B, o.C) }

// Schedule is what one run does, one op after the other, and what it began
// with. It is a value: equal ones do the same.
type Schedule struct {
	Seed uint64
	Ops  []Op
}

// String is the history, eight ops a line.
func (s Schedule) String() string {
	var b strings.Builder
	for i, op := range s.Ops {
		if i%8 == 0 {
			b.WriteString("\n\t")
		}
		b.WriteString(op.String() + " ")
	}
	return strings.TrimSpace(b.String())
}

// kind is a kind of op, how often it is drawn, and what it does.
type kind struct {
	name   string
	weight uint32
	do     func(*run, Op)
}

// kinds is the closed list of what can happen.
func kinds() []kind {
	return []kind{
		{"remember", 22, (*run).remember},
		{"set", 6, (*run).set},
		{"supersede", 16, (*run).supersede},
		{"race", 4, (*run).race},
		{"forget", 5, (*run).forget},
		{"erase-person", 2, (*run).erasePerson},
		{"erase-scope", 1, (*run).eraseScope},
		{"rotate", 2, (*run).rotate},
		{"recall", 3, (*run).recall},
		{"subscribe", 7, (*run).subscribe},
		{"pause", 3, (*run).pause},
		{"resume", 4, (*run).resume},
		{"resume-latest", 2, (*run).resumeLatest},
		{"redact", 2, (*run).redact},
		{"rotate-secret", 3, (*run).rotateSecret},
		{"lure", 2, (*run).lure},
		{"unsubscribe", 2, (*run).unsubscribe},
		{"redrive", 4, (*run).redrive},
		{"discard", 2, (*run).discard},
		{"receiver", 10, (*run).behave},
		{"poll", 9, (*run).poll},
		{"compact", 4, (*run).compact},
		{"upkeep", 2, (*run).upkeep},
		{"crash", 2, (*run).crash},
		{"cut", 5, (*run).cut},
		{"faults", 4, (*run).fail},
		{"wait", 6, (*run).wait},
		{"turn", 55, (*run).turn},
	}
}

// Draw makes a seed's schedule of so many ops. The first ones subscribe and
// write, so that there is something to do.
func Draw(seed uint64, steps int) Schedule {
	r := rand.New(rand.NewPCG(seed, 2))
	s := Schedule{Seed: seed}
	all, total := kinds(), uint32(0)
	for _, k := range all {
		total += k.weight
	}
	for len(s.Ops) < steps {
		op := Op{A: r.Uint32(), B: r.Uint32(), C: r.Uint32()}
		n := r.Uint32N(total)
		for _, k := range all {
			if n < k.weight {
				op.Kind = k.name
				break
			}
			n -= k.weight
		}
		if i := len(s.Ops); i < len(beginning) {
			op.Kind = beginning[i]
		}
		s.Ops = append(s.Ops, op)
	}
	return s
}

var beginning = [...]string{"subscribe", "remember", "subscribe", "remember"}

// without is the schedule less some ops.
func (s Schedule) without(from, to int) Schedule {
	kept := append([]Op{}, s.Ops[:from]...)
	return Schedule{s.Seed, append(kept, s.Ops[to:]...)}
}

// Shrink drops ops while the rest still fails, at most so many runs: halves
// first, then smaller pieces, down to single ops.
func Shrink(s Schedule, runs int, fails func(Schedule) bool) Schedule {
	for size := max(1, len(s.Ops)/2); runs > 0; {
		dropped := false
		for from := 0; from < len(s.Ops) && runs > 0; runs-- {
			if less := s.without(from, min(from+size, len(s.Ops))); fails(less) {
				s, dropped = less, true
			} else {
				from += size
			}
		}
		if size == 1 && !dropped {
			return s
		}
		if !dropped || size > len(s.Ops) {
			size = max(1, size/2)
		}
	}
	return s
}
