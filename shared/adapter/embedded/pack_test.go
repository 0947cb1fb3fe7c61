package embedded

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
)

func TestAPackedChangeIsReadBackWhole(t *testing.T) {
	a, b := hashOf("a"), hashOf("b")
	for _, c := range []change.Change{
		{},
		{Lineage: a, Hash: a},
		{Lineage: a, Hash: b, Superseded: a, GrainType: "t", Namespace: "n", UserID: "u", ScopePath: "s", CreatedAt: 1 << 50},
		{Lineage: "no hash", Superseded: "no hash", CreatedAt: -1, Count: 7, Fingerprint: "f", KeyID: "k", Content: []byte{}},
		{Hash: a, Content: []byte("content")},
	} {
		got := change.Change{Content: []byte("old"), Hash: "old"}
		if err := unpack(pack(&c), &got); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for _, c := range []change.Change{{}, {Lineage: hashOf("a"), Hash: hashOf("a"), Content: []byte("x")}} {
		f.Add(pack(&c))
	}
	f.Add([]byte{3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c, again change.Change
		if unpack(data, &c) != nil {
			return
		}
		packed := pack(&c)
		if err := unpack(packed, &again); err != nil || !reflect.DeepEqual(c, again) || !bytes.Equal(packed, pack(&again)) {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzDecodeMatches(f *testing.F) {
	f.Add([]byte{1, 5, 2, 0})
	f.Add([]byte{255})
	hooks := []*hookRow{{n: 1}, {n: 2}}
	hooks[0].ID, hooks[1].ID = "a", "b"
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(decodeMatches(data, hooks)) > len(data)/2 {
			t.Fatal("more matches than there is room for")
		}
	})
}
