package cursor_test

import "testing"

// BenchmarkCursor is making and reading the cursor of a place in the log.
func BenchmarkCursor(b *testing.B) {
	c := cursors()
	made, err := c.Make(b.Context(), home, "events", "1234567")
	if err != nil {
		b.Fatal(err)
	}
	for _, way := range []struct {
		name string
		do   func() (string, error)
	}{
		{"make", func() (string, error) { return c.Make(b.Context(), home, "events", "1234567") }},
		{"read", func() (string, error) { return c.Read(b.Context(), home, "events", made) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := way.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
