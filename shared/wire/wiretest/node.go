// Package wiretest asks JavaScript itself what it makes of JSON.
package wiretest

import (
	"os/exec"
	"strings"
	"testing"
)

// restringify answers each line of JSON with what JavaScript makes of it.
const restringify = `
let text = '';
process.stdin.setEncoding('utf8').on('data', d => text += d).on('end', () =>
  process.stdout.write(text.split('\n').slice(0, -1).map(l => JSON.stringify(JSON.parse(l)) + '\n').join('')));`

// Restringify gives each text, one of JSON without line breaks, to Node and
// returns what JSON.stringify(JSON.parse(text)) makes of them. Where Node is
// missing the test is skipped; again is the command that runs it then.
func Restringify(t *testing.T, again string, texts []string) []string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not on PATH; install Node.js 18 or later, then: " + again)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", restringify)
	cmd.Stdin = strings.NewReader(strings.Join(texts, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	made := strings.Split(string(out), "\n")
	if len(made) != len(texts)+1 {
		t.Fatalf("node answered %d of %d lines", len(made)-1, len(texts))
	}
	return made[:len(texts)]
}
