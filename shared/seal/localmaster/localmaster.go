// Package localmaster wraps cell keys under a master key that this machine
// holds: in a file beside the data, or in a setting. Without that key nothing
// that was sealed can be opened, so back it up, and apart from the data.
package localmaster

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

// Setting is the name of the environment variable that Open's env comes from.
const Setting = "MEMHOOKS_MASTER_KEY"

// FileName is the name of the master key's file in the data folder.
const FileName = "master.key"

// keySize is the length of the master key, in bytes.
const keySize = 32

// version is the first byte of what Wrap returns; nonce and ciphertext follow.
const version = 1

// Master is an opened master key. It keeps the seal.Wrapper port's promises,
// needs no network, and is safe for concurrent use.
type Master struct {
	aead   cipher.AEAD
	random io.Reader
}

// Open takes the master key from env (64 hex digits, or base64 of 32 bytes), or
// where env is empty from the file FileName in dir, an existing folder. It makes
// the file when there is none: mode 0600, durable before Open returns, the same
// for all who open the folder at once. A file that others than its owner may
// touch, and anything that is no such key, is refused with
// fault.InvalidField. random is safe for concurrent use.
func Open(dir, env string, random io.Reader) (*Master, error) {
	return open(dir, env, random, loadOrMake)
}

// OpenKept is Open for a folder whose data is sealed already: it makes no key.
// Where there is none it fails with fault.Unavailable, naming the file.
func OpenKept(dir, env string, random io.Reader) (*Master, error) {
	return open(dir, env, random, loadKept)
}

func open(dir, env string, random io.Reader, fromFile func(dir string, random io.Reader) ([]byte, error)) (*Master, error) {
	var key []byte
	var err error
	if env != "" {
		key, err = parseKey(env, Setting)
	} else {
		key, err = fromFile(dir, random)
	}
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("localmaster: prepare AES: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("localmaster: prepare GCM: %w", err)
	}
	return &Master{aead: aead, random: random}, nil
}

// Wrap encrypts raw and binds it to about.
func (m *Master) Wrap(_ context.Context, about map[string]string, raw []byte) ([]byte, error) {
	head := 1 + m.aead.NonceSize()
	out := make([]byte, head, head+len(raw)+m.aead.Overhead())
	out[0] = version
	if _, err := io.ReadFull(m.random, out[1:]); err != nil {
		return nil, fmt.Errorf("localmaster: draw a nonce: %w", err)
	}
	return m.aead.Seal(out, out[1:], raw, flatten(about)), nil //nolint:gosec // the nonce is drawn above
}

// Unwrap returns what was wrapped under an equal about. Anything else, another
// master key included, is a fault.Internal that says what to look for.
func (m *Master) Unwrap(_ context.Context, about map[string]string, wrapped []byte) ([]byte, error) {
	head := 1 + m.aead.NonceSize()
	if len(wrapped) < head+m.aead.Overhead() || wrapped[0] != version {
		return nil, fault.New(fault.Internal, "a wrapped key is damaged: restore the store from a sound copy")
	}
	raw, err := m.aead.Open(nil, wrapped[1:head], wrapped[head:], flatten(about))
	if err != nil {
		return nil, fault.New(fault.Internal, "a wrapped key does not open: start with the master key that the data was written with (%s, or %s in the data folder)", Setting, FileName)
	}
	return raw, nil
}

// flatten writes a map so that equal maps, and only those, give equal bytes.
func flatten(about map[string]string) []byte {
	out := []byte{version}
	for _, name := range slices.Sorted(maps.Keys(about)) {
		for _, part := range []string{name, about[name]} {
			out = binary.AppendUvarint(out, uint64(len(part)))
			out = append(out, part...)
		}
	}
	return out
}

// parseKey reads a written key; space around it is ignored. The text is shown
// to nobody.
func parseKey(text, where string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if len(text) == hex.EncodedLen(keySize) {
		if key, err := hex.DecodeString(text); err == nil {
			return key, nil
		}
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) != keySize {
		return nil, fault.New(fault.InvalidField, "%s (%d characters, not shown) is no master key: accepted are 64 hex digits, or base64 of 32 bytes", where, len(text))
	}
	return key, nil
}
