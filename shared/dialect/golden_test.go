package dialect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/wire"
)

const golden = "testdata/bodies.txt"

// Receivers verify signatures over these very bytes: a difference here is a
// change of the contract. UPDATE_GOLDEN=1 go test ./shared/dialect writes it.
func TestBodiesAreByteForByteWhatReceiversKnow(t *testing.T) {
	var got bytes.Buffer
	for _, name := range dialect.Names() {
		for i := range events.Samples {
			if !dialect.Has(name, events.Samples[i].Cause) {
				continue
			}
			for _, mode := range modes {
				for _, gone := range gones {
					body := render(t, name, events.Samples[i].Cause, mode, gone)
					fmt.Fprintf(&got, "%s %s %s %s\n%s\n", name, events.Samples[i].Cause, mode, gone, body)
				}
			}
		}
	}
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v: write it with UPDATE_GOLDEN=1 go test ./shared/dialect", err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var a, b string
		if i < len(gotLines) {
			a = gotLines[i]
		}
		if i < len(wantLines) {
			b = wantLines[i]
		}
		if a != b {
			t.Fatalf("%s:%d\n got %s\nwant %s", golden, i+1, a, b)
		}
	}
}

// TestNodeKeepsEveryBody asks JavaScript itself.
func TestNodeKeepsEveryBody(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not on PATH; install Node.js 18 or later, then: go test ./shared/dialect -run TestNodeKeepsEveryBody")
	}
	const script = `const lines = require('fs').readFileSync(process.argv[1], 'utf8').split('\n').filter(l => l.startsWith('{'));
for (const l of lines) if (JSON.stringify(JSON.parse(l)) !== l) console.log(l);
console.log(lines.length)`
	out, err := exec.Command(node, "-e", script, golden).CombinedOutput()
	if text := strings.TrimSpace(string(out)); err != nil || strings.Contains(text, "\n") || text == "0" {
		t.Errorf("bodies that JavaScript writes in another way, or an error (%v):\n%s", err, text)
	}
}

// fixed fails unless parsing and writing a body gives the body.
func fixed(t interface{ Fatalf(string, ...any) }, body []byte) {
	v, err := wire.Parse(body)
	if err != nil {
		t.Fatalf("%s does not parse: %v", body, err)
	}
	if !json.Valid(body) {
		t.Fatalf("%s is no JSON", body)
	}
	again, err := wire.Append(nil, v)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	// Parse forgets the order of keys, so sizes are compared, and the bytes of
	// each value through sorting both.
	if len(again) != len(body) || !bytes.Equal(sorted(again), sorted(body)) {
		t.Fatalf("not a fixed point:\n%s\n%s", body, again)
	}
}

func sorted(b []byte) []byte {
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	return fmt.Append(nil, count)
}

// What agents write is anything: the body is still one that JavaScript parses
// and prints back as it was, and equal every time.
func TestABodyOfAnythingIsAFixedPoint(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64), func(f float64) any {
			return json.Number(fmt.Sprint(f))
		}),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(fmt.Sprint(n)) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	key := rapid.OneOf(
		rapid.SampledFrom([]string{"subject", "content", "tags", "object", "10", "9", "01", "query", "memory_ids", "\u2028"}),
		rapid.Map(rapid.String(), func(s string) string { return strings.ToValidUTF8(s, "?") }),
	)
	value := rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(leaf, 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(key, leaf, 0, 3), func(m map[string]any) any { return m }))
	rapid.Check(t, func(t *rapid.T) {
		s := events.Samples[rapid.IntRange(0, len(events.Samples)-1).Draw(t, "sample")]
		if s.Fields != nil {
			s.Fields = rapid.MapOfN(key, value, 0, 5).Draw(t, "fields")
		}
		s.Namespace = strings.ToValidUTF8(rapid.String().Draw(t, "namespace"), "?")
		e := sampled(s, rapid.SampledFrom(gones).Draw(t, "gone"))
		mode := rapid.SampledFrom(modes).Draw(t, "mode")
		for _, name := range dialect.Names() {
			if !dialect.Has(name, s.Cause) {
				continue
			}
			body, err := dialect.Body(name, e, mode)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			fixed(t, body)
			if again, _ := dialect.Body(name, e, mode); !bytes.Equal(again, body) {
				t.Fatalf("the same event gives %s and %s", body, again)
			}
		}
	})
}

// No content, whatever its field, reaches a body that may not show it.
func TestWithheldContentIsInNoByteOfTheBody(t *testing.T) {
	const secret = "zephyrine"
	for _, s := range events.Samples {
		s.UserID, s.ScopePath, s.KeyID, s.Fingerprint = secret+"1", secret+"2", secret+"3", secret+"4"
		s.Fields = map[string]any{
			"content": secret, "subject": secret, "relation": secret, "object": secret, "user_id": secret,
			"query": secret, "tags": []any{secret}, "memory_ids": []any{secret}, secret: secret,
			"hash": secret, "grain_type": secret, "namespace": secret, "redacted": secret, "event_type": secret,
		}
		for _, name := range dialect.Names() {
			if !dialect.Has(name, s.Cause) {
				continue
			}
			for _, mode := range modes[1:] {
				e := sampled(s, "")
				body, err := dialect.Body(name, e, mode)
				if err != nil || bytes.Contains(body, []byte(secret)) {
					t.Errorf("%s %s %s: %s, %v", name, s.Cause, mode, body, err)
				}
			}
			e := sampled(s, dialect.Erased)
			e.Fields = s.Fields // not even where a caller forgets to drop them
			body, err := dialect.Body(name, e, redact.Full)
			if err != nil || bytes.Contains(body, []byte(secret)) {
				t.Errorf("%s %s gone: %s, %v", name, s.Cause, body, err)
			}
		}
	}
}
