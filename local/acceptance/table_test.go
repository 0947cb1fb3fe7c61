// Package acceptance holds the acceptance list: one test per row, named by its
// number, against running servers over HTTP, and the table of what came of it.
//
// Without more it builds memhooks and starts the servers that the rows need.
// With MEMHOOKS_URL and MEMHOOKS_KEY (an operator's key) it goes to a deployed
// endpoint instead; rows that need other settings than it has then say so (see
// MEMHOOKS_DEPLOYED_SETTINGS and MEMHOOKS_STOP_INSTANCES below). Where
// receivers on loopback can't be reached from there, MEMHOOKS_RECEIVER_HOST is
// the address of this machine that can.
package acceptance_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// lastRow is the number of rows of the acceptance list.
const lastRow = 100

// TestMain runs the rows, stops what they share, and prints the table: all of
// it when rows were asked for by -run, else the rows that did not pass.
func TestMain(m *testing.M) {
	flag.Parse()
	if !given("test.parallel") {
		_ = flag.Set("test.parallel", strconv.Itoa(load(8, 4))) // rows mostly wait
	}
	code := m.Run()
	stage.close()
	asked := flag.Lookup("test.run").Value.String()
	complete := asked == "^TestRow" && !given("test.skip")
	if missing := outcome.print(os.Stdout, strings.Contains(asked, "TestRow"), complete); complete && missing > 0 {
		code = 1
	}
	os.Exit(code)
}

func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// row registers a test as the proof of one row, or of a part of it, and lets
// it run beside others.
func row(t *testing.T, number int, title string) {
	t.Helper()
	alone(t, number, title)
	t.Parallel()
}

// alone is row for a test that measures, and so wants no other beside it.
func alone(t *testing.T, number int, title string) {
	t.Helper()
	if want := fmt.Sprintf("TestRow%03d", number); !strings.HasPrefix(t.Name(), want) {
		t.Fatalf("row %d is proven by tests named %s…", number, want)
	}
	outcome.begin(number, title)
	t.Cleanup(func() { outcome.end(number, t.Failed()) })
}

// later ends a row's test as neither passed nor failed and says which part it
// waits for, and how to run it.
func later(t *testing.T, number int, format string, args ...any) {
	t.Helper()
	reason := fmt.Sprintf(format, args...)
	outcome.wait(number, reason)
	t.Skip("later: " + reason)
}

var outcome = &table{rows: map[int]*line{}}

// table is what came of the rows so far.
type table struct {
	mu   sync.Mutex
	rows map[int]*line
}

type line struct {
	title   string
	running int // tests of this row that have not ended
	failed  bool
	waits   []string
}

func (l *line) verdict() string {
	switch {
	case l.failed || l.running > 0:
		return "fail"
	case len(l.waits) > 0:
		return "later: " + strings.Join(l.waits, "; ")
	}
	return "pass"
}

func (b *table) begin(number int, title string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows[number] == nil {
		b.rows[number] = &line{title: title}
	}
	b.rows[number].running++
}

func (b *table) end(number int, failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[number].running--
	b.rows[number].failed = b.rows[number].failed || failed
}

func (b *table) wait(number int, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.rows[number]; !slices.Contains(l.waits, reason) {
		l.waits = append(l.waits, reason)
	}
}

// print writes a line a row and the totals, and returns how many rows have no
// test. Unless whole, rows that passed are left out; unless complete, rows
// that were not asked for are.
func (b *table) print(out io.Writer, whole, complete bool) (missing int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.rows) == 0 && !complete {
		return 0
	}
	count := map[string]int{}
	for number := 1; number <= lastRow; number++ {
		l, ran := b.rows[number]
		switch {
		case ran:
			verdict := l.verdict()
			kind, _, _ := strings.Cut(verdict, ":")
			count[kind]++
			if whole || kind != "pass" {
				fmt.Fprintf(out, "%4d  %-36s %s\n", number, l.title, verdict)
			}
		case complete:
			missing++
			fmt.Fprintf(out, "%4d  %-36s no test\n", number, "")
		}
	}
	fmt.Fprintf(out, "acceptance: %d of %d rows: %d pass, %d fail, %d later\n",
		len(b.rows), lastRow, count["pass"], count["fail"], count["later"])
	return missing
}
