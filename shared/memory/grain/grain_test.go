package grain

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// now is later than every created_at of the vectors.
var now = time.UnixMilli(1_800_000_000_000)

// parse reads fields the way the API does: numbers keep their spelling.
func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return fields
}

func hashOf(t testing.TB, typeName, fields string) string {
	t.Helper()
	g, err := New(typeName, "shared", parse(t, fields), now)
	if err != nil {
		t.Fatalf("New(%s, %s): %v", typeName, fields, err)
	}
	hash, err := g.Hash()
	if err != nil {
		t.Fatalf("Hash of %s: %v", fields, err)
	}
	return hash
}

type vector struct {
	ID        string          `json:"id"`
	GrainType string          `json:"grain_type"`
	Namespace string          `json:"namespace"`
	Input     json.RawMessage `json:"input"`
	Header    string          `json:"header"`
	Blob      string          `json:"blob"`
	Hash      string          `json:"hash"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/grains.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// TestVectors promises that every published address comes out, byte for byte,
// and comes out again when the grain's own fields are given.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			g, err := New(v.GrainType, v.Namespace, parse(t, string(v.Input)), now)
			if err != nil {
				t.Fatal(err)
			}
			again := remake(t, g)
			for _, g := range []Grain{g, again} {
				b, err := g.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if got := hex.EncodeToString(b[:9]); got != v.Header {
					t.Errorf("header %s, want %s", got, v.Header)
				}
				if got := hex.EncodeToString(b); got != v.Blob {
					t.Errorf("blob\n%s, want\n%s", got, v.Blob)
				}
				if got, _ := g.Hash(); got != v.Hash {
					t.Errorf("hash %s, want %s", got, v.Hash)
				}
			}
			if !reflect.DeepEqual(again, g) {
				t.Errorf("made again from its own fields: %v, want %v", again, g)
			}
		})
	}
}

// remake puts a grain's own fields through New.
func remake(t testing.TB, g Grain) Grain {
	t.Helper()
	again, err := New(g.Type, g.Namespace, g.Fields, time.UnixMilli(g.CreatedAt))
	if err != nil {
		t.Fatalf("New of its own fields: %v", err)
	}
	return again
}

// TestSameAddress promises which inputs are one grain.
func TestSameAddress(t *testing.T) {
	const triple = `"subject":"a","relation":"b","object":"c"`
	for _, c := range []struct{ what, typeName, a, other, b string }{
		{"alias", "belief", `{` + triple + `}`, "fact", `{` + triple + `,"type":"belief"}`},
		{"null", "belief", `{` + triple + `,"x":null}`, "belief", `{` + triple + `}`},
		{"nested null", "belief", `{` + triple + `,"m":{"a":null,"b":[{"c":null}]}}`, "belief", `{` + triple + `,"m":{"b":[{}]}}`},
		{"empty tags", "belief", `{` + triple + `,"tags":[]}`, "belief", `{` + triple + `}`},
		{"default confidence", "event", `{"content":"x","confidence":1}`, "episode", `{"content":"x"}`},
		{"float fields", "goal", `{"description":"x","importance":1,"progress":0}`, "goal", `{"description":"x","importance":1.0,"progress":0.0}`},
		{"weight", "event", `{"content":"x","related_to":[{"weight":1}]}`, "event", `{"content":"x","related_to":[{"weight":1.0}]}`},
		{"threshold", "consensus", `{"threshold":2}`, "consensus", `{"threshold":2.0}`},
		{"observation", "observation", `{"object":"x","observer_id":"unknown"}`, "observation", `{"content":"x","observer_type":"agent"}`},
		{"observation twice", "observation", `{"object":"x","content":"x"}`, "observation", `{"content":"x"}`},
		{"composed keys", "state", `{"e\u0301":1}`, "checkpoint", `{"\u00e9":1}`},
		{"bookkeeping", "state", `{"superseded_by":"x","system_valid_to":1,"verification_status":"x","access_count":1,"last_accessed_at":1}`, "state", `{}`},
		{"namespace as a field", "state", `{"namespace":"shared"}`, "state", `{}`},
		{"float spellings", "state", `{"n":1e3}`, "state", `{"n":1000.0}`},
	} {
		if hashOf(t, c.typeName, c.a) != hashOf(t, c.other, c.b) {
			t.Errorf("%s: %s and %s differ", c.what, c.a, c.b)
		}
	}
}

// TestOtherAddress promises which inputs are two grains.
func TestOtherAddress(t *testing.T) {
	for _, c := range []struct{ what, a, b string }{
		{"kind of number", `{"n":1}`, `{"n":1.0}`},
		{"minus zero", `{"n":-0}`, `{"n":0}`},
		{"place of a null", `{"n":[1,null]}`, `{"n":[null,1]}`},
		{"order", `{"tags":["a","b"]}`, `{"tags":["b","a"]}`},
		{"beyond 2^53", `{"n":9007199254740993}`, `{"n":9007199254740992}`},
		{"time", `{"created_at":1}`, `{"created_at":2}`},
		{"compatibility forms", `{"n":"\ufb01"}`, `{"n":"fi"}`},
		{"integer in an unknown field", `{"progress":1}`, `{"progress":1.0}`},
	} {
		if hashOf(t, "state", c.a) == hashOf(t, "state", c.b) {
			t.Errorf("%s: %s and %s are one", c.what, c.a, c.b)
		}
	}
}

// TestEncodeShort promises short keys, flags and header in bytes.
func TestEncodeShort(t *testing.T) {
	const head = "a163cb3ff0000000000000" // confidence 1.0
	for _, c := range []struct{ typeName, fields, header, body string }{
		{"state", `{"created_at":-1}`, "010003000000000000", "83" + head + "a26361ffa174a57374617465"},
		{"state", `{"created_at":1,"tags":["reg:x","legal:y"]}`, "018003000000000000",
			"84" + head + "a2636101a174a57374617465a47461677392a57265673a78a76c6567616c3a79"},
		{"state", `{"created_at":1,"content_refs":[{"uri":"x","size_bytes":1}],"embedding_refs":[{"uri":"x"}]}`, "011803000000000000",
			"85" + head + "a2636101a263729182a2737a01a175a178a265729181a3757269a178a174a57374617465"},
		{"state", `{"created_at":1,"content_refs":[],"run_id":"r","session_id":"s"}`, "010003000000000000",
			"86" + head + "a2636101a2637290a3726964a172a473696432a173a174a57374617465"},
		{"consensus", `{"created_at":1,"agreement_count":2,"threshold":2}`, "010009000000000000",
			"85a56167636e7402a163cb3ff0000000000000a2636101a174a9636f6e73656e737573a574686f6c64cb4000000000000000"},
	} {
		g, err := New(c.typeName, "", parse(t, c.fields), now)
		if err != nil {
			t.Fatal(err)
		}
		b, err := g.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(b[:9]); got != c.header {
			t.Errorf("%s: header %s, want %s", c.fields, got, c.header)
		}
		if got := hex.EncodeToString(b[9:]); got != c.body {
			t.Errorf("%s: map\n%s, want\n%s", c.fields, got, c.body)
		}
	}
}

// TestHeaderTime promises seconds from 1970 to 2106, and their ends beyond.
func TestHeaderTime(t *testing.T) {
	for ms, want := range map[int64]string{
		-5000: "00000000", 999: "00000000", 1000: "00000001",
		4294967295000: "ffffffff", 4294967296000: "ffffffff", 9223372036854775807: "ffffffff",
	} {
		b, err := Grain{Type: "state", CreatedAt: ms}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(b[5:9]); got != want {
			t.Errorf("created_at %d: %s, want %s", ms, got, want)
		}
	}
}

// TestNew promises what a new grain holds.
func TestNew(t *testing.T) {
	input := parse(t, `{"content":"x","note":"e\u0301","gone":null,"metadata":{"n":1.0,"gone":null}}`)
	g, err := New("observation", "cafe\u0301", input, now)
	if err != nil {
		t.Fatal(err)
	}
	want := Grain{Type: "observation", Namespace: "caf\u00e9", CreatedAt: now.UnixMilli(), Fields: map[string]any{
		"object": "x", "note": "\u00e9", "metadata": map[string]any{"n": json.Number("1.0")},
		"confidence": json.Number("1.0"), "observer_id": "unknown", "observer_type": "agent",
	}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got %v, want %v", g, want)
	}
	if len(input) != 4 || len(input["metadata"].(map[string]any)) != 2 {
		t.Errorf("the input was changed: %v", input)
	}
	ahead := now.Add(maxAhead).UnixMilli()
	g, err = New("goal", "", map[string]any{"description": "x", "namespace": "n", "created_at": json.Number(strconv.FormatInt(ahead, 10))}, now)
	if err != nil {
		t.Fatal(err)
	}
	if g.Namespace != "n" || g.CreatedAt != ahead || g.Fields["goal_state"] != "active" || len(g.Fields) != 3 {
		t.Errorf("got %v", g)
	}
}

// TestLookup promises the ten types, their aliases, and help for other names.
func TestLookup(t *testing.T) {
	want := []string{"belief", "event", "state", "workflow", "action", "observation", "goal", "reasoning", "consensus", "consent"}
	if got := Names(); !slices.Equal(got, want) {
		t.Fatalf("Names() = %v, want %v", got, want)
	}
	for name, want := range map[string]string{
		"fact": "belief", "episode": "event", "checkpoint": "state", "tool": "action", "tool_call": "action", "consent": "consent",
	} {
		if got, err := Lookup(name); err != nil || got.Name() != want {
			t.Errorf("Lookup(%q) = %q, %v, want %q", name, got.Name(), err, want)
		}
	}
	for _, name := range []string{"", "Belief", "skill"} {
		_, err := Lookup(name)
		if fault.KindOf(err) != fault.InvalidField || !strings.Contains(err.Error(), strings.Join(want, ", ")) {
			t.Errorf("Lookup(%q): %v", name, err)
		}
	}
}

func TestValidHash(t *testing.T) {
	good := strings.Repeat("0123456789abcdef", 4)
	if !ValidHash(good) {
		t.Errorf("%s is refused", good)
	}
	for _, bad := range []string{"", good[1:], good + "0", strings.ToUpper(good), good[:63] + "g", good[:62] + "é"} {
		if ValidHash(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}
