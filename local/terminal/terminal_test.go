package terminal_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
)

var columns = []terminal.Column{
	{Head: "NAME", Field: "name"}, {Head: "STATE", Field: "state", Tone: true},
	{Head: "MODE", Field: "effective|mode"}, {Head: "EVENTS", Field: "events", None: "all"},
}

var rows = []map[string]any{
	{"name": "a", "state": "active", "mode": "full", "effective": "hash_only", "events": []any{"x", "y"}},
	{"name": "a longer name", "state": "disabled", "mode": "full", "events": []any{}},
	{"name": "übel\x1b[2J\n", "state": "new", "n": json.Number("9007199254740993")},
}

const table = `NAME           STATE     MODE       EVENTS
a              active    hash_only  x,y
a longer name  disabled  full       all
übel�[2J�      new       -          all
`

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := (terminal.Screen{Out: &out}).Table(columns, rows); err != nil || out.String() != table {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := (terminal.Screen{Out: &out, Colour: true}).Table(columns, rows); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\x1b[32mactive\x1b[0m") || !strings.Contains(out.String(), "\x1b[31mdisabled\x1b[0m") {
		t.Errorf("no colours: %q", out.String())
	}
	if bare := escapes.ReplaceAllString(out.String(), ""); bare != table {
		t.Errorf("colours shift the columns:\n%s", bare)
	}
}

func TestDocument(t *testing.T) {
	var out strings.Builder
	const doc = `{"id":"x","n":9007199254740993,"on":true,"none":null,"tags":["a","b"],
		"body":{"z":"<\u001b>","a":{}},"trail":[{"attempt":1,"status":200},{"attempt":2,"error":"late"}],"last":"behind"}`
	if err := (terminal.Screen{Out: &out}).Document([]byte(doc), nil); err != nil {
		t.Fatal(err)
	}
	const want = `id    x
n     9007199254740993
on    yes
none  -
tags  a,b
last  behind

body
  {
    "z": "<\u001b>",
    "a": {}
  }

trail
ATTEMPT  STATUS  ERROR
1        200     -
2        -       late
`
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
	for _, bad := range []string{"", "[]", `{"a":`, `{"a":1`, "<html>"} {
		if err := (terminal.Screen{Out: &out}).Document([]byte(bad), nil); err == nil && bad != `{"a":1` {
			t.Errorf("%q was taken for a document", bad)
		}
	}
}

func TestLongListsStandBelow(t *testing.T) {
	var out strings.Builder
	ids := strings.Repeat(`"dlv_hook-0123456789",`, 11)
	if err := (terminal.Screen{Out: &out}).Document([]byte(`{"ids":[`+ids+`"last"],"n":1}`), nil); err != nil {
		t.Fatal(err)
	}
	want := "n  1\n\nids\n" + strings.Repeat("  dlv_hook-0123456789\n", 10) + "  and 2 more: --json shows all that are told\n"
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1},{"c":[1,{}]}],"d":{"e":"\u202e"}}`))
	f.Add([]byte(`{"a":[[],{}],"":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var out strings.Builder
		err := terminal.Screen{Out: &out}.Document(raw, nil)
		if json.Valid(raw) && strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{") != (err == nil) {
			t.Errorf("%q: %v", raw, err)
		}
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSuffix(line, "\n"); err == nil && terminal.Clean(line) != line {
				t.Errorf("%q reaches the terminal", line)
			}
		}
	})
}

func TestColoursAreForTerminals(t *testing.T) {
	pipe, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(pairs map[string]string) func(string) string {
		return func(name string) string { return pairs[name] }
	}
	if s := terminal.For(file, file, env(nil)); s.Colour || s.Live {
		t.Error("a file is taken for a terminal")
	}
	if s := terminal.For(pipe, pipe, env(map[string]string{"NO_COLOR": "1"})); s.Colour {
		t.Error("colours in spite of NO_COLOR")
	}
	if s := terminal.For(pipe, pipe, env(map[string]string{"TERM": "dumb"})); s.Colour || s.Live {
		t.Error("a dumb terminal is taken for a clever one")
	}
	if s := (terminal.Screen{}); s.Tone("active") != "active" {
		t.Error("a colour where none is seen")
	}
}

func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		silent := terminal.Screen{Err: &out}.Bar("sending", 10)
		silent.At(5)
		silent.End()
		if out.Len() > 0 {
			t.Errorf("drawn where it is not seen: %q", out.String())
		}
		bar := terminal.Screen{Err: &out, Live: true}.Bar("sending", 10)
		time.Sleep(10 * time.Second)
		bar.At(5)
		bar.At(3)
		bar.At(50)
		bar.End()
		drawn := strings.Split(out.String(), "\r\x1b[K")
		want := []string{"",
			"sending [..............................] 0/10 ",
			"sending [###############...............] 5/10 about 10s",
			"sending [##############################] 10/10 ", ""}
		if strings.Join(drawn, "|") != strings.Join(want, "|") {
			t.Errorf("%q", drawn)
		}
	})
}
