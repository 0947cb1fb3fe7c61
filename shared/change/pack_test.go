package change

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestAPackedChangeIsReadBackWhole(t *testing.T) {
	a, b := strings.Repeat("a1", 32), strings.Repeat("b2", 32)
	for _, c := range []Change{
		{},
		{Lineage: a, Hash: a},
		{Lineage: a, Hash: b, Superseded: a, GrainType: "t", Namespace: "n", UserID: "u", ScopePath: "s", CreatedAt: 1 << 50},
		{Lineage: "no hash", Superseded: "no hash", CreatedAt: -1, Count: 7, Fingerprint: "f", KeyID: "k", Content: []byte{}},
		{Hash: a, Content: []byte("content")},
	} {
		got := Change{Content: []byte("old"), Hash: "old"}
		if err := Unpack(Pack(&c), &got); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for _, c := range []Change{{}, {Lineage: strings.Repeat("a1", 32), Hash: strings.Repeat("a1", 32), Content: []byte("x")}} {
		f.Add(Pack(&c))
	}
	f.Add([]byte{3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c, again Change
		if Unpack(data, &c) != nil {
			return
		}
		packed := Pack(&c)
		if err := Unpack(packed, &again); err != nil || !reflect.DeepEqual(c, again) || !bytes.Equal(packed, Pack(&again)) {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}
