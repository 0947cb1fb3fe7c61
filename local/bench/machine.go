package bench

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// thisMachine says where, when and with what something is measured.
func thisMachine(o Options) Machine {
	m := Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Model: between("/proc/cpuinfo", "model name\t: ", "\n"),
		Load: between("/proc/loadavg", "", " "), Go: runtime.Version(), Version: o.Version, Date: time.Now().UTC().Format(time.DateOnly),
		Command: o.command(),
	}
	if built, ok := debug.ReadBuildInfo(); ok {
		for _, d := range built.Deps {
			if d.Path == "modernc.org/sqlite" {
				m.SQLite = d.Version
			}
		}
	}
	return m
}

// between reads what stands in a system's file from a word to another; "" where it
// says nothing.
func between(file, from, to string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(raw), from)
	value, _, _ := strings.Cut(rest, to)
	return value
}

// command is what asks for the same again.
func (o Options) command() string {
	out := fmt.Sprintf("memhooks bench --runs %d --duration %s --events %d", max(1, o.Runs), o.For, o.Events)
	if o.Only != "" {
		out += " --only " + o.Only
	}
	if o.All {
		out += " --all"
	}
	if o.Large {
		out += " --large"
	}
	return out
}
