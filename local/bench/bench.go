// Package bench measures the embedded run beside bare references in the same
// run: what a program without any of memhooks' promises would reach on this
// machine at this moment. The ratio is what counts, an absolute figure depends
// on the machine.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Options say how long and where.
type Options struct {
	Binary   string        // the built memhooks; its serve is what is measured
	Version  string        // what that binary calls itself
	Dir      string        // an empty folder on the disk to be measured
	For      time.Duration // of each figure that runs for a time
	Events   int           // of each figure that drains a backlog
	Only     string        // name of one row of the list; "" = all but growth
	Runs     int           // how often each figure is measured; 0 = once
	All      bool          // growth too
	Large    bool          // up to 1,000,000 events and grains
	Profiles string        // a folder for the served systems' CPU profiles, by row; "" = none
	Told     func(string)  // is told what is measured now, and what failed; nil = nobody
}

// benchmark is one row of the list; some measure several figures.
type benchmark struct {
	name string
	long bool // takes minutes: only where it is asked for
	run  measure
}

// measure takes the figures of one row. What it took before an error counts.
type measure func(ctx context.Context, b *bed) ([]sample, error)

var benchmarks = []benchmark{
	{"writes", false, writes},
	{"drain", false, served(drain)},
	{"steady", false, served(steady)},
	{"fan", false, served(fan)},
	{"latency", false, served(latency)},
	{"isolation", false, served(isolation, attemptLimit, firstRetry)},
	{"feed", false, served(reads)},
	{"recall", false, served(recalls)},
	{"start", false, start},
	{"memory", false, served(footprint)},
	{"grains", true, served(grains)},
	{"hooks", true, served(hooks)},
}

// Names are the rows of the list, as one text.
func Names() string {
	var all []string
	for _, b := range benchmarks {
		all = append(all, b.name)
	}
	return strings.Join(all, ", ")
}

// asked lists the rows that the options ask for.
func (o Options) asked() []benchmark {
	var all []benchmark
	for _, b := range benchmarks {
		if o.Only == b.name || o.Only == "" && (o.All || !b.long) {
			all = append(all, b)
		}
	}
	return all
}

func (o Options) tell(format string, args ...any) {
	if o.Told != nil {
		o.Told(fmt.Sprintf(format, args...))
	}
}

// Run measures the list, all of it as often as the options say, so that a
// machine that slows down for a while slows each figure at most once. Where a
// row fails the others go on: the report then holds what could be measured, and
// the error names the rest. A missed budget is told and is no error.
func Run(ctx context.Context, o Options) (Report, error) {
	return run(ctx, o, o.asked())
}

func run(ctx context.Context, o Options, asked []benchmark) (Report, error) {
	r := Report{Machine: thisMachine(o), Runs: max(1, o.Runs)}
	if len(asked) == 0 {
		return r, fmt.Errorf("bench: there is no figure %q; use one of %s", o.Only, Names())
	}
	var taken []sample
	var failed []error
	for n := range r.Runs * len(asked) {
		b, round := asked[n%len(asked)], n/len(asked)+1
		o.tell("run %d of %d: %s, %d more to go", round, r.Runs, b.name, r.Runs*len(asked)-n-1)
		samples, err := b.alone(ctx, o)
		taken = append(taken, samples...)
		if err != nil {
			failed = append(failed, fmt.Errorf("bench %s, run %d of %d: %w", b.name, round, r.Runs, err))
			r.Failed = append(r.Failed, fmt.Sprintf("%s in run %d", b.name, round))
			o.tell("it failed: %v", err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	r.Figures = collect(taken)
	return r, errors.Join(failed...)
}

// The longest that a row may take: one that waits for what never comes is ended.
const (
	longest      = 5 * time.Minute
	longestLarge = time.Hour
)

// alone runs a benchmark on a bed of its own, and leaves nothing of it behind.
func (b benchmark) alone(ctx context.Context, o Options) ([]sample, error) {
	limit := longest
	if o.Large {
		limit = longestLarge
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	o.Dir = filepath.Join(o.Dir, b.name)
	on := &bed{Options: o}
	samples, err := b.run(ctx, on)
	return samples, errors.Join(err, on.close(err == nil), os.RemoveAll(o.Dir))
}
