package feed

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

// Cursors makes and reads opaque cursors: a place in a listing of one memory,
// authenticated for what it was made for, so that a cursor can be neither made
// up nor used elsewhere.
type Cursors struct{ auth Authenticator }

// NewCursors makes cursors.
func NewCursors(auth Authenticator) Cursors { return Cursors{auth} }

const (
	cursorKind    = "cursor"
	cursorVersion = 1
	cursorHead    = 1 + seal.BlindSize
)

// Make returns the cursor of a text within a listing.
func (c Cursors) Make(ctx context.Context, m change.Memory, listing, text string) (string, error) {
	code, err := c.code(ctx, m, listing, text)
	if err != nil {
		return "", err
	}
	raw := append(append([]byte{cursorVersion}, code...), text...)
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Read returns the text of a cursor of this listing; fault.InvalidField where
// it was altered, or belongs elsewhere.
func (c Cursors) Read(ctx context.Context, m change.Memory, listing, cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < cursorHead || raw[0] != cursorVersion {
		return "", errCursor
	}
	text := string(raw[cursorHead:])
	code, err := c.code(ctx, m, listing, text)
	if err != nil {
		return "", err
	}
	if !hmac.Equal(raw[1:cursorHead], code) {
		return "", errCursor
	}
	return text, nil
}

var errCursor = fault.New(fault.InvalidField, "the cursor is not one of this listing: take it unchanged from next_cursor, or start without one")

func (c Cursors) code(ctx context.Context, m change.Memory, listing, text string) ([]byte, error) {
	code, err := c.auth.Blind(ctx, seal.Vault{Tenant: m.Tenant, Memory: m.ID}, cursorKind, strconv.Itoa(len(listing))+":"+listing+text)
	if err != nil {
		return nil, fmt.Errorf("feed: authenticate a cursor: %w", err)
	}
	return code, nil
}

// seqOf reads a plain seq; false where the text is no whole number from 0.
func seqOf(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}
