package embedded

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkPage is a page of the log, at its end and anywhere, beside a bare
// SELECT of as many rows of the same table.
func BenchmarkPage(b *testing.B) {
	const entries = 20_000
	r := receive(b, Config{})
	r.addWebhook("h1")
	parallel(entries, func() { r.must2(r.commit(put(r.fresh(), ""))) })
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{10, 100, 1000} {
		anywhere := func() int64 { return random.Int64N(int64(entries - size)) }
		for _, way := range []struct {
			name string
			read func() (int, error)
		}{
			{"end", func() (int, error) { return r.page(int64(entries-size), size) }},
			{"anywhere", func() (int, error) { return r.page(anywhere(), size) }},
			{"bare", func() (int, error) { return r.barePage(anywhere(), size) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", way.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if n, err := way.read(); n != size || err != nil {
						b.Fatalf("%d entries, %v", n, err)
					}
				}
			})
		}
	}
}

func (r *receiver) page(after int64, limit int) (int, error) {
	entries, err := logs{r.db}.Read(bg, mem1, after, limit)
	return len(entries), err
}

func (r *receiver) barePage(after int64, limit int) (int, error) {
	var n int
	memory := r.db.rooms.peek(mem1).row.n
	err := r.db.rows(bg, "SELECT seq, data FROM log WHERE memory=? AND seq>? ORDER BY seq LIMIT ?", []any{memory, after, limit},
		func(scan func(...any) error) error {
			var seq int64
			var data []byte
			n++
			return scan(&seq, &data)
		})
	return n, err
}
