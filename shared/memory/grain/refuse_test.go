package grain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
)

// TestMissing promises that each type's required fields are asked for by name.
func TestMissing(t *testing.T) {
	for _, c := range []struct{ typeName, fields, wants string }{
		{"belief", `{"relation":"b","object":"c"}`, "subject"},
		{"fact", `{"subject":"a","object":"c"}`, "relation"},
		{"belief", `{"subject":"a","relation":"b","object":null}`, "object"},
		{"belief", `{"subject":"a","relation":"b","object":""}`, "object"},
		{"event", `{"subject":"a"}`, "content"},
		{"observation", `{}`, "content"},
		{"observation", `{"content":""}`, "content"},
		{"goal", `{}`, "description"},
		{"consent", `{"user_id":"u"}`, "subject_did"},
		{"consent", `{"subject_did":"d"}`, "user_id"},
	} {
		_, err := New(c.typeName, "", parse(t, c.fields), now)
		if fault.KindOf(err) != fault.MissingField || !strings.Contains(err.Error(), fmt.Sprintf("%q", c.wants)) {
			t.Errorf("%s %s: %v, want %q asked for", c.typeName, c.fields, err, c.wants)
		}
	}
	for _, free := range []string{"state", "workflow", "action", "reasoning", "consensus"} {
		if _, err := New(free, "", nil, now); err != nil {
			t.Errorf("%s without fields: %v", free, err)
		}
	}
}

