package grain

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzHash promises, for any input, no panic, one address, and the same address
// and grain when the grain's own fields are given again.
func FuzzHash(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.GrainType, v.Namespace, string(v.Input))
	}
	f.Add("observation", "", `{"content":"x","object":"x","tags":["phi:"],"n":[-0,1e3,null,{"a":null}]}`)
	f.Add("action", "a\u0301", `{"content":[{"\ufeff":1}],"namespace":"á"}`)
	f.Fuzz(func(t *testing.T, typeName, namespace, text string) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var fields map[string]any
		if d.Decode(&fields) != nil {
			t.Skip("no JSON object")
		}
		g, err := New(typeName, namespace, fields, now)
		if err != nil {
			if other, err := New(typeName, namespace, fields, now); err == nil {
				t.Fatalf("refused, then accepted: %v", other)
			}
			return
		}
		hash, err := g.Hash()
		if err != nil || !ValidHash(hash) {
			t.Fatalf("New accepts what Hash does not: %q, %v", hash, err)
		}
		for _, other := range []Grain{g, remake(t, g)} {
			if again, err := other.Hash(); again != hash || err != nil {
				t.Fatalf("%s, then %s, %v", hash, again, err)
			}
			if !reflect.DeepEqual(other, g) {
				t.Fatalf("%v, then %v", g, other)
			}
		}
	})
}
