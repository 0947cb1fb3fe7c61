package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
)

// The listings whose cursors are made here, as they are bound to them; others
// have theirs from the stage that lists.
const (
	listedValues   = "values\x00"
	listedMemories = "memories\x00"
	listedKeys     = "keys\x00"
	listedSent     = "deliveries\x00" // and the hook, where one is asked for
	listedDead     = "dead-letters\x00"
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

// recordsOf reads a page of a ledger's listing, whose cursors are of the memory
// and of the hook that is asked for.
func (a *API) recordsOf(ctx context.Context, m change.Memory, listing string, q delivery.Query) (page []delivery.Record, next string, err error) {
	if q.After, err = a.placeOf(ctx, m, listing+q.Hook, q.After); err != nil {
		return nil, "", err
	}
	if page, next, err = a.cfg.Cloud.Ledger.List(ctx, m, q); err != nil {
		return nil, "", err
	}
	next, err = a.cursorOf(ctx, m, listing+q.Hook, next)
	return page, next, err
}
