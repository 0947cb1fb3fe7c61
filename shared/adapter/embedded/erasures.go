package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
)

// Erasure is what a copy that is older has to be told: a person or a scope
// that was erased, or a memory that was removed. Times are epoch milliseconds.
type Erasure struct {
	Tenant string `json:"tenant"`
	Memory string `json:"memory"`
	At     int64  `json:"at"`

	Event     string `json:"event,omitempty"` // its id; "": a removed memory
	UserID    string `json:"user_id,omitempty"`
	ScopePath string `json:"scope_path,omitempty"`

	CreatedAt int64 `json:"removed_of,omitempty"` // when a removed memory was made
}

// withRemoved is the first schema that knows which memories were removed.
const withRemoved = 4

// Erasures lists all erasures that a data folder or a backup knows, of each
// memory in its order, and when its newest change was, 0 where there is none.
// The data folder may be in use.
func Erasures(ctx context.Context, dir string) (all []Erasure, newest int64, err error) {
	source, err := reading(ctx, filepath.Join(dir, FileName))
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	version, err := identify(ctx, source.conn)
	if err == nil {
		err = source.conn.QueryRowContext(ctx, "SELECT coalesce(max(l.at), 0) FROM memory m JOIN log l ON l.memory=m.n AND l.seq=m.head").Scan(&newest)
	}
	if err != nil {
		return nil, 0, storeError(err)
	}
	add := func(query string, read func(scan func(...any) error) (Erasure, error)) error {
		found, err := source.conn.QueryContext(ctx, query)
		if err != nil {
			return storeError(err)
		}
		return storeError(eachRow(found, func(scan func(...any) error) error {
			e, err := read(scan)
			all = append(all, e)
			return err
		}))
	}
	err = add("SELECT m.tenant, m.id, l.id, l.at, l.data FROM log l JOIN memory m ON m.n=l.memory WHERE l.cause='"+string(events.Erased)+"' ORDER BY m.n, l.seq", scanErasure)
	if err == nil && version >= withRemoved {
		err = add("SELECT tenant, id, created_at, at FROM removed ORDER BY at", func(scan func(...any) error) (e Erasure, err error) {
			return e, scan(&e.Tenant, &e.Memory, &e.CreatedAt, &e.At)
		})
	}
	return all, newest, err
}

func scanErasure(scan func(...any) error) (Erasure, error) {
	var e Erasure
	var id string
	var data []byte
	if err := scan(&e.Tenant, &e.Memory, &id, &e.At, &data); err != nil {
		return e, err
	}
	c := change.Change{ID: id}
	if err := change.Unpack(data, &c); err != nil {
		return e, fmt.Errorf("read the erasure %s: %w", id, err)
	}
	e.Event, e.UserID, e.ScopePath = c.EventID(), c.UserID, c.ScopePath
	return e, nil
}
