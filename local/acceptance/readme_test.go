package acceptance_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// fenced is a block of shell commands in a document.
var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestReadme runs every curl command of the README as it is printed, against a
// server that runs as `make run` does: only the addresses are others.
func TestReadme(t *testing.T) {
	if deployed() {
		t.Skip("needs a server as `make run` starts it: unset MEMHOOKS_URL; go test ./local/acceptance -run TestReadme")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: apt-get install curl; go test ./local/acceptance -run TestReadme")
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	c, rx := shared(t), receive(t)
	here := strings.NewReplacer("http://127.0.0.1:8080", *c.at.address.Load(), "http://127.0.0.1:9000", strings.TrimSuffix(rx.url, "/"))
	ran := 0
	for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "curl ") {
			continue
		}
		ran += strings.Count(block[1], "curl ")
		script := `curl() { command curl -sS --fail-with-body "$@" || exit 1; }` + "\n" + here.Replace(block[1])
		out, err := exec.Command("sh", "-e", "-c", script).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, block[1], out)
		}
	}
	if ran < 6 {
		t.Fatalf("only %d curl commands were found in the README", ran)
	}
	got := rx.wait(t, 2)
	bodies := string(got[0].body) + string(got[1].body)
	for _, part := range []string{`"event":"memory.created"`, `"content":"We decided to use Redis for caching"`, `"event_type":"grain_created"`} {
		if !strings.Contains(bodies, part) {
			t.Errorf("the receiver never got %s, it got %s", part, bodies)
		}
	}
	if strings.Contains(bodies, "dark mode") {
		t.Error("the hook that may see metadata only was told content")
	}
}
