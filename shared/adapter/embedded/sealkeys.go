package embedded

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// sealKeys is the ports seal.Keys and seal.Cells. Their reads ask the readers
// only, never the writer: an erasure's plan calls them from inside of it.
type sealKeys struct{ d *db }

const keyColumns = "id, person, scope, cell, wrapped, state, created_at"

func scanKey(scan func(...any) error, more ...any) (seal.KeyRecord, error) {
	var k seal.KeyRecord
	var at int64
	err := scan(append(more, &k.ID, &k.Pair.Person, &k.Pair.Scope, &k.Cell, &k.Wrapped, &k.State, &at)...)
	k.CreatedAt = time.UnixMilli(at).UTC()
	return k, err
}

func vaultMemory(v seal.Vault) change.Memory { return change.Memory{Tenant: v.Tenant, ID: v.Memory} }

// key reads the first key that a condition picks.
func (s sealKeys) key(v seal.Vault, condition string, args ...any) (k seal.KeyRecord, found bool, err error) {
	err = s.d.rows(context.Background(), "SELECT "+keyColumns+" FROM seal_key WHERE memory="+memoryN+" "+condition,
		named(vaultMemory(v), args...), func(scan func(...any) error) (err error) {
			k, err = scanKey(scan)
			found = true
			return err
		})
	return k, found && err == nil, err
}

// CurrentKey is the port's.
func (s sealKeys) CurrentKey(_ context.Context, v seal.Vault, p seal.Pair) (seal.KeyRecord, bool, error) {
	return s.key(v, "AND person=? AND scope=? AND state='live' ORDER BY n DESC LIMIT 1", p.Person, p.Scope)
}

// KeyByID is the port's.
func (s sealKeys) KeyByID(_ context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	return s.key(v, "AND id=?", id)
}

// CreateKey is the port's.
func (s sealKeys) CreateKey(ctx context.Context, v seal.Vault, k seal.KeyRecord, replaces string) (seal.KeyRecord, error) {
	var stands seal.KeyRecord
	err := s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(vaultMemory(v))
		if err != nil {
			return err
		}
		stands = seal.KeyRecord{}
		err = t.rows("SELECT "+keyColumns+" FROM seal_key WHERE memory=? AND person=? AND scope=? AND state='live' ORDER BY n DESC LIMIT 1",
			[]any{in.row.n, k.Pair.Person, k.Pair.Scope}, func(scan func(...any) error) (err error) {
				stands, err = scanKey(scan)
				return err
			})
		if err != nil || stands.ID != "" && stands.ID != replaces {
			return err
		}
		added, err := t.exec(`INSERT INTO seal_key (memory, id, person, scope, cell, wrapped, state, created_at)
			VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			in.row.n, k.ID, k.Pair.Person, k.Pair.Scope, k.Cell, k.Wrapped, string(k.State), k.CreatedAt.UnixMilli())
		if err == nil && added == 0 {
			return fault.New(fault.Conflict, "key id %s is taken: draw another", k.ID)
		}
		stands = k
		return err
	})
	return stands, err
}

const cellColumns = "id, first, wrapped, created_at"

func scanCell(scan func(...any) error) (seal.Cell, error) {
	var c seal.Cell
	var at int64
	err := scan(&c.ID, &c.First, &c.Wrapped, &at)
	c.CreatedAt = time.UnixMilli(at).UTC()
	return c, err
}

func (s sealKeys) cell(v seal.Vault, condition string, args ...any) (c seal.Cell, found bool, err error) {
	err = s.d.rows(context.Background(), "SELECT "+cellColumns+" FROM seal_cell WHERE memory="+memoryN+" "+condition,
		named(vaultMemory(v), args...), func(scan func(...any) error) (err error) {
			c, err = scanCell(scan)
			found = true
			return err
		})
	return c, found && err == nil, err
}

// NewestCell is the port's.
func (s sealKeys) NewestCell(_ context.Context, v seal.Vault) (seal.Cell, bool, error) {
	return s.cell(v, "ORDER BY n DESC LIMIT 1")
}

// CellByID is the port's.
func (s sealKeys) CellByID(_ context.Context, v seal.Vault, id string) (seal.Cell, bool, error) {
	return s.cell(v, "AND id=?", id)
}

// AddCell is the port's.
func (s sealKeys) AddCell(ctx context.Context, v seal.Vault, c seal.Cell, replaces string) (seal.Cell, error) {
	var stands seal.Cell
	err := s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(vaultMemory(v))
		if err != nil {
			return err
		}
		stands = seal.Cell{}
		err = t.rows("SELECT "+cellColumns+" FROM seal_cell WHERE memory=? ORDER BY n DESC LIMIT 1", []any{in.row.n},
			func(scan func(...any) error) (err error) {
				stands, err = scanCell(scan)
				return err
			})
		if err != nil || stands.ID != "" && stands.ID != replaces {
			return err
		}
		stands = c
		_, err = t.exec("INSERT INTO seal_cell (memory, id, first, wrapped, created_at) VALUES (?,?,?,?,?)",
			in.row.n, c.ID, c.First, c.Wrapped, c.CreatedAt.UnixMilli())
		return err
	})
	return stands, err
}

// unlock opens the wrapper that the newest cell was wrapped by.
func (d *db) unlock(ctx context.Context, master func(sealed bool) (seal.Wrapper, error)) (seal.Wrapper, error) {
	var v seal.Vault
	var c seal.Cell
	sealed, err := d.row("SELECT m.tenant, m.id, c.id, c.wrapped FROM seal_cell c JOIN memory m ON m.n = c.memory ORDER BY c.n DESC LIMIT 1", nil,
		&v.Tenant, &v.Memory, &c.ID, &c.Wrapped)
	if err != nil {
		return nil, err
	}
	w, err := master(sealed)
	if err == nil && sealed {
		err = seal.CheckCell(ctx, w, v, c)
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}
