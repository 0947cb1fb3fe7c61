package seal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// BlindSize is the length of a blind token, in bytes.
const BlindSize = 16

// Blinder turns words into tokens that only this memory's key can make, equal
// for equal kind and word, over rotations too. It takes no lock and allocates
// nothing; it is not safe for concurrent use: each loop takes its own.
type Blinder struct {
	mac hash.Hash
	buf []byte
}

// Blinder returns a Blinder of a memory. On a memory that never sealed anything
// it makes the first cell key.
func (s *Sealer) Blinder(ctx context.Context, v Vault) (*Blinder, error) {
	newest, err := s.newestCell(ctx, v, "")
	if err != nil {
		return nil, err
	}
	first, err := s.cellByID(ctx, v, newest.First)
	if err != nil {
		return nil, err
	}
	return &Blinder{mac: hmac.New(sha256.New, first.blind[:])}, nil
}

// Blind returns the token of a word: HMAC-SHA256 over kind and word, cut to
// BlindSize. The same word under another kind is another token.
func (b *Blinder) Blind(kind, word string) (token [BlindSize]byte) {
	b.buf = binary.AppendUvarint(b.buf[:0], uint64(len(kind)))
	b.buf = append(append(b.buf, kind...), word...)
	b.mac.Reset()
	b.mac.Write(b.buf)
	b.buf = b.mac.Sum(b.buf[:0])
	copy(token[:], b.buf)
	return token
}

// Blind returns the token of one word, as a Blinder would.
func (s *Sealer) Blind(ctx context.Context, v Vault, kind, word string) ([]byte, error) {
	b, err := s.Blinder(ctx, v)
	if err != nil {
		return nil, err
	}
	token := b.Blind(kind, word)
	return token[:], nil
}
