package acceptance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// slack is what a p99 may differ by from one measurement to the next on a
// machine that does other things as well: a tenth of a millisecond's p99 is
// less than what the scheduler alone adds.
const slack = 3 * time.Millisecond

// healthy is one memory with a healthy hook.
type healthy struct {
	m  instance
	rx *receiver
}

func (c caller) healthy(t testing.TB, id string) healthy {
	t.Helper()
	h := healthy{c.memory(id), receive(t)}
	h.m.push(t, h.rx, object{"event_filters": list{"grain_created"}, "filter": object{"grain_type": list{"goal"}}})
	return h
}

// p99 writes n grains, one after the other arrived, and returns the delay from
// a write's answer to its POST that all but a hundredth stay under.
func (h healthy) p99(t testing.TB, n int) time.Duration {
	t.Helper()
	delays := make([]time.Duration, n)
	for i := range delays {
		got, _ := h.rx.all()
		begun := time.Now()
		h.m.add(t, object{"grain_type": "goal", "description": name("goal")})
		delays[i] = h.rx.wait(t, len(got)+1)[len(got)].at.Sub(begun)
	}
	slices.Sort(delays)
	return delays[(n*99-1)/100]
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func TestRow093Isolation(t *testing.T) {
	alone(t, 93, "isolation")
	env := settings{"MEMHOOKS_AUTH": "on"}
	loaded, free := start(t, 93, env), start(t, 93, env)
	type pair struct{ loaded, free healthy }
	pairs := map[string]pair{}
	busy := loaded.tenant(t)
	idle := free.tenant(t)
	pairs["the same memory"] = pair{busy.healthy(t, "default"), idle.healthy(t, "default")}
	pairs["the same tenant"] = pair{busy.healthy(t, busy.fresh(t).id), idle.healthy(t, idle.fresh(t).id)}
	pairs["another tenant"] = pair{loaded.tenant(t).healthy(t, "default"), free.tenant(t).healthy(t, "default")}

	// Four hooks hang on every request; five hundred events each wait for them.
	const hooks, events = 4, 500
	m := busy.memory("default")
	stuck := receive(t, hang)
	for range hooks {
		m.push(t, stuck)
	}
	m.many(t, "backlog", events)
	idle.memory("default").many(t, "backlog", events)
	stuck.wait(t, hooks)

	const alternations, writes = 7, 40
	for title, p := range pairs {
		var with, without []time.Duration
		p.loaded.p99(t, 10) // connections, caches
		p.free.p99(t, 10)
		for range alternations {
			with = append(with, p.loaded.p99(t, writes))
			without = append(without, p.free.p99(t, writes))
		}
		a, b := median(with), median(without)
		t.Logf("%s: p99 %v beside hanging hooks, %v without", title, a, b)
		if a > b*11/10+slack {
			t.Errorf("%s: p99 is %v beside hanging hooks, %v without (%s)", title, a, b, fmt.Sprint(with, without))
		}
	}
	if got, _ := stuck.all(); len(got) >= hooks*events {
		t.Errorf("the hanging hooks were posted to %d times: they did not hang", len(got))
	}
}
