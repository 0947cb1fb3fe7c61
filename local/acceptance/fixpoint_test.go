package acceptance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRow023JSONByteSafety(t *testing.T) {
	row(t, 23, "JSON byte safety")
	c := tenant(t)
	ns := name("row-023")
	rx := receive(t)
	// Both doors lead to the rem dialect: a few contents through remember,
	// most of them through batch-add, 500 to a call.
	remembered, batched := load(500, 50), load(9_500, 950) // a tenth of it where it is deployed
	batch := load(500, 50)
	c.listen(t, rx, ns, "memory.created")
	random := rand.New(rand.NewPCG(23, 10_000))
	contents := make([]string, remembered+batched)
	for i := range contents {
		contents[i] = anyText(random)
	}
	beside(t, remembered, func(i int) error {
		a, err := c.try(t.Context(), "POST", "/v1/remember", object{"content": contents[i], "namespace": ns, "tags": list{contents[i]}})
		if err == nil && a.status != 201 {
			err = fmt.Errorf("content %q: %v", contents[i], a)
		}
		return err
	})
	beside(t, batched/batch, func(i int) error {
		grains := make(list, batch)
		for j := range grains {
			content := contents[remembered+i*batch+j]
			grains[j] = object{"grain_type": "event", "fields": object{"content": content, "tags": list{content}, "n": i*batch + j}}
		}
		a, err := c.try(t.Context(), "POST", "/api/memories/default/batch-add", object{"grains": grains, "namespace": ns})
		if err == nil && (a.status != 200 || !bytes.Contains(a.body, []byte(`"failed":0`))) {
			err = fmt.Errorf("batch %d: %v", i, a)
		}
		return err
	})
	got := rx.wait(t, len(contents))
	var all [][]byte
	events := map[string]bool{}
	for _, r := range got {
		all = append(all, r.body)
		events[r.header.Get("webhook-id")] = true
		if r.header.Get("X-REM-Signature") != signature("secret", r.body) {
			t.Fatalf("signature of %s", r.body)
		}
	}
	if len(events) != len(contents) {
		t.Errorf("%d events of %d contents", len(events), len(contents))
	}
	stable(t, all)
	t.Logf("%d contents of the row's 10,000", len(contents))
}

// anyText makes a text of mixed scripts, controls, escapes and surrogate
// pairs; never empty, never with a lone surrogate. It begins with a letter, as
// a byte order mark in front would be refused.
func anyText(random *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('x')
	for range random.IntN(40) {
		switch random.IntN(8) {
		case 0:
			b.WriteRune(rune(random.IntN(0x20)))
		case 1:
			b.WriteString(nasty[random.IntN(len(nasty))])
		case 2:
			b.WriteRune(rune(0x10000 + random.IntN(0x100000)))
		case 3:
			b.WriteRune([]rune{'"', '\\', '/', '<', '>', '&', '\u2028', '\u2029', '\x7f', '\ufeff', '\ufffd'}[random.IntN(11)])
		case 4:
			b.WriteRune(rune(0xE000 + random.IntN(0x2000)))
		case 5:
			b.WriteRune(rune(0x80 + random.IntN(0xD800-0x80)))
		default:
			b.WriteRune(rune(0x20 + random.IntN(0x5F)))
		}
	}
	return b.String()
}

// restringify prints the numbers of the lines that JavaScript writes otherwise.
const restringify = `
let parts = [];
process.stdin.on('data', d => parts.push(d)).on('end', () =>
  Buffer.concat(parts).toString('utf8').split('\n').slice(0, -1).forEach((l, i) => {
    if (JSON.stringify(JSON.parse(l)) !== l) console.log(i);
  }));`

