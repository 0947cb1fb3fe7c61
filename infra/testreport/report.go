package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action  string // output, pass, fail, skip, build-output and others
	Package string
	Test    string // empty where the package is meant
	Output  string
}

// report gathers events and prints what a reader wants to see of them.
type report struct {
	out            io.Writer
	logs           map[string]*packageLog
	passed, failed int // top-level tests; a failed package without one counts as one
	skipped        []skip
}

// packageLog holds the output of one package until it is known whether anybody
// wants to read it.
type packageLog struct {
	order  []string            // tests, as they first spoke
	tests  map[string][]string // the output of each test that has not passed
	rest   []string            // output of no test
	failed int                 // top-level tests
}

// skip is one test that did not run, and why.
type skip struct {
	pkg, test, reason string
}

func newReport(out io.Writer) *report {
	return &report{out: out, logs: map[string]*packageLog{}}
}

// read takes events, one a line, until the end. A line that is none is printed
// as it stands.
func (r *report) read(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				r.add(e)
			} else {
				fmt.Fprintf(r.out, "%s", line)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Package == "":
	case e.Test == "":
		r.addPackage(e)
	default:
		r.addTest(e)
	}
}

func (r *report) addTest(e event) {
	log := r.log(e.Package)
	top := !strings.Contains(e.Test, "/")
	switch e.Action {
	case "output":
		if _, seen := log.tests[e.Test]; !seen {
			log.order = append(log.order, e.Test)
		}
		log.tests[e.Test] = append(log.tests[e.Test], e.Output)
	case "pass":
		delete(log.tests, e.Test)
		if top {
			r.passed++
		}
	case "skip":
		r.skipped = append(r.skipped, skip{e.Package, e.Test, reason(log.tests[e.Test])})
		delete(log.tests, e.Test)
	case "fail":
		if top {
			r.failed++
			log.failed++
		}
	}
}

func (r *report) addPackage(e event) {
	log := r.log(e.Package)
	switch e.Action {
	case "output":
		log.rest = append(log.rest, e.Output)
	case "pass", "skip":
		r.printRest(log, isClosing)
		delete(r.logs, e.Package)
	case "fail":
		if log.failed == 0 {
			r.failed++ // it did not build, or ended early
		}
		r.printTests(log)
		r.printRest(log, func(string) bool { return true })
		delete(r.logs, e.Package)
	}
}

// printTests prints each test that failed or never ended: its verdict first,
// where it has one, then what it said.
func (r *report) printTests(log *packageLog) {
	for _, test := range log.order {
		var verdict, said strings.Builder
		for _, line := range log.tests[test] {
			switch {
			case strings.HasPrefix(strings.TrimSpace(line), "--- FAIL: "):
				verdict.WriteString(line)
			case !strings.HasPrefix(line, "=== "):
				said.WriteString(line)
			}
		}
		fmt.Fprint(r.out, verdict.String(), said.String())
	}
}

func (r *report) printRest(log *packageLog, wanted func(string) bool) {
	for _, line := range log.rest {
		if wanted(line) {
			fmt.Fprint(r.out, line)
		}
	}
}

// isClosing reports whether a line is the one that go test ends a package with.
func isClosing(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "?   \t") || strings.HasPrefix(line, "FAIL\t")
}

// close prints the count and each test that was skipped.
func (r *report) close() {
	fmt.Fprintf(r.out, "\n%d tests passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
	for _, s := range r.skipped {
		fmt.Fprintf(r.out, "  skipped %s %s: %s\n", s.pkg, s.test, s.reason)
	}
}

// count returns how many tests came to an end.
func (r *report) count() int { return r.passed + r.failed + len(r.skipped) }

func (r *report) log(pkg string) *packageLog {
	if r.logs[pkg] == nil {
		r.logs[pkg] = &packageLog{tests: map[string][]string{}}
	}
	return r.logs[pkg]
}

// place is where a test says that it stood when it spoke.
var place = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// reason takes from a skipped test's output what it said itself, on one line.
func reason(output []string) string {
	var said []string
	for _, line := range strings.Split(strings.Join(output, ""), "\n") {
		trimmed := strings.TrimSpace(place.ReplaceAllString(line, ""))
		if trimmed == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(trimmed, "--- SKIP") {
			continue
		}
		said = append(said, trimmed)
	}
	if len(said) == 0 {
		return "it does not say why"
	}
	return strings.Join(said, " ")
}
