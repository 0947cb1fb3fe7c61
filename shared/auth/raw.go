package auth

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

const (
	adminPrefix   = "ar_"
	projectPrefix = "ap_"
	rawChars      = 40 // 238 bits
	alphabet      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newRaw draws a raw key: its prefix says whether it is an administrator's.
func newRaw(d change.Draw, admin bool) (string, error) {
	raw := make([]byte, 0, len(adminPrefix)+rawChars)
	if admin {
		raw = append(raw, adminPrefix...)
	} else {
		raw = append(raw, projectPrefix...)
	}
	const even = 256 - 256%len(alphabet) // bytes from here on would favour the first letters
	for full := len(raw) + rawChars; len(raw) < full; {
		chance, err := d.Bytes(rawChars)
		if err != nil {
			return "", fmt.Errorf("auth: draw a key: %w", err)
		}
		for _, b := range chance {
			if int(b) < even && len(raw) < full {
				raw = append(raw, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(raw), nil
}

// NewAdminKey draws a raw admin key and its hash, to be kept by an operator
// before there is a server.
func NewAdminKey(d change.Draw) (raw string, hash [32]byte, err error) {
	raw, err = newRaw(d, true)
	return raw, sha256.Sum256([]byte(raw)), err
}

// FirstKey says which key administers from the start. At most one field is set.
type FirstKey struct {
	Raw    string   // 16 characters or more, visible ASCII; "" = not given
	SHA256 [32]byte // zero = not given
}

// minRaw is the fewest characters that a key chosen by an operator may have.
const minRaw = 16

// ValidRaw says whether an operator may choose this raw key: 16 or more visible
// ASCII characters, without spaces.
func ValidRaw(raw string) bool {
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] > '~' {
			return false
		}
	}
	return len(raw) >= minRaw
}

// hash is the hash that is asked for, false where none is.
func (f FirstKey) hash() (sum [32]byte, given bool, err error) {
	switch {
	case f.Raw != "" && f.SHA256 != sum:
		return sum, false, fault.New(fault.InvalidField, "the first admin key is given twice: give the key or its hash")
	case f.Raw != "":
		if !ValidRaw(f.Raw) {
			return sum, false, fault.New(fault.InvalidField, "the first admin key must be %d or more visible ASCII characters, without spaces", minRaw)
		}
		return sha256.Sum256([]byte(f.Raw)), true, nil
	}
	return f.SHA256, f.SHA256 != sum, nil
}

// Bootstrap sees to it that the operator has a key: the given one, or, where
// none is given and the default tenant has no operator's key, a new one whose raw
// form it returns, this once. Repeating it changes nothing. An operator's key that
// is no longer given stays until it is revoked.
func (s *Service) Bootstrap(ctx context.Context, d change.Draw, first FirstKey) (raw string, err error) {
	hash, given, err := first.hash()
	if err != nil {
		return "", err
	}
	if !given {
		if have, err := s.has(ctx, DefaultTenant, func(k Key) bool { return k.Operator }); err != nil || have {
			return "", err
		}
		if raw, hash, err = NewAdminKey(d); err != nil {
			return "", err
		}
	} else if _, err := s.keys.Find(ctx, hash); err == nil || fault.KindOf(err) != fault.NotFound {
		return "", err // there already, as at every start but the first
	}
	k := Key{
		ID: "key_" + d.ID(), Tenant: DefaultTenant, Name: "first admin key", Scopes: []Scope{Admin},
		Hash: hash, Operator: true, CreatedAt: d.At.UnixMilli(),
	}
	if err := s.keys.Put(ctx, k); err != nil && fault.KindOf(err) != fault.Conflict {
		return "", fmt.Errorf("auth: keep the first admin key: %w", err)
	}
	return raw, nil
}
