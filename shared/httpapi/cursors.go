package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
)

// The listings whose cursors are made here, as they are bound to them; others
// have theirs from the stage that lists.
const (
	listedValues   = "values\x00"
	listedMemories = "memories\x00"
	listedKeys     = "keys\x00"
)

// placeOf reads a cursor of a listing; an empty one is where it begins.
func (a *API) placeOf(ctx context.Context, m change.Memory, listing, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	return a.cfg.Cursors.Read(ctx, m, listing, cursor)
}

// cursorOf makes the cursor of a place; of none where a listing has ended.
func (a *API) cursorOf(ctx context.Context, m change.Memory, listing, place string) (string, error) {
	if place == "" {
		return "", nil
	}
	return a.cfg.Cursors.Make(ctx, m, listing, place)
}
