package acceptance_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The receivers that the documentation gives away, each started as its header
// says, on what a real server delivers.
const receivers = "../../docs/receivers/"

// A copyable is one of them and how this machine starts it. It listens below path.
type copyable struct {
	name, path string
	lacks      func() string // what it needs and this machine has not, with the command that gets it
	start      func(t *testing.T, secret string) *speaker
	dialects   []string
	gone       string // what it says when it is told that the only grain is gone
}

func copyables() []copyable {
	all, gone := []string{"areev", "rem", "standard"}, `(?:deleted|forgotten)$`
	return []copyable{
		{"nethttp", "/hook", func() string { return "" }, startNetHTTP(), all, gone},
		{"fastapi", "/hook", lacksFastAPI, startFastAPI, all, gone},
		{"express4 raw", "/hook", lacksExpress, startExpress("express4", "express-raw.js"), all, gone},
		{"express5 raw", "/hook", lacksExpress, startExpress("express5", "express-raw.js"), all, gone},
		{"express4 parsed", "/webhooks/remlabs", lacksExpress, startExpress("express4", "express-parsed.js"), []string{"rem"}, `memory\.deleted holds 0$`},
		{"express5 parsed", "/webhooks/remlabs", lacksExpress, startExpress("express5", "express-parsed.js"), []string{"rem"}, `memory\.deleted holds 0$`},
	}
}

// TestReceivers delivers to each receiver what it must take, what it has taken
// before, and what it must refuse.
func TestReceivers(t *testing.T) {
	if deployed() {
		t.Skip("needs a server as `make run` starts it: unset MEMHOOKS_URL; go test ./local/acceptance -run TestReceivers")
	}
	for _, g := range copyables() {
		t.Run(g.name, func(t *testing.T) {
			if why := g.lacks(); why != "" {
				t.Skip(why)
			}
			t.Parallel()
			for _, secret := range []string{"", "your-webhook-secret"} {
				for _, dialect := range g.dialects {
					t.Run(dialect+" "+secret, func(t *testing.T) { takes(t, g, dialect, secret) })
				}
			}
		})
	}
}

// takes makes a hook of a dialect, whose secret is made where none is given,
// and starts the receiver with it.
func takes(t *testing.T, g copyable, dialect, secret string) {
	m := shared(t).memory(name("receivers"))
	hook := func(target string) object {
		body := object{"name": "a", "delivery_mode": "webhook", "url": target, "dialect": dialect, "max_retries": 0}
		if body["secret"] = secret; secret == "" {
			delete(body, "secret")
			body["generate_secret"] = true
		}
		return m.hook(t, body)
	}
	way := relay(t) // its address is known before there is a secret to start the receiver with
	made := hook(way.url)
	rx := g.start(t, text(t, made, "secret"))
	to := rx.address + g.path
	way.to.Store(&to)

	hash := m.add(t, belief("ann"))
	id := rx.hear(t, `^new (evt_\S+) \S*created`)
	hash = m.supersede(t, hash, belief("ann", object{"object": "<milk> & \u2028 “honey”"}))
	rx.hear(t, `^new (evt_\S+) \S*(?:updated|superseded)`)
	m.drop(t, object{"blob_hash": hash})
	rx.hear(t, `^new (evt_\S+) \S*`+g.gone)

	m.settledCounts(t, text(t, made, "id"), 3) // before it is written down, nothing is there to repeat
	m.post(t, "/hooks/"+text(t, made, "id")+"/replay", object{"from_seq": 1, "to_seq": 1}).want(t, 200)
	if again := rx.hear(t, `^again (evt_\S+)`); again != id {
		t.Errorf("%s came again, %s was replayed", again, id)
	}
	way.tamper.Store(true)
	m.add(t, belief("eve"))
	rx.hear(t, `^refused: (.+)`)
	eventually(t, "a dead letter of what was tampered with", func() bool {
		letters := m.letters(t, text(t, made, "id"))
		return len(letters) == 1 && letters[0]["last_status"] == 401.0
	})
}

// way passes on what it gets, and while it tampers, with one byte of the body
// changed.
type way struct {
	url    string
	to     atomic.Pointer[string]
	tamper atomic.Bool
}

