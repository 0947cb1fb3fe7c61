// Command coldstart starts each function's binary as Lambda does, and measures
// how long it takes until it asks for its first event, how much memory it has
// then and after its recorded event, and how large it is:
//
//	make coldstart
//
// The services that it asks at its start answer at once with nothing, so that
// what is measured is ours. A figure is the median of its runs.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// runs is how often each binary is started.
const runs = 11

// The budgets of one function.
const (
	mostBytes  = 15 << 20
	mostInit   = 60 * time.Millisecond
	mostMemory = 64 << 20
)

func main() {
	over := false
	fmt.Printf("%-9s %10s %14s %18s %14s\n", "function", "binary", "init, median", "init, least-most", "memory, most")
	for _, name := range []string{"Memories", "Hooks", "Console", "Fanout", "Deliver", "Upkeep"} {
		binary := "bin/functions/" + name + "/bootstrap"
		info, err := os.Stat(binary)
		if err != nil {
			fail(fmt.Errorf("%w: make functions builds it", err))
		}
		event, err := os.ReadFile("events/" + strings.ToLower(name) + ".json")
		if err != nil {
			fail(err)
		}
		var inits []time.Duration
		memory := int64(0)
		for range runs {
			took, peak, err := start(context.Background(), binary, event)
			if err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
			inits, memory = append(inits, took), max(memory, peak)
		}
		slices.Sort(inits)
		median := inits[len(inits)/2]
		fmt.Printf("%-9s %6.1f MiB %11.1f ms %8.1f-%.1f ms %10.1f MiB\n", name, mib(info.Size()), ms(median), ms(inits[0]), ms(inits[len(inits)-1]), mib(memory))
		over = over || info.Size() > mostBytes || median > mostInit || memory > mostMemory
	}
	if over {
		fail(fmt.Errorf("a budget is passed: %d MiB, %s, %d MiB", mostBytes>>20, mostInit, mostMemory>>20))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mib(n int64) float64        { return float64(n) / (1 << 20) }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "coldstart:", err)
	os.Exit(1)
}
