package embedded

import "testing"

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
