package aws

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
)

// bearers is the ports auth.Keys and auth.Lister. A key has two equal rows, one
// by its hash and one by its id. The first stays when the key is revoked, with
// nothing but that in it, so that the key can't be put again.
type bearers struct{ a *Adapter }

// The attributes of a bearer key's rows.
const (
	bearerID       = "id"
	bearerTenant   = "tenant"
	bearerName     = "name"
	bearerScopes   = "scopes" // parted by spaces
	bearerHash     = "hash"
	bearerOperator = "operator" // 1, or missing
	bearerCreated  = "at"       // epoch milliseconds
	bearerRevoked  = "revoked"  // 1, or missing
)

func hashKey(hash []byte) table.Key {
	return table.Key{Part: "A#" + hex.EncodeToString(hash), Sort: "a"}
}

func bearerKey(tenant, id string) table.Key {
	return table.Key{Part: tenantPart(tenant), Sort: sortAuth + url.QueryEscape(id)}
}

func bearerRow(k auth.Key) table.Row {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	row := table.Row{
		bearerID: k.ID, bearerTenant: k.Tenant, bearerName: k.Name, bearerScopes: strings.Join(scopes, " "),
		bearerHash: k.Hash[:], bearerCreated: k.CreatedAt,
	}
	if k.Operator {
		row[bearerOperator] = int64(1)
	}
	return row
}

func bearerOf(row table.Row) auth.Key {
	k := auth.Key{
		ID: row.Text(bearerID), Tenant: row.Text(bearerTenant), Name: row.Text(bearerName),
		Operator: row.Number(bearerOperator) == 1, CreatedAt: row.Number(bearerCreated),
	}
	for _, s := range strings.Fields(row.Text(bearerScopes)) {
		k.Scopes = append(k.Scopes, auth.Scope(s))
	}
	copy(k.Hash[:], row.Bytes(bearerHash))
	return k
}

// Find is the port's.
func (s bearers) Find(ctx context.Context, hash [32]byte) (auth.Key, error) {
	rows, err := s.a.cfg.Main.Get(ctx, hashKey(hash[:]))
	if err != nil {
		return auth.Key{}, fmt.Errorf("find a bearer key: %w", err)
	}
	k := bearerOf(rows[0])
	if k.ID == "" || subtle.ConstantTimeCompare(k.Hash[:], hash[:]) != 1 {
		return auth.Key{}, fault.New(fault.NotFound, "there is no such key")
	}
	return k, nil
}

// Put is the port's.
func (s bearers) Put(ctx context.Context, k auth.Key) error {
	row := bearerRow(k)
	err := s.a.cfg.Main.Write(ctx,
		table.Op{Key: hashKey(k.Hash[:]), Set: row, If: table.Absent},
		table.Op{Key: bearerKey(k.Tenant, k.ID), Set: row, If: table.Absent},
	)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return fault.New(fault.Conflict, "this key is there already")
	case err != nil:
		return fmt.Errorf("put a bearer key: %w", err)
	}
	return nil
}

// Revoke is the port's.
func (s bearers) Revoke(ctx context.Context, tenant, id string) error {
	rows, err := s.a.cfg.Main.Get(ctx, bearerKey(tenant, id))
	if err != nil {
		return fmt.Errorf("revoke a bearer key: %w", err)
	}
	none := fault.New(fault.NotFound, "there is no key %q", id)
	if rows[0] == nil {
		return none
	}
	err = s.a.cfg.Main.Write(ctx,
		table.Op{Key: hashKey(rows[0].Bytes(bearerHash)), Set: table.Row{bearerRevoked: int64(1)}},
		table.Op{Action: table.Delete, Key: bearerKey(tenant, id), If: table.Present},
	)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return none
	case err != nil:
		return fmt.Errorf("revoke a bearer key: %w", err)
	}
	return nil
}

// ListKeys is the port's.
func (s bearers) ListKeys(ctx context.Context, tenant, after string, limit int) ([]auth.Key, error) {
	q := table.Query{Part: tenantPart(tenant)}
	q.From, q.To = table.Prefix(sortAuth)
	if after != "" {
		q.After = sortAuth + url.QueryEscape(after)
	}
	var all []auth.Key
	for len(all) < limit {
		q.Limit = limit - len(all)
		page, err := s.a.cfg.Main.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("list bearer keys: %w", err)
		}
		for _, f := range page.Rows {
			all = append(all, bearerOf(f.Row))
			q.After = f.Sort
		}
		if !page.More {
			break
		}
	}
	return all, nil
}
