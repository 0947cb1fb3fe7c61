package pattern_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("the test's own JSON %s: %v", text, err)
	}
	return v
}

func parse(t testing.TB, text string) pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(decode(t, text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return p
}

// event is a set of fields as Match asks for them.
type event map[string][]string

func (e event) get(field string) ([]string, bool) {
	values, ok := e[field]
	return values, ok
}

var sample = event{
	"event_type": {"grain_created", "memory.created"},
	"grain_type": {"belief"},
	"namespace":  {"default"},
	"subject":    {"alice"},
	"relation":   {"likes"},
	"object":     {""},
	"tags":       {"coffee", "morning"},
	"scope_path": {},
	"confidence": {"0.80"},
}

// matches says of each filter whether it matches the sample.
var matches = []struct {
	filter string
	want   bool
}{
	{`null`, true},
	{`{}`, true},
	{`{"namespace":["default"]}`, true},
	{`{"namespace":["other","default"]}`, true},
	{`{"namespace":["Default"]}`, false},
	{`{"namespace":["default"],"subject":["bob"]}`, false},
	{`{"event_type":["grain_created"],"grain_type":["belief"],"relation":["likes"]}`, true},
	{`{"event_type":["memory.created"]}`, true},
	{`{"event_type":[{"prefix":"memory."}]}`, true},
	{`{"event_type":[{"anything-but":"grain_created"}]}`, false}, // nor in other words
	{`{"event_type":[{"anything-but":["memory.created","crypto_erase"]}]}`, false},
	{`{"event_type":[{"anything-but":{"prefix":"memory."}}]}`, false},
	{`{"event_type":[{"anything-but":"grain_forgotten"}]}`, true},
	{`{"event_type":[{"anything-but":"grain_created"},"memory.created"]}`, true},
	{`{"object":[""]}`, true},
	{`{"user_id":["alice"]}`, false},

	{`{"subject":[{"prefix":"al"}]}`, true},
	{`{"subject":[{"prefix":"alice-"}]}`, false},
	{`{"subject":["bob",{"prefix":"x"},{"prefix":"ali"}]}`, true},

	{`{"subject":[{"anything-but":"bob"}]}`, true},
	{`{"subject":[{"anything-but":"alice"}]}`, false},
	{`{"subject":[{"anything-but":["alice","bob"]}]}`, false},
	{`{"subject":[{"anything-but":["bob","carol"]}]}`, true},
	{`{"subject":[{"anything-but":{"prefix":"a"}}]}`, false},
	{`{"subject":[{"anything-but":{"prefix":"b"}}]}`, true},
	{`{"user_id":[{"anything-but":"bob"}]}`, false}, // an absent field is not "something else"

	{`{"user_id":[{"exists":false}]}`, true},
	{`{"user_id":[{"exists":true}]}`, false},
	{`{"scope_path":[{"exists":false}]}`, true}, // no value is absent
	{`{"subject":[{"exists":true}]}`, true},
	{`{"object":[{"exists":true}]}`, true}, // the empty string is a value
	{`{"subject":[{"exists":false}]}`, false},
	{`{"user_id":["alice",{"exists":false}]}`, true},

	{`{"tags":["morning"]}`, true},
	{`{"tags":["evening"]}`, false},
	{`{"tags":[{"prefix":"cof"}]}`, true},
	{`{"tags":[{"anything-but":"coffee"}]}`, true}, // morning is
	{`{"tags":[{"anything-but":["coffee","morning"]}]}`, false},

	{`{"confidence":[0.8]}`, true},
	{`{"confidence":[8e-1]}`, true},
	{`{"confidence":[0.5,1]}`, false},
	{`{"confidence":[{"anything-but":0.8}]}`, false},
	{`{"confidence":[{"anything-but":[0.1,0.2]}]}`, true},
	{`{"confidence":[{"numeric":["=",0.8]}]}`, true},
	{`{"confidence":[{"numeric":[">",0.8]}]}`, false},
	{`{"confidence":[{"numeric":[">=",0.8]}]}`, true},
	{`{"confidence":[{"numeric":["<",0.8]}]}`, false},
	{`{"confidence":[{"numeric":["<=",0.8]}]}`, true},
	{`{"confidence":[{"numeric":[">",0.5,"<=",0.8]}]}`, true},
	{`{"confidence":[{"numeric":["<",0.8,">",0]}]}`, false},
	{`{"confidence":[{"numeric":["<",0.1]},{"numeric":[">",0.7]}]}`, true},
	{`{"confidence":[{"exists":true}]}`, true},
}

func TestMatch(t *testing.T) {
	for _, c := range matches {
		p := parse(t, c.filter)
		if got := p.Match(sample.get); got != c.want {
			t.Errorf("%s matches: %v, want %v", c.filter, got, c.want)
		}
		ok, why := p.Explain(sample.get)
		if ok != c.want || (why == "") != ok {
			t.Errorf("%s: Explain says %v, %q; Match says %v", c.filter, ok, why, c.want)
		}
	}
}

func TestUnreadableConfidenceMatchesNoNumber(t *testing.T) {
	odd := event{"confidence": {"high"}}
	for _, filter := range []string{`{"confidence":[0]}`, `{"confidence":[{"numeric":[">=",0]}]}`} {
		if parse(t, filter).Match(odd.get) {
			t.Errorf("%s matches a confidence that is no number", filter)
		}
	}
}

func TestParseRefusesAndSaysWhatIsAccepted(t *testing.T) {
	for _, c := range []struct{ filter, says string }{
		{`[]`, "object of fields"},
		{`"namespace"`, "object of fields"},
		{`{"content":["x"]}`, `unknown field "content"; use one of event_type, grain_type`},
		{`{"Namespace":["x"]}`, "unknown field"},
		{`{"$or":[{"namespace":["x"]}]}`, "unknown field"},
		{`{"namespace":[]}`, "list that is not empty"},
		{`{"namespace":"default"}`, "list that is not empty"},
		{`{"namespace":null}`, "list that is not empty"},
		{`{"namespace":{"prefix":"x"}}`, "list that is not empty"},
		{`{"namespace":[null]}`, "strings"},
		{`{"namespace":[true]}`, "strings"},
		{`{"namespace":[1]}`, "strings"},
		{`{"namespace":[["x"]]}`, "strings"},
		{`{"namespace":[{}]}`, "one operator an object"},
		{`{"namespace":[{"prefix":"a","exists":true}]}`, "one operator an object"},
		{`{"namespace":[{"suffix":"a"}]}`, `no operator "suffix"; use strings, {"prefix":"…"}`},
		{`{"namespace":[{"numeric":[">",1]}]}`, `no operator "numeric"`},
		{`{"namespace":[{"prefix":""}]}`, "prefix takes a string"},
		{`{"namespace":[{"prefix":["a"]}]}`, "prefix takes a string"},
		{`{"namespace":[{"exists":"yes"}]}`, "exists takes true or false"},
		{`{"namespace":[{"anything-but":[]}]}`, "anything-but takes a string"},
		{`{"namespace":[{"anything-but":null}]}`, "anything-but takes a string"},
		{`{"namespace":[{"anything-but":["a",1]}]}`, "anything-but takes a string"},
		{`{"namespace":[{"anything-but":{"suffix":"a"}}]}`, "anything-but takes a string"},
		{`{"namespace":[{"anything-but":{"prefix":""}}]}`, "anything-but takes a string"},
		{`{"namespace":[{"anything-but":{}}]}`, "anything-but takes a string"},
		{`{"confidence":["0.8"]}`, "numbers"},
		{`{"confidence":[1e999]}`, "numbers"},
		{`{"confidence":[{"prefix":"0."}]}`, `no operator "prefix"; use numbers`},
		{`{"confidence":[{"anything-but":"0.8"}]}`, "a number or a list"},
		{`{"confidence":[{"anything-but":{"prefix":"0"}}]}`, "a number or a list"},
		{`{"confidence":[{"numeric":0.8}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">"]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">",0.1,"<"]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":["!=",1]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[{},1]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">","0.1"]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">",0.1,">",0.2]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":["=",0.1,"<",0.2]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">",0.9,"<",0.1]}]}`, "numeric takes"},
		{`{"confidence":[{"numeric":[">",0.5,"<=",0.5]}]}`, "numeric takes"},
	} {
		_, err := pattern.Parse(decode(t, c.filter))
		if fault.KindOf(err) != fault.InvalidField {
			t.Errorf("Parse(%s) = %v, want a fault.InvalidField", c.filter, err)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("Parse(%s) says %q, which lacks %q", c.filter, err, c.says)
		}
	}
}

func TestExplainNamesTheFirstFailingFieldAndQuotesNoEvent(t *testing.T) {
	p := parse(t, `{"subject":[{"prefix":"bob"}],"namespace":["default"],"confidence":[{"numeric":[">",0.9]}]}`)
	_, why := p.Explain(sample.get)
	if want := `subject meets none of [{"prefix":"bob"}]`; why != want {
		t.Errorf("Explain says %q, want %q", why, want)
	}
	_, why = p.Explain(event{"namespace": {"default"}}.get)
	if want := `subject is absent, which none of [{"prefix":"bob"}] accepts`; why != want {
		t.Errorf("Explain says %q, want %q", why, want)
	}
	_, why = parse(t, fmt.Sprintf(`{"subject":[%q]}`, strings.Repeat("é", 5000))).Explain(sample.get)
	if len(why) > 1000 {
		t.Errorf("Explain's reason has %d bytes, want a line", len(why))
	}
}

func TestNamesAndNeedsContent(t *testing.T) {
	content := map[string]bool{"subject": true, "relation": true, "object": true, "tags": true, "confidence": true}
	all := []string{"event_type", "grain_type", "namespace", "subject", "relation", "object", "tags", "user_id", "scope_path", "confidence"}
	for _, name := range all {
		p := parse(t, fmt.Sprintf(`{%q:[{"exists":true}]}`, name))
		for _, other := range all {
			if p.Names(other) != (other == name) {
				t.Errorf("a pattern over %s: Names(%s) = %v", name, other, p.Names(other))
			}
		}
		if p.NeedsContent() != content[name] {
			t.Errorf("a pattern over %s: NeedsContent = %v", name, p.NeedsContent())
		}
	}
}

func TestZeroPatternMatchesEverything(t *testing.T) {
	var p pattern.Pattern
	if !p.Match(event{}.get) || p.NeedsContent() || p.Names("namespace") || p.JSON() != nil {
		t.Errorf("the zero pattern constrains something: %+v", p)
	}
}

func TestJSONGivesTheTreeBack(t *testing.T) {
	text := `{"confidence":[{"numeric":[">",0.10]},1.0],"tags":["<a>"]}`
	got, err := json.Marshal(parse(t, text).JSON())
	if err != nil || !reflect.DeepEqual(decode(t, string(got)), decode(t, text)) {
		t.Errorf("JSON gives %s, %v; want %s", got, err, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`null`, `{}`, `{"namespace":["default",{"prefix":"a"}]}`, `{"tags":[{"anything-but":["a","b"]}]}`,
		`{"confidence":[0.5,{"numeric":[">",0,"<=",1]}]}`, `{"user_id":[{"exists":false}]}`,
		`{"subject":[{"anything-but":{"prefix":"x"}}]}`, `{"x":[1]}`, `{"confidence":[1e999,{}]}`, `[{}]`,
	} {
		f.Add(seed, "a")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return
		}
		p, err := pattern.Parse(v)
		if err != nil {
			if fault.KindOf(err) != fault.InvalidField {
				t.Fatalf("Parse(%s) = %v, want a fault.InvalidField", text, err)
			}
			return
		}
		again, err := pattern.Parse(p.JSON())
		if err != nil {
			t.Fatalf("the tree of an accepted pattern is refused: %v", err)
		}
		e := event{"namespace": {value}, "tags": {value, "b"}, "confidence": {value}, "subject": {value}}
		ok, why := p.Explain(e.get)
		if match := p.Match(e.get); match != ok || match != again.Match(e.get) || ok != (why == "") {
			t.Fatalf("%s on %q: Match %v, Explain %v %q, parsed again %v", text, value, match, ok, why, again.Match(e.get))
		}
	})
}

