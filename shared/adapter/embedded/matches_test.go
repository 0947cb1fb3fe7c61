package embedded

import "testing"

func FuzzDecodeMatches(f *testing.F) {
	f.Add([]byte{1, 5, 2, 0})
	f.Add([]byte{255})
	a, b := &hookRow{n: 1}, &hookRow{n: 2}
	a.ID, b.ID = "a", "b"
	hooks := listOf([]*hookRow{a, b})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(decodeMatches(data, &hooks)) > len(data)/2 {
			t.Fatal("more matches than there is room for")
		}
	})
}
