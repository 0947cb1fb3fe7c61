package auth_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/auth/authtest"
	"github.com/memhooks/memhooks/shared/fault"
)

// BenchmarkAuthenticate is a key that is still believed, one that is looked up
// again each time, and one that nobody has, beside hashing alone.
func BenchmarkAuthenticate(b *testing.B) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	_, raw, err := s.Create(bg, boss, draw(1), auth.Wish{Name: "n"})
	if err != nil {
		b.Fatal(err)
	}
	unknown, _, err := auth.NewAdminKey(draw(2))
	if err != nil {
		b.Fatal(err)
	}
	later, sum := noon, [sha256.Size]byte{}
	for _, way := range []struct {
		name string
		do   func() error
		want bool
	}{
		{"believed", func() error { _, err := s.Authenticate(bg, raw, noon); return err }, true},
		{"looked-up", func() error {
			later = later.Add(time.Hour)
			_, err := s.Authenticate(bg, raw, later)
			return err
		}, true},
		{"unknown", func() error { _, err := s.Authenticate(bg, unknown, noon); return err }, false},
		{"bare", func() error { sum = sha256.Sum256([]byte(raw)); return nil }, true},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.do(); (err == nil) != way.want || !way.want && fault.KindOf(err) != fault.InvalidKey {
					b.Fatal(err)
				}
			}
		})
	}
	_ = sum
}
