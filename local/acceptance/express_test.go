package acceptance_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nasty are texts that a careless encoder writes in another way than
// JavaScript does.
var nasty = []string{
	"plain", "", " ", `quotes " and \ back and / forward`, "<script>&amp;</script>", "line\u2028and\u2029paragraph",
	"\x00\x01\x1f\x7f\u0080\u009f", "\b\f\n\r\t\v", "😀 \U0010FFFF \uFFFD \uFFFE \uFEFF", "é e\u0301", "\u200b\u200d\u202e",
	`\u0041 \\u0041`, "__proto__", "1e400", "{\"a\":1}", "🇩🇪👩‍👩‍👧‍👦", "0", "null",
}

func TestRow021Signature(t *testing.T) {
	row(t, 21, "signature")
	modules := os.Getenv("MEMHOOKS_TEST_NODE_MODULES")
	node, err := exec.LookPath("node")
	if modules == "" || err != nil {
		later(t, 21, "needs node and Express: npm install express4@npm:express@4 express5@npm:express@5, "+
			"then MEMHOOKS_TEST_NODE_MODULES=$PWD/node_modules make acceptance")
	}
	for _, version := range []string{"express4", "express5"} {
		t.Run(version, func(t *testing.T) {
			guideReceiver(t, node, filepath.Join(modules, version))
		})
	}
}

// guideReceiver sends every event, with contents that are hard to write twice
// in the same way, to the guide's code.
func guideReceiver(t *testing.T, node, module string) {
	c := shared(t)
	ns := name("row-021")
	good, bad := express(t, node, module, "your-webhook-secret"), express(t, node, module, "another-secret")
	for rx, namespace := range map[*program]string{good: ns, bad: ns + "-bad"} {
		c.webhook(t, object{"url": rx.address + "/hook", "events": list{"*"}, "namespace": namespace,
			"secret": "your-webhook-secret", "max_retries": 0})
	}
	events := 0
	heard := map[any]int{}
	follow := func(n int) {
		t.Helper()
		for events += n; n > 0; n-- {
			said := good.line(t)
			if said["status"] != 200.0 {
				t.Errorf("the guide's receiver answered %v", said)
			}
			heard[said["event"]]++
		}
	}
	for _, content := range append([]string{strings.Repeat("\x01", 16_500), strings.Repeat("\"", 32_768)}, nasty...) {
		if content == "" {
			continue
		}
		id := c.remember(t, ns, content, "tag", "<"+content[:min(len(content), 100)]+">")
		follow(1)
		c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "updated " + nasty[events%len(nasty)]}).want(t, 200)
		follow(1)
		c.forget(t, id).want(t, 200)
		follow(1)
	}
	c.recall(t, ns, "<&> \u2028 \"x\"")
	follow(1)
	if len(heard) != 4 {
		t.Errorf("heard %v, want all four events", heard)
	}
	c.remember(t, ns+"-bad", "signed with another secret")
	if said := bad.line(t); said["status"] != 401.0 {
		t.Errorf("with another secret it answered %v", said)
	}
}

// program is a process that prints an address, then JSON objects, one a line.
type program struct {
	address string
	lines   chan string
}

func express(t *testing.T, node, module, secret string) *program {
	t.Helper()
	cmd := exec.Command(node, "testdata/express.js")
	cmd.Env = append(os.Environ(), "EXPRESS="+module, "SECRET="+secret)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{lines: make(chan string, 10_000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
		if t.Failed() && complaints.Len() > 0 {
			t.Logf("%s: %s", module, &complaints)
		}
	})
	p.address = p.next(t)
	return p
}

func (p *program) next(t testing.TB) string {
	t.Helper()
	select {
	case text := <-p.lines:
		return text
	case <-time.After(patience):
		t.Fatalf("the receiver said nothing for %v", patience)
		return ""
	}
}

func (p *program) line(t testing.TB) object {
	t.Helper()
	var o object
	if text := p.next(t); json.Unmarshal([]byte(text), &o) != nil {
		t.Fatalf("the receiver printed %q", text)
	}
	return o
}
