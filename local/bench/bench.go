// Package bench measures the embedded run beside bare references in the same
// run: what a program without any of memhooks' promises would reach on this
// machine at this moment. The ratio is what counts, an absolute figure depends
// on the machine.
package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Options say how long and where.
type Options struct {
	Binary  string        // the built memhooks; its serve is what is measured
	Version string        // what that binary calls itself
	Dir     string        // an empty folder on the disk to be measured
	For     time.Duration // of each figure that runs for a time
	Events  int           // of each figure that drains a backlog
	Only    string        // name of one row of the list; "" = all but growth
	Runs    int           // how often each figure is measured; 0 = once
	All     bool          // growth too
	Large   bool          // up to 1,000,000 events and grains
	Told    func(string)  // is told what is measured now; nil = nobody

	children *[]*process // started, to be ended whatever comes
}

// benchmark is one row of the list; some measure several figures.
type benchmark struct {
	name string
	long bool // takes minutes: only where it is asked for
	run  func(ctx context.Context, o Options) ([]sample, error)
}

var benchmarks = []benchmark{
	{"writes", false, writes},
	{"drain", false, drain},
	{"steady", false, steady},
	{"fan", false, fan},
	{"latency", false, latency},
	{"isolation", false, isolation},
	{"feed", false, reads},
	{"recall", false, recalls},
	{"start", false, start},
	{"memory", false, footprint},
	{"grains", true, grains},
	{"hooks", true, hooks},
}

// Names are the rows of the list, as one text.
func Names() string {
	var all []string
	for _, b := range benchmarks {
		all = append(all, b.name)
	}
	return strings.Join(all, ", ")
}

// Run measures the list, all of it as often as the options say, so that a
// machine that slows down for a while slows each figure at most once. It fails
// where a figure can't be measured; a missed budget is told and is no error.
func Run(ctx context.Context, o Options) (Report, error) {
	r := Report{Machine: thisMachine(o), Runs: max(1, o.Runs)}
	var taken []sample
	found := false
	for n := range r.Runs {
		for _, b := range benchmarks {
			if o.Only != b.name && (o.Only != "" || b.long && !o.All) {
				continue
			}
			found = true
			if o.Told != nil {
				o.Told(fmt.Sprintf("run %d of %d: %s", n+1, r.Runs, b.name))
			}
			each := o
			each.Dir = filepath.Join(o.Dir, strconv.Itoa(n))
			samples, err := b.alone(ctx, each)
			if err != nil {
				return r, fmt.Errorf("bench %s: %w", b.name, err)
			}
			taken = append(taken, samples...)
		}
	}
	if !found {
		return r, fmt.Errorf("bench: there is no figure %q; use one of %s", o.Only, Names())
	}
	r.Figures = collect(taken)
	return r, nil
}

// alone runs a benchmark and leaves no child of it behind.
func (b benchmark) alone(ctx context.Context, o Options) ([]sample, error) {
	var children []*process
	o.children = &children
	defer func() {
		for _, p := range children {
			if p.cmd.ProcessState == nil {
				_ = p.cmd.Process.Kill()
				_ = p.cmd.Wait()
			}
		}
	}()
	return b.run(ctx, o)
}

func thisMachine(o Options) Machine {
	return Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version(),
		Version: o.Version, Date: time.Now().UTC().Format(time.DateOnly),
	}
}
