package embedded

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/memhooks/memhooks/shared/memory/store"
)

// BenchmarkIndex prints how many documents a second the index takes, by how many
// it is given at a time: each of some forty words, one of them in every document.
func BenchmarkIndex(b *testing.B) {
	for _, bite := range []int{16, 64, 256, 1024} {
		b.Run(fmt.Sprint(bite), func(b *testing.B) {
			const documents = 20_000
			var s *bed
			for b.Loop() {
				b.StopTimer()
				s = open(b)
				docs := s.documents(documents)
				b.StartTimer()
				for from := 0; from < documents; from += bite {
					s.must(index{s.db}.Put(bg, docs[from:min(from+bite, documents)]))
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.N)*documents/b.Elapsed().Seconds(), "documents/s")
		})
	}
}

// documents stores grains, and makes their documents.
func (s *bed) documents(n int) []store.Document {
	random := rand.New(rand.NewPCG(1, 2))
	docs := make([]store.Document, n)
	var steps []store.Step
	for i := range docs {
		g := s.fresh()
		steps = append(steps, put(g, ""))
		if len(steps) == 500 || i == n-1 {
			_, err := s.commit(steps...)
			s.must(err)
			steps = steps[:0]
		}
		terms := []string{"everywhere"}
		for range 40 {
			terms = append(terms, fmt.Sprintf("%016x", random.IntN(2000)))
		}
		docs[i] = store.Document{Memory: mem1, Hash: g.Hash, Terms: terms}
	}
	return docs
}
