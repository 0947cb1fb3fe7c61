package acceptance_test

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/memhooks/memhooks/infra/pages"
)

// TestPages runs the documentation: every page's commands in one shell, in
// their order, against a server that runs as `make run` does. What a page says
// is answered or delivered must be. infra/pages lists how blocks are marked.
func TestPages(t *testing.T) {
	if deployed() {
		t.Skip("needs a server as `make run` starts it: unset MEMHOOKS_URL; go test ./local/acceptance -run TestPages")
	}
	for _, tool := range []string{"curl", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: apt-get install curl; go test ./local/acceptance -run TestPages", tool)
		}
	}
	ran := 0
	for _, p := range documentation(t) {
		if len(p.Blocks) == 0 {
			continue
		}
		ran++
		t.Run(p.Path, func(t *testing.T) {
			t.Parallel()
			r := &reader{page: p}
			for _, b := range p.Blocks {
				r.block(t, b)
			}
		})
	}
	if ran < 10 {
		t.Errorf("only %d pages have blocks", ran)
	}
}

const project = "../.."

// documentation are the README and all pages of docs.
func documentation(t *testing.T) []pages.Page {
	t.Helper()
	var all []pages.Page
	read := func(file string) error {
		text, err := os.ReadFile(filepath.Join(project, file))
		if err != nil {
			return err
		}
		p, err := pages.Read(filepath.ToSlash(file), string(text))
		all = append(all, p)
		return err
	}
	err := fs.WalkDir(os.DirFS(project), "docs", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".md" {
			return err
		}
		return read(file)
	})
	if err == nil {
		err = read("README.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// reader is who follows a page: a server and a receiver of its own, and a
// shell, all started when the page first wants them.
type reader struct {
	page   pages.Page
	server *server
	rx     *receiver
	shell  *shell
	behind string // address of what the page itself started to receive, "" for none
	answer string // to the last call
}

func (r *reader) block(t *testing.T, b pages.Block) {
	t.Helper()
	m, known := b.Marked()
	if !known {
		t.Fatalf("%s:%d: marked as no block may be; go test ./infra/rules", r.page.Path, b.Line)
	}
	switch {
	case m.Language == "sh":
		if out, err := exec.Command("sh", "-n", "-c", b.Text).CombinedOutput(); err != nil {
			t.Fatalf("%s:%d: %v %s", r.page.Path, b.Line, err, out)
		}
		switch m.Mark {
		case "", "refused":
			r.run(t, b)
		case "background":
			r.background(t, b)
		}
	case m.Mark == "answer":
		if why := like(b.Text, r.answer); why != "" {
			t.Errorf("%s:%d: %s; the last answer was\n%s", r.page.Path, b.Line, why, r.answer)
		}
	case m.Mark == "delivery":
		var whys []string
		defer func() {
			if t.Failed() {
				t.Logf("%s:%d: %s", r.page.Path, b.Line, strings.Join(whys, "; "))
			}
		}()
		r.rx.until(t, func(got request) bool {
			whys = append(whys, like(b.Text, string(got.body)))
			return whys[len(whys)-1] == ""
		})
	}
}

// ready starts the server, the receiver and the shell.
func (r *reader) ready(t *testing.T) {
	t.Helper()
	if r.shell != nil {
		return
	}
	r.server = stage.server(t.TempDir(), open)
	t.Cleanup(func() { r.server.end(syscall.SIGKILL) })
	r.server.start(t)
	r.rx = receive(t, r.pass(t))
	binary, err := stage.binary()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"PATH": filepath.Dir(binary) + ":" + os.Getenv("PATH"), "MEMHOOKS_URL": *r.server.address.Load(),
		"API": *r.server.address.Load(), "KEY": adminKey, "MEMORY": "default", "MEMHOOKS_DATA": r.server.dir,
	}
	m := r.server.memory("default")
	env["HOOK"] = text(t, m.hook(t, object{"name": "a page's", "delivery_mode": "cdc"}), "id")
	r.shell = openShell(t, env)
}

// pass hands what the receiver gets on to what the page itself started.
func (r *reader) pass(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, got *http.Request) {
		if r.behind == "" {
			return
		}
		onward, err := http.NewRequestWithContext(got.Context(), got.Method, r.behind+strings.TrimPrefix(got.URL.Path, "/hook"), got.Body)
		if err != nil {
			t.Error(err)
			return
		}
		onward.Header, onward.ContentLength = got.Header, got.ContentLength
		answer, err := wire.Do(onward)
		if err != nil {
			t.Error(err)
			return
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("the page's receiver answered %d", answer.StatusCode)
		}
		w.WriteHeader(answer.StatusCode)
	}
}

func (r *reader) run(t *testing.T, b pages.Block) {
	t.Helper()
	r.ready(t)
	here := strings.NewReplacer("http://127.0.0.1:8080", *r.server.address.Load(), "http://127.0.0.1:9000", r.rx.url)
	out, err := r.shell.run(here.Replace(b.Text), b.Mark == "refused")
	if err != nil {
		t.Fatalf("%s:%d: %v\n%s", r.page.Path, b.Line, err, out)
	}
	for line := range strings.SplitSeq(out, "\n") {
		if strings.HasPrefix(line, "{") {
			r.answer = line
		}
	}
}

var port9000 = regexp.MustCompile(`\b9000\b`)

// background starts what a page has its reader start in a second terminal, on
// a free port, and waits until that listens.
func (r *reader) background(t *testing.T, b pages.Block) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("sh", "-c", "exec env "+port9000.ReplaceAllString(b.Text, port)) // one process, which ends when it is killed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "port "+port+" to be listened on", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	r.behind = "http://" + address
}

// shell is one that runs block after block.
type shell struct {
	in      io.WriteCloser
	out     *bufio.Reader
	process *os.Process
}

// calls makes curl fail where it was not answered as wanted, and ends each
// answer with a line.
const calls = `set -e
curl() {
	command curl -sS --fail-with-body "$@" && code=0 || code=$?
	echo
	[ $code = $wanted ] || { echo "not answered as the page says: curl $*"; kill $$; exit 1; }
}
`

func openShell(t *testing.T, env map[string]string) *shell {
	t.Helper()
	cmd := exec.Command("sh")
	cmd.Dir = t.TempDir()
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		read.Close()
	})
	if _, err := io.WriteString(in, calls); err != nil {
		t.Fatal(err)
	}
	return &shell{in, bufio.NewReader(read), cmd.Process}
}

// run runs a block and returns what it printed.
func (s *shell) run(block string, refused bool) (string, error) {
	const end = "--the block has ended--"
	late := time.AfterFunc(patience, func() { _ = s.process.Kill() })
	defer late.Stop()
	wanted := 0
	if refused {
		wanted = 22 // what curl ends with for a status of 400 and above
	}
	if _, err := fmt.Fprintf(s.in, "wanted=%d\n{\n%s\n} </dev/null\necho %s\n", wanted, block, end); err != nil {
		return "", fmt.Errorf("the shell has ended: %w", err)
	}
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if strings.TrimSpace(line) == end {
			return out.String(), nil
		}
		out.WriteString(line)
		if err != nil {
			return out.String(), fmt.Errorf("the shell ended in it: %w", err)
		}
	}
}
