package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// DefaultTenant is the tenant of the first admin key, and of everyone while
// authentication is off.
const DefaultTenant = "default"

// Has says whether a key may do what a scope allows. Admin holds the others.
func (k Key) Has(s Scope) bool {
	return slices.Contains(k.Scopes, s) || slices.Contains(k.Scopes, Admin)
}

// Service makes, knows and revokes keys. It is safe for concurrent use.
type Service struct {
	keys   Keys
	lister Lister
	cache  cache
}

// New makes a Service.
func New(keys Keys, lister Lister) *Service {
	return &Service{keys: keys, lister: lister, cache: cache{known: map[[32]byte]cached{}}}
}

// Authenticate finds the key that a raw one stands for, fault.InvalidKey where
// there is none. What it found is believed for two seconds; a key revoked by
// this Service is refused at once.
func (s *Service) Authenticate(ctx context.Context, raw string, now time.Time) (Key, error) {
	hash := sha256.Sum256([]byte(raw))
	k, ok, generation := s.cache.get(hash, now)
	if !ok {
		var err error
		k, err = s.keys.Find(ctx, hash)
		if fault.KindOf(err) == fault.NotFound {
			return Key{}, errInvalid
		}
		if err != nil {
			return Key{}, fmt.Errorf("auth: find a key: %w", err)
		}
		s.cache.put(k, now, generation)
	}
	if subtle.ConstantTimeCompare(k.Hash[:], hash[:]) != 1 {
		return Key{}, errInvalid
	}
	return k, nil
}

var errInvalid = fault.New(fault.InvalidKey, "this key is not known or was revoked: check it, or ask an administrator for a new one")

// Wish is what a caller may say of a new key. No scopes means read and write;
// an empty tenant means the maker's own.
type Wish struct {
	Name   string
	Scopes []Scope
	Tenant string
}

// Create makes a key and returns it with its raw form, which is shown this
// once. Only the operator's key makes keys for other tenants; a new name makes
// a new tenant. The same draw makes the same key.
func (s *Service) Create(ctx context.Context, by Key, d change.Draw, w Wish) (Key, string, error) {
	k, err := w.key(by)
	if err != nil {
		return Key{}, "", err
	}
	raw, err := newRaw(d, k.Has(Admin))
	if err != nil {
		return Key{}, "", err
	}
	k.ID, k.CreatedAt, k.Hash = "key_"+d.ID(), d.At.UnixMilli(), sha256.Sum256([]byte(raw))
	if err := s.keys.Put(ctx, k); err != nil && fault.KindOf(err) != fault.Conflict { // repeated with the same draw
		return Key{}, "", fmt.Errorf("auth: keep a key: %w", err)
	}
	return k, raw, nil
}

// The bounds of what a key may be called.
const (
	maxName   = 256
	maxTenant = 64
)

func (w Wish) key(by Key) (Key, error) {
	k := Key{Tenant: by.Tenant, Name: w.Name, Scopes: slices.Clone(w.Scopes)}
	if len(k.Scopes) == 0 {
		k.Scopes = []Scope{Read, Write}
	}
	slices.Sort(k.Scopes)
	k.Scopes = slices.Compact(k.Scopes)
	for _, s := range k.Scopes {
		if s != Read && s != Write && s != Admin {
			return Key{}, fault.New(fault.InvalidField, "scope %.40q is not known; use %q, %q or %q", s, Read, Write, Admin)
		}
	}
	if len(w.Name) > maxName {
		return Key{}, fault.New(fault.InvalidField, "name has %d bytes; at most %d are accepted", len(w.Name), maxName)
	}
	if w.Tenant == "" || w.Tenant == by.Tenant {
		return k, nil
	}
	if err := mayVisit(by, w.Tenant); err != nil {
		return Key{}, err
	}
	k.Tenant = w.Tenant
	return k, nil
}

// mayVisit holds keys to their own tenant, but for the operator's.
func mayVisit(by Key, tenant string) error {
	if !by.Operator {
		return fault.New(fault.ScopeDenied, "only the operator's first key may name another tenant: leave tenant out")
	}
	if !validTenant(tenant) {
		return fault.New(fault.InvalidField, "tenant must be 1 to %d of the characters a-z, 0-9, - and _, beginning with a letter or digit", maxTenant)
	}
	return nil
}

func validTenant(name string) bool {
	if name == "" || len(name) > maxTenant {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', i > 0 && (c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// Revoke ends a key, fault.NotFound where the tenant has none of that id. An
// empty tenant means the caller's own; only the operator's key may name another.
// A key that ends itself and is the tenant's last that may manage keys is
// fault.Conflict: it would lock out everyone.
func (s *Service) Revoke(ctx context.Context, by Key, tenant, id string) error {
	tenant, err := visited(by, tenant)
	if err != nil {
		return err
	}
	if tenant == by.Tenant && id == by.ID {
		switch last, err := s.lastAdmin(ctx, tenant, id); {
		case err != nil:
			return err
		case last:
			return errLastAdmin
		}
	}
	err = s.keys.Revoke(ctx, tenant, id)
	s.cache.drop(tenant, id)
	return err
}

var errLastAdmin = fault.New(fault.Conflict, "this is the only key that may manage keys: make another with the scope admin first, and revoke this one with that")

// lastAdmin says whether a key may manage a tenant's keys and no other may.
func (s *Service) lastAdmin(ctx context.Context, tenant, id string) (bool, error) {
	may, err := s.has(ctx, tenant, func(k Key) bool { return k.ID == id && k.Has(Admin) })
	if err != nil || !may {
		return false, err
	}
	others, err := s.has(ctx, tenant, func(k Key) bool { return k.ID != id && k.Has(Admin) })
	return !others, err
}

// has says whether a tenant has a key that matches.
func (s *Service) has(ctx context.Context, tenant string, match func(Key) bool) (bool, error) {
	const page = 1000
	for after := ""; ; {
		keys, err := s.lister.ListKeys(ctx, tenant, after, page)
		if err != nil || len(keys) == 0 {
			return false, err
		}
		if slices.ContainsFunc(keys, match) {
			return true, nil
		}
		after = keys[len(keys)-1].ID
	}
}

// List pages a tenant's keys by id, oldest first; the tenant as in Revoke.
func (s *Service) List(ctx context.Context, by Key, tenant, after string, limit int) ([]Key, error) {
	tenant, err := visited(by, tenant)
	if err != nil {
		return nil, err
	}
	return s.lister.ListKeys(ctx, tenant, after, limit)
}

func visited(by Key, tenant string) (string, error) {
	if tenant == "" || tenant == by.Tenant {
		return by.Tenant, nil
	}
	return tenant, mayVisit(by, tenant)
}
