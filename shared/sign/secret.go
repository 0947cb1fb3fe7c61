package sign

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

const (
	mark           = "[secret]" // what a Secret prints as
	generated      = "whsec_"   // what generated secrets begin with
	generatedBytes = 32
)

// Secret is what a hook's owner and the receiver share. However it is printed,
// logged or encoded, alone or inside other values, the text does not appear:
// only Reveal returns it. The zero Secret is no secret: it signs nothing and
// verifies nothing.
type Secret struct {
	text *string // fmt reads unexported fields past any method, but prints pointers as addresses
}

// NewSecret keeps a secret that a caller chose, byte for byte. Only the empty
// one is refused, with fault.InvalidField.
func NewSecret(s string) (Secret, error) {
	if s == "" {
		return Secret{}, fault.New(fault.InvalidField, "secret is empty; leave it out, or give at least one character")
	}
	return Secret{text: &s}, nil
}

// Generate makes a secret of 32 bytes read from random: whsec_ and their
// padded standard Base64, 50 characters. It fails where random does.
func Generate(random io.Reader) (Secret, error) {
	var key [generatedBytes]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return Secret{}, fmt.Errorf("sign: generate secret: %w", err)
	}
	return NewSecret(generated + base64.StdEncoding.EncodeToString(key[:]))
}

// Reveal returns the text: to sign, to seal, and to show it once to its owner.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns [secret].
func (Secret) String() string { return mark }

// GoString returns [secret].
func (Secret) GoString() string { return mark }

// Format writes [secret], whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mark) }

// LogValue returns [secret].
func (Secret) LogValue() slog.Value { return slog.StringValue(mark) }

// MarshalText returns [secret], also for encoders other than JSON's.
func (Secret) MarshalText() ([]byte, error) { return []byte(mark), nil }

// MarshalJSON returns "[secret]".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mark + `"`), nil }

// productKey is the key of the product signatures: the whole text.
func (s Secret) productKey() []byte { return []byte(s.Reveal()) }

// standardKey is the key of webhook-signature: the bytes that the text encodes
// where it is whsec_ and valid Base64, else the text itself. Nothing after
// whsec_ is the text itself too, since anyone could sign with an empty key.
func (s Secret) standardKey() []byte {
	text := s.Reveal()
	if encoded, ok := strings.CutPrefix(text, generated); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(key) > 0 {
			return key
		}
	}
	return []byte(text)
}
