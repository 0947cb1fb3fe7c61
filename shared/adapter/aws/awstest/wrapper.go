package awstest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Wrapper keeps the promises of seal.Wrapper without KMS, under one key that
// every process of a test has: nothing for anything but tests. Equal inputs
// give equal outputs. It is safe for concurrent use.
type Wrapper struct{ aead cipher.AEAD }

// NewWrapper makes a wrapper; it opens what any other has wrapped.
func NewWrapper() *Wrapper {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that it asks for
	}
	return &Wrapper{aead}
}

// Wrap encrypts raw and binds it to about.
func (w *Wrapper) Wrap(ctx context.Context, about map[string]string, raw []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wrap a key: %w", err)
	}
	bound := canonical(about)
	seed := sha256.Sum256(append(slices.Clone(bound), raw...))
	nonce := seed[:w.aead.NonceSize()]
	return w.aead.Seal(slices.Clone(nonce), nonce, raw, bound), nil
}

// Unwrap returns what was wrapped under an equal about; anything else is an
// error.
func (w *Wrapper) Unwrap(ctx context.Context, about map[string]string, wrapped []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("unwrap a key: %w", err)
	}
	size := w.aead.NonceSize()
	if len(wrapped) < size {
		return nil, errors.New("unwrap a key: these bytes were never wrapped")
	}
	raw, err := w.aead.Open(nil, wrapped[:size], wrapped[size:], canonical(about))
	if err != nil {
		return nil, fmt.Errorf("unwrap a key, about %v: %w", about, err)
	}
	return raw, nil
}

// canonical writes equal maps alike and others differently.
func canonical(about map[string]string) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(about)) {
		b = fmt.Appendf(b, "%q:%q,", name, about[name])
	}
	return b
}