func TestSoManyConditionsAtMost(t *testing.T) {
	many := func(n int) []any { return slices.Repeat([]any{"a"}, n) }
	for _, tc := range []struct {
		tree map[string]any
		ok   bool
	}{
		{map[string]any{"subject": many(pattern.MaxConditions)}, true},
		{map[string]any{"subject": many(pattern.MaxConditions + 1)}, false},
		{map[string]any{"subject": many(60), "tags": many(41)}, false},
		{map[string]any{"tags": []any{map[string]any{"anything-but": many(pattern.MaxConditions)}}}, true},
		{map[string]any{"tags": []any{"b", map[string]any{"anything-but": many(pattern.MaxConditions)}}}, false},
	} {
		if _, err := pattern.Parse(tc.tree); (err == nil) != tc.ok || err != nil && fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%.40v: %v", tc.tree, err)
		}
	}
}

func TestStringsAreComparedAsGrainsStoreThem(t *testing.T) {
	p, err := pattern.Parse(map[string]any{"subject": []any{map[string]any{"prefix": "e\u0301"}}, "namespace": []any{"e\u0301"}})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Match(func(string) ([]string, bool) { return []string{"\u00e9"}, true }) {
		t.Error("the composed form does not match")
	}
}

func TestTheValuesThatAFieldMustHaveOneOf(t *testing.T) {
	for text, want := range map[string][]string{
		`{"namespace":["a","b"]}`:                    {"a", "b"},
		`{"namespace":["a",{"prefix":"b"}]}`:         nil,
		`{"namespace":[{"exists":false}]}`:           nil,
		`{"namespace":["a"],"user_id":["ann"]}`:      {"a"},
		`{"user_id":["ann"]}`:                        {},
		"{\"namespace\":[\"e\u0301\"]}":              {"\u00e9"},
		`{"namespace":[{"anything-but":["a","b"]}]}`: nil,
	} {
		if got := parse(t, text).Only("namespace"); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
