package grain

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
)

// benchmarkGrain is a belief of about 500 bytes.
func benchmarkGrain(b *testing.B) map[string]any {
	return parse(b, `{"subject":"user","relation":"prefers","object":"`+strings.Repeat("dark mode ", 32)+
		`","confidence":0.9,"user_id":"u-1","tags":["settings","ui"],"source_type":"user_explicit",
		"author_did":"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}`)
}

// BenchmarkAdd is what an add computes: the grain and its address. The budget
// is 10 µs.
func BenchmarkAdd(b *testing.B) {
	fields := benchmarkGrain(b)
	b.ReportAllocs()
	for b.Loop() {
		g, err := New("belief", "default", fields, now)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := g.Hash(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHash is the address alone, beside the SHA-256 of what encoding/json
// writes of the same fields.
func BenchmarkHash(b *testing.B) {
	fields := benchmarkGrain(b)
	g, err := New("belief", "default", fields, now)
	if err != nil {
		b.Fatal(err)
	}
	var sum [sha256.Size]byte
	for _, way := range []struct {
		name string
		do   func() error
	}{
		{"ours", func() error { _, err := g.Hash(); return err }},
		{"json-sha256", func() error {
			text, err := json.Marshal(fields)
			sum = sha256.Sum256(text)
			return err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	_ = sum
}
