package acceptance_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait; a row that needs it has failed.
var patience = slower() * 20 * time.Second

// adminKey is the operator's key of every server that is started with
// authentication on.
const adminKey = "ar_acceptance00000000000000000000000000000000000000000000"

// settings are environment variables of a server.
type settings map[string]string

// open are the settings that rows start from: those of `make run`, with small
// delays and a port of its own.
var open = settings{
	"MEMHOOKS_ADDR":               "127.0.0.1:0",
	"MEMHOOKS_AUTH":               "off",
	"MEMHOOKS_ADMIN_KEY":          adminKey,
	"MEMHOOKS_ALLOW_DESTINATIONS": "127.0.0.0/8,::1/128",
	"MEMHOOKS_AUTO_CREATE":        "on",
	"MEMHOOKS_RATE":               "0",
	"MEMHOOKS_RETRY_BASE":         "20ms",
}

// with returns s with changes on top; neither is changed.
func (s settings) with(changes settings) settings {
	all := maps.Clone(s)
	maps.Copy(all, changes)
	return all
}

// stage is what the rows share.
var stage = newScenery()

// scenery is made of what is costly to make, when it is first wanted.
type scenery struct {
	binary func() (string, error)  // path of the built command
	open   func() (*server, error) // authentication off
	locked func() (*server, error) // authentication on

	mu  sync.Mutex
	dir string
	up  []*server
}

func newScenery() *scenery {
	s := &scenery{}
	s.binary = sync.OnceValues(s.build)
	s.open = sync.OnceValues(func() (*server, error) { return s.run(open) })
	s.locked = sync.OnceValues(func() (*server, error) { return s.run(open.with(settings{"MEMHOOKS_AUTH": "on"})) })
	return s
}

// folder makes a folder that lives as long as the tests.
func (s *scenery) folder(pattern string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "acceptance-*")
		if err != nil {
			return "", err
		}
		s.dir = dir
	}
	return os.MkdirTemp(s.dir, pattern)
}

func (s *scenery) build() (string, error) { return s.buildWith() }

// buildWith builds the command with more arguments of go build.
func (s *scenery) buildWith(more ...string) (string, error) {
	dir, err := s.folder("bin-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "memhooks")
	args := append(append([]string{"build", "-o", path}, more...), "github.com/memhooks/memhooks/local")
	output, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build memhooks: %w\n%s", err, output)
	}
	return path, nil
}

func (s *scenery) run(env settings) (*server, error) {
	dir, err := s.folder("data-*")
	if err != nil {
		return nil, err
	}
	srv := s.server(dir, env)
	if err := srv.up(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = append(s.up, srv)
	return srv, nil
}

func (s *scenery) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, srv := range s.up {
		srv.end(syscall.SIGKILL)
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// server is one memhooks process and its data folder. Calls on it carry no key
// where authentication is off, else the admin key.
type server struct {
	caller
	binary func() (string, error)
	dir    string // MEMHOOKS_DATA
	env    settings
	cmd    *exec.Cmd
	gone   chan struct{} // closed when the process has ended
	output *journal

	address atomic.Pointer[string] // http://host:port, since the last start
}

// server returns one that has not been started.
func (s *scenery) server(dir string, env settings) *server {
	srv := &server{binary: s.binary, dir: dir, env: env}
	srv.at = srv
	return srv
}

// start starts a server of the row's own, with changes on top of the open
// settings; it ends with the test. On a deployed endpoint the row waits unless
// the stack's settings are these; a setting that the row measures against,
// whatever it is, may differ.
func start(t *testing.T, number int, changes settings, measured ...string) *server {
	t.Helper()
	if deployed() {
		return onStack(t, number, changes, measured)
	}
	srv := stage.server(t.TempDir(), open.with(changes))
	t.Cleanup(func() {
		srv.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("output of the server:\n%s", srv.output)
		}
	})
	srv.start(t)
	return srv
}

// start starts the process on the server's data folder and waits until it
// listens, on a new port.
func (s *server) start(t testing.TB) {
	t.Helper()
	if s.binary == nil {
		return // the next call starts an instance
	}
	if err := s.up(); err != nil {
		t.Fatal(err)
	}
}

// stop asks the process to end (SIGTERM), waits for it and returns how long it took.
func (s *server) stop(t testing.TB) time.Duration {
	t.Helper()
	begun := time.Now()
	s.end(syscall.SIGTERM)
	if s.cmd == nil {
		return time.Since(begun)
	}
	if state := s.cmd.ProcessState; state != nil && !state.Success() {
		t.Fatalf("the server stopped with %v:\n%s", state, s.output)
	}
	return time.Since(begun)
}

// kill ends the process as kill -9 does; on a deployed endpoint, all instances.
func (s *server) kill() { s.end(syscall.SIGKILL) }

// span is a setting that is a time.
func (s *server) span(t testing.TB, name string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s.env[name])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// share is a setting that is a number.
func (s *server) share(t testing.TB, name string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(s.env[name], 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// restart stops the process and starts it again on the same data, with
// changes to its settings.
func (s *server) restart(t testing.TB, changes settings) {
	t.Helper()
	s.stop(t)
	s.env = s.env.with(changes)
	s.start(t)
}

// pid is the id of the running process.
func (s *server) pid() int { return s.cmd.Process.Pid }

// listening finds the address in what serve prints.
var listening = regexp.MustCompile(`http://[^\s/"']+:\d+`)

func (s *server) up() error {
	binary, err := s.binary()
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(binary, "serve")
	s.cmd.Env = s.environment()
	s.cmd.Stdout, s.cmd.Stderr = write, write
	if s.output == nil {
		s.output = &journal{}
	}
	err = s.cmd.Start()
	write.Close()
	if err != nil {
		return fmt.Errorf("start memhooks serve: %w", err)
	}
	address := make(chan string, 1)
	gone := make(chan struct{})
	s.gone = gone
	go func() {
		s.output.copy(read, address)
		_ = s.cmd.Wait()
		close(gone)
	}()
	select {
	case listens := <-address:
		s.address.Store(&listens)
	case <-gone:
		return fmt.Errorf("memhooks serve ended with %v:\n%s", s.cmd.ProcessState, s.output)
	case <-time.After(patience):
		s.kill()
		return fmt.Errorf("memhooks serve printed no address in %v:\n%s", patience, s.output)
	}
	s.key = ""
	if s.env["MEMHOOKS_AUTH"] == "on" {
		s.key = s.env["MEMHOOKS_ADMIN_KEY"]
	}
	return nil
}

// environment is this process's own without settings of memhooks and of
// clouds, and the server's.
func (s *server) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "MEMHOOKS_") || strings.HasPrefix(pair, "AWS_")
	})
	for name, value := range s.env.with(settings{"MEMHOOKS_DATA": s.dir}) {
		env = append(env, name+"="+value)
	}
	return env
}

func (s *server) end(signal os.Signal) {
	if s.binary == nil {
		stopInstances()
		return
	}
	if s.cmd == nil || s.gone == nil {
		return
	}
	_ = s.cmd.Process.Signal(signal)
	select {
	case <-s.gone:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.gone
	}
}

// journal keeps what a process printed.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// copy reads until the end and tells the first address that it meets.
func (j *journal) copy(from *os.File, address chan<- string) {
	defer from.Close()
	told := false
	for lines := bufio.NewReader(from); ; {
		text, err := lines.ReadString('\n')
		j.mu.Lock()
		j.text.WriteString(text)
		j.mu.Unlock()
		if found := listening.FindString(text); found != "" && !told {
			told = true
			address <- found
		}
		if err != nil {
			return
		}
	}
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