// TestRefused promises that what can't be kept is refused, by field.
func TestRefused(t *testing.T) {
	for fields, wants := range map[string]string{
		`{"subject":1}`:                       `"subject" must be a string`,
		`{"user_id":["a"]}`:                   `"user_id"`,
		`{"tags":"a"}`:                        `"tags" must be an array of strings`,
		`{"tags":["a",1]}`:                    `"tags"`,
		`{"tags":["a",null]}`:                 `"tags"`,
		`{"derived_from":"a"}`:                `"derived_from"`,
		`{"confidence":"high"}`:               `"confidence" must be a number from 0 to 1`,
		`{"confidence":1.01}`:                 `"confidence"`,
		`{"confidence":-0.01}`:                `"confidence"`,
		`{"importance":true}`:                 `"importance"`,
		`{"valid_from":1.5}`:                  `"valid_from" must be an integer of 64 bits`,
		`{"valid_to":"2026-01-01"}`:           `"valid_to"`,
		`{"created_at":1.0}`:                  `"created_at"`,
		`{"created_at":"now"}`:                `"created_at"`,
		`{"created_at":18446744073709551615}`: `"created_at"`,
		`{"created_at":1800000300001}`:        `more than five minutes ahead`,
		`{"related_to":["a"]}`:                `"related_to" must be an array of objects`,
		`{"related_to":[{"weight":"x"}]}`:     `"related_to" must have a number as its "weight"`,
		`{"content_refs":{"uri":"x"}}`:        `"content_refs"`,
		`{"invalidation_policy":"x"}`:         `"invalidation_policy" must be an object`,
		`{"n":18446744073709551616}`:          `"n" holds a number`,
		`{"n":[{"m":-9223372036854775809}]}`:  `"n" holds a number`,
		`{"n":1e400}`:                         `"n" holds a number`,
		`{"type":"event"}`:                    `"type" says "event"`,
		`{"type":1}`:                          `"type"`,
		`{"namespace":"other"}`:               `two namespaces`,
		`{"namespace":1}`:                     `"namespace"`,
		`{"x":"\ufeffa"}`:                     `"x" has text that begins with a byte-order mark`,
		`{"x":[{"\ufeffa":1}]}`:               `byte-order mark`,
		`{"\ufeffx":1}`:                       `the grain has text`,
		`{"user":"bob"}`:                      `short form of "user_id"`,
		`{"t":"fact"}`:                        `short form of "type"`,
		`{"related_to":[{"h":"x"}]}`:          `short form of "hash"`,
		`{"\u00e9":1,"e\u0301":2}`:            `twice`,
		`{"m":{"\u00e9":1,"e\u0301":2}}`:      `"m" has the name`,
		`{"m":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`:           `nests deeper`,
		`{"m":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200) + `}`: `nests deeper`,
	} {
		_, err := New("state", "shared", parse(t, fields), now)
		if fault.KindOf(err) != fault.InvalidField || !strings.Contains(err.Error(), wants) {
			t.Errorf("%.80s: %v, want %s", fields, err, wants)
		}
	}
	for typeName, fields := range map[string]string{
		"workflow": `{"edges":["a"]}`, "observation": `{"content":"a","object":"b"}`,
		"action": `{"is_error":"no"}`, "goal": `{"description":1}`, "consensus": `{"threshold":"half"}`,
	} {
		if _, err := New(typeName, "", parse(t, fields), now); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%s %s: %v", typeName, fields, err)
		}
	}
}

// TestRefusedGo promises that what JSON can't hold is refused, not guessed.
func TestRefusedGo(t *testing.T) {
	for what, v := range map[string]any{
		"float64": 1.0, "int": 1, "strings": []string{"a"}, "UTF-8": "\xff", "NaN": json.Number("NaN"), "hex": json.Number("0x1p4"),
		"Inf": json.Number("Inf"), "no number": json.Number(""), "plus": json.Number("+1"), "zeros": json.Number("01"),
	} {
		fields := map[string]any{"x": []any{v}}
		if _, err := New("state", "", fields, now); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%s: New gives %v", what, err)
		}
		if s, ok := v.(string); ok {
			if _, err := New("state", s, nil, now); fault.KindOf(err) != fault.InvalidField {
				t.Errorf("%s as namespace: %v", what, err)
			}
		} else if _, err := (Grain{Type: "state", Fields: fields}).Hash(); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%s: Hash gives %v", what, err)
		}
	}
	if _, err := New("state", "\ufeffx", nil, now); fault.KindOf(err) != fault.InvalidField {
		t.Errorf("byte-order mark in the namespace: %v", err)
	}
	for _, g := range []Grain{{}, {Type: "fiction"}, {Type: "state", Fields: map[string]any{"ca": "x"}}} {
		if _, err := g.Encode(); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%v: Encode gives %v", g, err)
		}
	}
}

// TestKept promises that what the table does not restrict is kept.
func TestKept(t *testing.T) {
	for typeName, fields := range map[string]string{
		"action":    `{"content":{"a":[1,true,null]},"input":"x"}`,
		"state":     `{"n":18446744073709551615,"m":-9223372036854775808}`,
		"consent":   `{"subject_did":"d","user_id":"u","scope":"store"}`,
		"goal":      `{"description":"x","priority":"high","goal_state":"done"}`,
		"belief":    `{"subject":"a","relation":"b","object":"c","context":"x","desc":"x","description":1}`,
		"reasoning": `{"premises":"x","conclusion":"` + strings.Repeat("é", 70000) + `"}`,
	} {
		if _, err := New(typeName, "", parse(t, fields), now); err != nil {
			t.Errorf("%s %.80s: %v", typeName, fields, err)
		}
	}
}

// TestTable promises that in every type names and keys match one to one.
func TestTable(t *testing.T) {
	for i, row := range table {
		if int(row.code) != i+1 {
			t.Errorf("%s has byte %d", row.name, row.code)
		}
		checkSchema(t, row.name, row.schema)
		for _, f := range row.byName {
			if f.items != nil {
				checkSchema(t, row.name+"."+f.name, f.items)
			}
		}
	}
}

func checkSchema(t *testing.T, what string, s *schema) {
	t.Helper()
	names := map[string]string{}
	for name, f := range s.byName {
		if other, twice := names[f.key()]; twice {
			t.Errorf("%s: %s and %s share the key %s", what, name, other, f.key())
		}
		names[f.key()] = name
		if long, ok := s.long[name]; ok {
			t.Errorf("%s: field %s has the name of %s's key", what, name, long)
		}
	}
}
