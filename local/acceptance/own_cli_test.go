package acceptance_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// typist is where commands of the built memhooks are typed.
type typist struct {
	binary string
	folder string
	env    []string
}

// typist returns one in a folder of its own, with MEMHOOKS_URL and
// MEMHOOKS_KEY set for a caller, and variables besides.
func (c caller) typist(t *testing.T, variables ...string) typist {
	t.Helper()
	binary, err := stage.binary()
	if err != nil {
		t.Fatal(err)
	}
	at := c.url
	if c.at != nil {
		at = *c.at.address.Load()
	}
	env := append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"), "MEMHOOKS_URL="+at, "MEMHOOKS_KEY="+c.key)
	return typist{binary, t.TempDir(), append(env, variables...)}
}

// command is a line as it is typed.
func (s typist) command(line string) *exec.Cmd {
	command := exec.Command("sh", "-c", "exec "+line)
	command.Dir, command.Env = s.folder, s.env
	return command
}

// run runs a line, which has to succeed, and returns what it printed.
func (s typist) run(t *testing.T, line string) string {
	t.Helper()
	output, err := s.command(line).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", line, err, output)
	}
	return string(output)
}

// example is what a command's help prints as its example.
func (s typist) example(t *testing.T, command string) string {
	t.Helper()
	help := s.run(t, "memhooks "+command+" --help")
	_, rest, found := strings.Cut(help, "Example:\n\n    ")
	if line, _, whole := strings.Cut(rest, "\n"); found && whole {
		return line
	}
	t.Fatalf("memhooks %s --help shows no example:\n%s", command, help)
	return ""
}

func TestRow095CLI(t *testing.T) {
	row(t, 95, "CLI")
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	m := tenant(t).memory("default")
	rx := receive(t, func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, _ = body.ReadFrom(r.Body); strings.Contains(body.String(), "bob") {
			w.WriteHeader(503)
		}
	})
	feed := m.feed(t, object{"name": "agent-feed"})
	hook := m.push(t, rx, object{"name": "sync-to-warehouse", "dialect": "rem", "secret": secret, "max_retries": 0})
	m.add(t, belief("ann"))
	m.add(t, belief("bob"))
	taken := bySeq(t, rx.wait(t, 2))[0]
	dead := func() {
		t.Helper()
		eventually(t, "a dead letter", func() bool { return len(m.letters(t, hook)) == 1 })
	}
	dead()
	s := m.typist(t, "SECRET="+secret, "SIGNATURE="+taken.header.Get("X-REM-Signature"))
	if err := os.WriteFile(filepath.Join(s.folder, "body.json"), taken.body, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ command, prints string }{
		{"listen", "#1  grain_created"},
		{"verify", "X-REM-Signature: valid"},
		{"replay", "matched     2"},
		{"dead-letters list", "answered 503"},
		{"dead-letters show", `"content": "bob likes tea"`},
		{"dead-letters redrive", "redriven    1"},
		{"dead-letters discard", "deleted  1"},
	} {
		dead()
		line := strings.ReplaceAll(s.example(t, step.command), "http://localhost:3000/hooks", rx.url)
		if printed := s.run(t, line); !strings.Contains(printed, step.prints) {
			t.Errorf("%s printed no %q:\n%s", line, step.prints, printed)
		}
	}
	first := m.log(t, feed, 2)[0]
	for _, r := range rx.until(t, func(r request) bool { return r.header.Get("X-Memhooks-Hook") == feed }) {
		if r.header.Get("X-Memhooks-Hook") == feed && !bytes.Equal(r.body, first.Body) {
			t.Errorf("listen forwarded %s, the event is %s", r.body, first.Body)
		}
	}
}

func TestRow095CLIListenGoesOn(t *testing.T) {
	row(t, 95, "CLI")
	ownProcess(t, 95, "listen over a server's end needs a server to end; the embedded run has one")
	srv := start(t, 95, nil)
	m := srv.memory(name("memory"))
	rx := receive(t)
	s, hook := m.typist(t), m.feed(t)
	line := "memhooks listen --memory " + m.id + " --hook " + hook + " --from earliest --resume laptop --forward " + rx.url
	var output bytes.Buffer
	listener := s.command(line)
	listener.Stdout, listener.Stderr = &output, &output
	if err := listener.Start(); err != nil {
		t.Fatal(err)
	}
	m.add(t, belief("ann"))
	rx.wait(t, 1)
	srv.kill()
	srv.env = srv.env.with(settings{"MEMHOOKS_ADDR": strings.TrimPrefix(*srv.address.Load(), "http://")})
	srv.start(t)
	m.add(t, belief("bob"))
	rx.wait(t, 2)
	if err := listener.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := listener.Wait(); err != nil {
		t.Errorf("interrupted, it ended with %v", err)
	}
	for _, part := range []string{"the connection broke", "connected again", "2 events, 2 forwarded, 0 failed"} {
		if !strings.Contains(output.String(), part) {
			t.Errorf("no %q in:\n%s", part, output.String())
		}
	}
	m.add(t, belief("cid"))
	s.run(t, line+" --count 1")
	got := rx.exactly(t, 3)
	for i, r := range got {
		if r.seq(t) != i+1 || r.header.Get("X-Memhooks-Hook") != hook {
			t.Errorf("request %d has seq %d", i+1, r.seq(t))
		}
	}
	unbroken(t, got[1], got[2])
}
