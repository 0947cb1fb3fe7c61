package seal_test

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
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

// bare is AES-256-GCM with random nonces and nothing else.
func bare(b *testing.B) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	return gcm
}

// benched is a Sealer with the real randomness and clock, whose keys are held.
func benched() (s *seal.Sealer, plain, bind []byte) {
	store := &sealtest.Store{}
	return seal.New(seal.Config{Keys: store, Cells: store, Wrapper: sealtest.NewWrapper()}), make([]byte, 500), make([]byte, 32)
}

// BenchmarkSeal is 500 bytes of a person whose key is held.
func BenchmarkSeal(b *testing.B) {
	s, plain, bind := benched()
	gcm := bare(b)
	compare(b, len(plain),
		way{"ours", func() error { _, _, err := s.Seal(b.Context(), home, alice, plain, bind); return err }},
		way{"bare", func() error { gcm.Seal(nil, nil, plain, bind); return nil }})
}

// BenchmarkOpen opens them.
func BenchmarkOpen(b *testing.B) {
	s, plain, bind := benched()
	box, _, err := s.Seal(b.Context(), home, alice, plain, bind)
	if err != nil {
		b.Fatal(err)
	}
	gcm := bare(b)
	sealed := gcm.Seal(nil, nil, plain, bind)
	compare(b, len(plain),
		way{"ours", func() error { _, err := s.Open(b.Context(), home, box, bind); return err }},
		way{"bare", func() error { _, err := gcm.Open(nil, nil, sealed, bind); return err }})
}

// BenchmarkBlind is the token of a word.
func BenchmarkBlind(b *testing.B) {
	s, _, _ := benched()
	blinder, err := s.Blinder(b.Context(), home)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		blinder.Blind("word", "preference")
	}
}
