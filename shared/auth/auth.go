// Package auth is who is calling: bearer keys, their scopes, their tenant, and
// how many requests they may make.
package auth

import "context"

// Scope is what a key may do.
type Scope string

// The scopes. Admin holds the two others.
const (
	Read  Scope = "read"
	Write Scope = "write"
	Admin Scope = "admin"
)

// Key is a bearer key as it is stored: never the raw key.
type Key struct {
	ID        string // key_…
	Tenant    string
	Name      string
	Scopes    []Scope
	Hash      [32]byte // SHA-256 of the raw key
	Operator  bool     // the first admin key: it may make keys for any tenant
	CreatedAt int64
}

// Keys keeps bearer keys. Find is by hash, fault.NotFound where there is none;
// a revoked key is found no more, at once in this process and within seconds in
// others. Put of a hash that is there is fault.Conflict.
type Keys interface {
	Find(ctx context.Context, hash [32]byte) (Key, error)
	Put(ctx context.Context, k Key) error
	Revoke(ctx context.Context, tenant, id string) error
}

// Lister pages a tenant's keys by id, oldest first.
type Lister interface {
	ListKeys(ctx context.Context, tenant, after string, limit int) ([]Key, error)
}
