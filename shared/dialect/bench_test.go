package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/redact"
)

// BenchmarkBody is the body of a created grain in each dialect and mode, beside
// encoding/json writing the same values.
func BenchmarkBody(b *testing.B) {
	for _, name := range dialect.Names() {
		for _, mode := range modes {
			b.Run(name+"/"+string(mode), func(b *testing.B) { benchmarkBody(b, name, mode) })
		}
	}
}

func benchmarkBody(b *testing.B, name string, mode redact.Mode) {
	e := sampled(sample(b, events.Created), "")
	body, err := dialect.Body(name, e, mode)
	if err != nil {
		b.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(body, &values); err != nil {
		b.Fatal(err)
	}
	for _, way := range []struct {
		name string
		do   func() ([]byte, error)
	}{
		{"ours", func() ([]byte, error) { return dialect.Body(name, e, mode) }},
		{"encoding-json", func() ([]byte, error) { return json.Marshal(values) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := way.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
