package aws

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// cells is the port seal.Cells: a row per generation, and one that holds the
// newest once more.
type cells struct{ a *Adapter }

// The attributes of a cell's rows.
const (
	cellID      = "id"
	cellFirst   = "first"
	cellWrapped = "wrapped"
	cellCreated = "at" // epoch milliseconds
)

func cellKey(m change.Memory, id string) table.Key {
	return table.Key{Part: part(m), Sort: sortCell + url.QueryEscape(id)}
}

func newestKey(m change.Memory) table.Key { return table.Key{Part: part(m), Sort: sortNewest} }

func cellOf(row table.Row) seal.Cell {
	return seal.Cell{
		ID: row.Text(cellID), First: row.Text(cellFirst), Wrapped: row.Bytes(cellWrapped),
		CreatedAt: time.UnixMilli(row.Number(cellCreated)).UTC(),
	}
}

func (s cells) read(ctx context.Context, key table.Key) (seal.Cell, bool, error) {
	rows, err := s.a.cfg.Keys.Get(ctx, key)
	if err != nil {
		return seal.Cell{}, false, fmt.Errorf("read a cell key: %w", err)
	}
	return cellOf(rows[0]), rows[0] != nil, nil
}

// NewestCell is the port's.
func (s cells) NewestCell(ctx context.Context, v seal.Vault) (seal.Cell, bool, error) {
	return s.read(ctx, newestKey(memoryOf(v)))
}

// CellByID is the port's.
func (s cells) CellByID(ctx context.Context, v seal.Vault, id string) (seal.Cell, bool, error) {
	return s.read(ctx, cellKey(memoryOf(v), id))
}

// AddCell is the port's.
func (s cells) AddCell(ctx context.Context, v seal.Vault, c seal.Cell, replaces string) (seal.Cell, error) {
	m := memoryOf(v)
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return seal.Cell{}, err
	}
	row := table.Row{cellID: c.ID, cellFirst: c.First, cellWrapped: c.Wrapped, cellCreated: c.CreatedAt.UnixMilli()}
	newest := table.Op{Key: newestKey(m), Set: row, If: table.Absent}
	if replaces != "" {
		newest.If = []table.Clause{{Name: cellID, Is: table.Equal, Value: replaces}}
	}
	err := s.a.cfg.Keys.Write(ctx, newest, table.Op{Key: cellKey(m, c.ID), Set: row, If: table.Absent})
	var refused *table.ConditionError
	switch {
	case err == nil:
		return c, nil
	case !errors.As(err, &refused):
		return seal.Cell{}, fmt.Errorf("add a cell key: %w", err)
	case refused.At > 0:
		return seal.Cell{}, fault.New(fault.Conflict, "cell key id %s is taken: draw another", c.ID)
	case refused.Row == nil:
		return seal.Cell{}, fault.New(fault.Conflict, "cell key %s was never the newest: read the newest first", replaces)
	}
	return cellOf(refused.Row), nil
}
