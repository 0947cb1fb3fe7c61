package roadtest

import "github.com/memhooks/memhooks/shared/wire"

// awkward are fields that are hard to write as JavaScript writes them, as a
// caller sends them. "said" is put into what all dialects show.
var awkward = [...]string{
	`{}`,
	`{"n":[1e21,1E21,123456789012345678901.5,1e-6,1e-7,-0,-0.0,0.1,1.50,1e2,5e-324,1.7976931348623157e308,1e-400]}`,
	`{"n":9007199254740993,"m":-9007199254740993,"l":12345678901234567890,"k":9007199254740992.5}`,
	`{"said":" \u0000\u0001\b\f\n\r\t\u000b\u001f\u007f\u0080\u009f"}`,
	`{"said":" \u2028\u2029\ufeff\ufffd\uffff"}`,
	`{"said":" </script><!--<b>&amp;'\"\\\/"}`,
	`{"said":" \ud83d\ude00 👩‍👩‍👧 e\u0301 \u202e ıİß"}`,
	`{"10":1,"9":2,"01":3,"-1":4,"1e3":5,"b":{"4294967295":1,"4294967294":2,"a":3,"0":4,"__proto__":{"constructor":[]}}}`,
	`{"":"","\u0000":"\u0000","\"":"\\","\u2028":{"\u2029":[],"E\u0301":{}},"deep":[[[[[[[[{"2":[],"1":null}]]]]]]]]}`,
}

// awkward are some of these, in half of all writes.
func (a *asked) awkward() map[string]any {
	i := int(a.op.B/64) % (2 * len(awkward))
	if i >= len(awkward) {
		i = 0
	}
	v, err := wire.Parse([]byte(awkward[i]))
	fields, ok := v.(map[string]any)
	if err != nil || !ok {
		return map[string]any{} // a test holds that none is refused
	}
	return fields
}