// stable checks that each body is what JSON.stringify(JSON.parse(body)) gives:
// by Node where it is there, by the rules of ECMAScript in any case.
func stable(t testing.TB, all [][]byte) {
	t.Helper()
	for _, body := range all {
		if err := fixpoint(body); err != nil {
			t.Errorf("%v: %s", err, body)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Log("checked without Node, which is not on PATH")
		return
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", restringify)
	cmd.Stdin = bytes.NewReader(append(bytes.Join(all, []byte("\n")), '\n'))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	for _, line := range strings.Fields(string(out)) {
		i, err := strconv.Atoi(line)
		if err != nil {
			t.Fatalf("node says %s", out)
		}
		t.Errorf("JavaScript writes otherwise: %s", all[i])
	}
}

// fixpoint returns what in a body JavaScript would write in another way. It
// knows our encoder only by its output.
func fixpoint(body []byte) error {
	if !utf8.Valid(body) || !json.Valid(body) {
		return fmt.Errorf("no JSON in UTF-8")
	}
	var again bytes.Buffer
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := rewrite(&again, decoder); err != nil {
		return err
	}
	if !bytes.Equal(again.Bytes(), body) {
		return fmt.Errorf("JavaScript writes %s", again.Bytes())
	}
	return nil
}

// rewrite writes the next value of a decoder as JSON.stringify does. A key
// twice or one that is an array index, which JavaScript moves to the front, is
// an error.
func rewrite(out *bytes.Buffer, in *json.Decoder) error {
	token, err := in.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return rewriteMembers(out, in, v)
	case string:
		quote(out, v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return err
		}
		out.WriteString(printNumber(f))
	case bool:
		out.WriteString(strconv.FormatBool(v))
	case nil:
		out.WriteString("null")
	}
	return nil
}

func rewriteMembers(out *bytes.Buffer, in *json.Decoder, begin json.Delim) error {
	out.WriteRune(rune(begin))
	seen := map[string]bool{}
	last := int64(-1)
	for n := 0; in.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		if begin == '{' {
			token, err := in.Token()
			if err != nil {
				return err
			}
			key := token.(string)
			index, isIndex := arrayIndex(key)
			if seen[key] || isIndex && (index < last || int64(len(seen)) > 0 && last < 0) {
				return fmt.Errorf("key %q is there twice or out of JavaScript's order", key)
			}
			if isIndex {
				last = index
			}
			seen[key] = true
			quote(out, key)
			out.WriteByte(':')
		}
		if err := rewrite(out, in); err != nil {
			return err
		}
	}
	end, err := in.Token()
	if err != nil {
		return err
	}
	out.WriteRune(rune(end.(json.Delim)))
	return nil
}

// arrayIndex tells whether JavaScript takes a key for a place in an array.
func arrayIndex(key string) (int64, bool) {
	n, err := strconv.ParseInt(key, 10, 64)
	return n, err == nil && n >= 0 && n < math.MaxUint32 && strconv.FormatInt(n, 10) == key
}

// quote is ECMAScript's QuoteJSONString.
func quote(out *bytes.Buffer, s string) {
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < 0x20:
			if i := strings.IndexRune("\b\t\n\f\r", r); i >= 0 {
				out.WriteByte('\\')
				out.WriteByte("btnfr"[i])
			} else {
				fmt.Fprintf(out, `\u%04x`, r)
			}
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

// printNumber is ECMAScript's Number::toString.
func printNumber(f float64) string {
	if f == 0 {
		return "0"
	}
	if size := math.Abs(f); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	return mantissa + "e" + sign + digits
}

// TestFixpointBites shows that the check refuses what JavaScript writes
// otherwise, and nothing else.
func TestFixpointBites(t *testing.T) {
	for _, good := range []string{
		`{"a":"é\n\u0001\"\\/","b":[1,-0.5,1e+21,1e-7,123456789012345680000],"c":{},"d":null,"e":true}`, `{"1":1,"2":2,"a":3}`,
	} {
		if err := fixpoint([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		`{"a": 1}`, `{"a":1.0}`, `{"a":-0}`, `{"a":1E3}`, `{"a":"\u00e9"}`, `{"a":"\/"}`, `{"a":"\u000a"}`, `{"a":"\u001F"}`,
		`{"a":1,"a":2}`, `{"b":1,"1":2}`, `{"2":1,"1":2}`, `{"a":9007199254740993}`, `{"a":1e21}`, "{\"a\":\"\xff\"}", `{"a":"\u003c"}`,
	} {
		if fixpoint([]byte(bad)) == nil {
			t.Errorf("passed: %s", bad)
		}
	}
}
