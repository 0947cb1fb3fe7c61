package acceptance_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A mistake is a row of docs/troubleshooting.md: a call, how it is answered
// and words that the answer or the server's log must have.
type mistake struct {
	name, call, answer, words string
}

var mistakeRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^`]+)` \\| ([^|]+) \\| `([^`]+)` \\| .* \\|$")

// TestTroubleshooting makes every mistake of the page.
func TestTroubleshooting(t *testing.T) {
	if deployed() {
		t.Skip("needs servers of its own: unset MEMHOOKS_URL; go test ./local/acceptance -run TestTroubleshooting")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: apt-get install curl; go test ./local/acceptance -run TestTroubleshooting")
	}
	text, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(text), "\n## ")
	if len(sections) != 3 {
		t.Fatalf("%d sections", len(sections)-1)
	}
	for i, scene := range []func(*testing.T) (*server, map[string]string){served, madeToRun} {
		s, env := scene(t)
		rows := mistakeRow.FindAllStringSubmatch(sections[i+1], -1)
		if written := strings.Count(sections[i+1], "\n| ") - 1; len(rows) != written {
			t.Errorf("%d of %d rows can be read", len(rows), written)
		}
		for _, row := range rows {
			m := mistake{row[1], row[2], row[3], row[4]}
			t.Run(m.name, func(t *testing.T) { m.make(t, s, env) })
		}
	}
}

// served is a server as `memhooks serve` runs it: authentication on, no
// private destination; its log is short.
func served(t *testing.T) (*server, map[string]string) {
	const limit = 10
	s := start(t, 73, settings{
		"MEMHOOKS_AUTH": "on", "MEMHOOKS_AUTO_CREATE": "off", "MEMHOOKS_ALLOW_DESTINATIONS": "", "MEMHOOKS_FEED_MAX_EVENTS": fmt.Sprint(limit),
	})
	s.call(t, "POST", "/api/memories", object{"id": "care", "policies": list{"hipaa"}}).want(t, 201)
	m := s.fresh(t)
	hook := m.feed(t)
	m.many(t, "filler", 5*limit)
	m.floor(t, hook, 3)
	reads := s.call(t, "POST", "/v1/keys", object{"name": "reads", "scopes": list{"read"}}).want(t, 201)
	return s, map[string]string{"KEY": adminKey, "READ": text(t, reads, "key"), "MEMORY": m.id, "HOOK": hook}
}

// madeToRun is a server as `make run` starts it.
func madeToRun(t *testing.T) (*server, map[string]string) {
	s := start(t, 73, nil)
	refuses := receive(t, status(http.StatusUnauthorized))
	webhook := func(url string) string {
		return text(t, s.webhook(t, object{"url": url, "events": list{"*"}, "namespace": name("mistakes")}), "id")
	}
	return s, map[string]string{"WEBHOOK": webhook(refuses.url), "NOBODY": webhook("http://127.0.0.1:1/hook")}
}

// make makes the mistake and compares what it looks like.
func (m mistake) make(t *testing.T, s *server, env map[string]string) {
	address := *s.address.Load()
	binary, err := stage.binary()
	if err != nil {
		t.Fatal(err)
	}
	env = maps.Clone(env)
	maps.Copy(env, map[string]string{
		"PATH": filepath.Dir(binary) + ":" + os.Getenv("PATH"), "API": address,
		"MEMHOOKS_ADDR": strings.TrimPrefix(address, "http://"), "MEMHOOKS_DATA": s.dir,
	})
	call := strings.ReplaceAll(m.call, "127.0.0.1:8080", env["MEMHOOKS_ADDR"])
	cmd := exec.Command("sh", "-c", `curl() { command curl -sS -w '\nstatus %{http_code}\n' "$@"; }`+"\n"+call)
	cmd.Dir, cmd.Env = t.TempDir(), s.environment()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	said := string(out)
	code, kind, _ := strings.Cut(m.answer, " ")
	switch code {
	case "a": // a warning: the words are all
	case "exit":
		if fmt.Sprint(cmd.ProcessState.ExitCode()) != kind {
			t.Errorf("ended with %v, want %s: %s", err, m.answer, said)
		}
	case "no":
		if err == nil || !strings.Contains(said, "status 000") {
			t.Errorf("want no answer: %s", said)
		}
	default:
		if !strings.Contains(said, "\nstatus "+code) || kind != "" && !strings.Contains(said, `"code":"`+kind+`"`) {
			t.Errorf("want %s: %s", m.answer, said)
		}
	}
	eventually(t, "the words "+m.words+" in "+said+" or in the log", func() bool {
		return strings.Contains(said+s.output.String(), m.words)
	})
}
