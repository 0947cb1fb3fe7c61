// Package cursor makes opaque cursors that can be neither made up nor used for
// another listing.
package cursor

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// Authenticator makes short codes that only a memory's own key can make.
type Authenticator interface {
	Blind(ctx context.Context, v seal.Vault, kind, word string) ([]byte, error)
}

// Maker makes and reads cursors: a place in a listing of one memory,
// authenticated for what it was made for. It is safe for concurrent use where
// its Authenticator is.
type Maker struct{ auth Authenticator }

// New makes a Maker.
func New(auth Authenticator) Maker { return Maker{auth} }

const (
	kind    = "cursor"
	version = 1
	head    = 1 + seal.BlindSize
)

// Make returns the cursor of a text within a listing.
func (c Maker) Make(ctx context.Context, m change.Memory, listing, text string) (string, error) {
	code, err := c.code(ctx, m, listing, text)
	if err != nil {
		return "", err
	}
	raw := append(append([]byte{version}, code...), text...)
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Read returns the text of a cursor of this listing; fault.InvalidField where
// it was altered, or belongs elsewhere.
func (c Maker) Read(ctx context.Context, m change.Memory, listing, cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < head || raw[0] != version || base64.RawURLEncoding.EncodeToString(raw) != cursor {
		return "", errCursor
	}
	text := string(raw[head:])
	code, err := c.code(ctx, m, listing, text)
	if err != nil {
		return "", err
	}
	if !hmac.Equal(raw[1:head], code) {
		return "", errCursor
	}
	return text, nil
}

var errCursor = fault.New(fault.InvalidField, "the cursor is not one of this listing: take it unchanged from next_cursor, or start without one")

func (c Maker) code(ctx context.Context, m change.Memory, listing, text string) ([]byte, error) {
	code, err := c.auth.Blind(ctx, seal.Vault{Tenant: m.Tenant, Memory: m.ID}, kind, strconv.Itoa(len(listing))+":"+listing+text)
	if err != nil {
		return nil, fmt.Errorf("cursor: authenticate a cursor: %w", err)
	}
	return code, nil
}
