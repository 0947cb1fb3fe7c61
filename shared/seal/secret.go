package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// keySize is the length of every raw key, in bytes.
const keySize = 32

// mark is what a raw key prints as.
const mark = "[raw key]"

// secret is a raw key. Whatever prints, logs or encodes it gets the mark.
type secret [keySize]byte

func (secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, mark) }
func (secret) LogValue() slog.Value         { return slog.StringValue(mark) }
func (secret) MarshalText() ([]byte, error) { return []byte(mark), nil }

// wipe overwrites the key.
func (k *secret) wipe() { clear(k[:]) }

// aead returns AES-256-GCM under the key.
func (k *secret) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, fmt.Errorf("seal: prepare AES: %w", err)
	}
	return cipher.NewGCM(block)
}

// associate joins parts so that no two lists of parts give the same bytes.
func associate(parts ...string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