func relay(t *testing.T) *way {
	w := &way{}
	srv := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && w.tamper.Load() {
			body = bytes.Replace(body, []byte("eve"), []byte("Eve"), 1)
		}
		onward, err := http.NewRequestWithContext(r.Context(), r.Method, *w.to.Load(), bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		onward.Header = r.Header.Clone()
		answer, err := wire.Do(onward)
		if err != nil {
			t.Error(err)
			return
		}
		answer.Body.Close()
		out.WriteHeader(answer.StatusCode)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

// A speaker is a process that says where it listens, then what it does, one
// line each.
type speaker struct {
	address string
	name    string
	lines   chan string
	stop    func() // ends it; ended already, it does nothing
}

// speak starts a process and keeps what it prints. It ends with the test.
func speak(t *testing.T, cmd *exec.Cmd) *speaker {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	s := &speaker{name: filepath.Base(cmd.Path), lines: make(chan string, 10_000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.lines)
		for text := bufio.NewScanner(read); text.Scan(); {
			s.lines <- text.Text()
		}
	}()
	s.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

// hear waits for a line and returns what the pattern's group holds.
func (s *speaker) hear(t testing.TB, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	var said []string
	for late := time.After(patience); ; {
		select {
		case line, more := <-s.lines:
			if found := wanted.FindStringSubmatch(line); found != nil {
				return found[1]
			}
			if said = append(said, line); !more {
				t.Fatalf("%s ended, after saying\n%s", s.name, strings.Join(said, "\n"))
			}
		case <-late:
			t.Fatalf("%s never said %s, but\n%s", s.name, pattern, strings.Join(said, "\n"))
		}
	}
}

// where waits until the process says its address.
func (s *speaker) where(t *testing.T) *speaker {
	t.Helper()
	s.address = s.hear(t, `(http://127\.0\.0\.1:\d+)`)
	return s
}

func startNetHTTP() func(*testing.T, string) *speaker {
	build := sync.OnceValues(func() (string, error) {
		dir, err := stage.folder("nethttp-*")
		if err != nil {
			return "", err
		}
		binary := filepath.Join(dir, "nethttp")
		if out, err := exec.Command("go", "build", "-o", binary, receivers+"nethttp").CombinedOutput(); err != nil {
			return "", fmt.Errorf("build nethttp: %w\n%s", err, out)
		}
		return binary, nil
	})
	return func(t *testing.T, secret string) *speaker {
		t.Helper()
		binary, err := build()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), "SECRET="+secret, "ADDR=127.0.0.1:0")
		return speak(t, cmd).where(t)
	}
}

func lacksFastAPI() string {
	python := os.Getenv("MEMHOOKS_TEST_PYTHON")
	if python != "" && exec.Command(python, "-c", "import fastapi, uvicorn, standardwebhooks").Run() == nil {
		return ""
	}
	return "needs FastAPI: pip install fastapi uvicorn standardwebhooks, then " +
		"MEMHOOKS_TEST_PYTHON=$(command -v python3) go test ./local/acceptance -run TestReceivers"
}

func startFastAPI(t *testing.T, secret string) *speaker {
	t.Helper()
	cmd := exec.Command(os.Getenv("MEMHOOKS_TEST_PYTHON"), "-m", "uvicorn", "--app-dir", receivers, "fastapi_receiver:app", "--port", "0")
	cmd.Env = append(os.Environ(), "SECRET="+secret, "DATABASE="+filepath.Join(t.TempDir(), "done.db"), "PYTHONDONTWRITEBYTECODE=1")
	return speak(t, cmd).where(t)
}

func lacksExpress() string {
	if _, err := exec.LookPath("node"); err == nil && os.Getenv("MEMHOOKS_TEST_NODE_MODULES") != "" {
		return ""
	}
	return "needs node and Express: npm install express4@npm:express@4 express5@npm:express@5 standardwebhooks, then " +
		"MEMHOOKS_TEST_NODE_MODULES=$PWD/node_modules go test ./local/acceptance -run TestReceivers"
}

// startExpress starts one of the Express receivers on a version of Express.
func startExpress(version, file string) func(*testing.T, string) *speaker {
	return func(t *testing.T, secret string) *speaker {
		t.Helper()
		modules := os.Getenv("MEMHOOKS_TEST_NODE_MODULES")
		folder := t.TempDir() // where `express` is the version that is meant
		for name, is := range map[string]string{"express": version, "standardwebhooks": "standardwebhooks"} {
			if err := os.Symlink(filepath.Join(modules, is), filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("node", receivers+file)
		cmd.Env = append(os.Environ(), "NODE_PATH="+folder, "SECRET="+secret, "PORT=0")
		return speak(t, cmd).where(t)
	}
}
