package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/memhooks/memhooks/shared/wire"
)

// way is one of several that come to the same.
type way struct {
	name string
	do   func() error
}

func compare(b *testing.B, size int, ways ...way) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if err := w.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppend is writing a body, beside encoding/json writing its values.
func BenchmarkAppend(b *testing.B) {
	eachSample(b, func(b *testing.B, v any, text []byte) {
		var dst []byte
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			b.Fatal(err)
		}
		compare(b, len(text),
			way{"ours", func() (err error) { dst, err = wire.Append(dst[:0], v); return err }},
			way{"encoding-json", func() error { _, err := json.Marshal(plain); return err }})
	})
}

// BenchmarkParse is reading one, beside encoding/json.
func BenchmarkParse(b *testing.B) {
	eachSample(b, func(b *testing.B, _ any, text []byte) {
		compare(b, len(text),
			way{"ours", func() error { _, err := wire.Parse(text); return err }},
			way{"encoding-json", func() error { var v any; return json.Unmarshal(text, &v) }})
	})
}

func eachSample(b *testing.B, run func(b *testing.B, v any, text []byte)) {
	for name, v := range samples() {
		text, err := wire.Append(nil, v)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { run(b, v, text) })
	}
}
