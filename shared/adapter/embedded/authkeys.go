package embedded

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
)

// authKeys is the ports auth.Keys and auth.Lister.
type authKeys struct{ d *db }

const apiKeyColumns = "tenant, id, name, scopes, hash, operator, created_at" //nolint:gosec // names of columns

func scanAPIKey(scan func(...any) error) (auth.Key, error) {
	var k auth.Key
	var scopes, hash []byte
	if err := scan(&k.Tenant, &k.ID, &k.Name, &scopes, &hash, &k.Operator, &k.CreatedAt); err != nil {
		return k, err
	}
	copy(k.Hash[:], hash)
	if err := json.Unmarshal(scopes, &k.Scopes); err != nil {
		return k, fmt.Errorf("decode the scopes of key %s: %w", k.ID, err)
	}
	return k, nil
}

// Find is the port's.
func (s authKeys) Find(_ context.Context, hash [32]byte) (auth.Key, error) {
	var k auth.Key
	var found bool
	err := s.d.rows(context.Background(), "SELECT "+apiKeyColumns+" FROM apikey WHERE hash=? AND revoked=0", []any{hash[:]},
		func(scan func(...any) error) (err error) {
			k, err = scanAPIKey(scan)
			found = subtle.ConstantTimeCompare(k.Hash[:], hash[:]) == 1
			return err
		})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no such key")
	}
	if err != nil {
		return auth.Key{}, err
	}
	return k, nil
}

// Put is the port's.
func (s authKeys) Put(ctx context.Context, k auth.Key) error {
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return fmt.Errorf("encode scopes: %w", err)
	}
	return s.d.writer.do(ctx, func(t *tx) error {
		added, err := t.exec("INSERT INTO apikey ("+apiKeyColumns+") VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
			k.Tenant, k.ID, k.Name, string(scopes), k.Hash[:], k.Operator, k.CreatedAt)
		if err == nil && added == 0 {
			return fault.New(fault.Conflict, "this key is there already")
		}
		return err
	})
}

// Revoke is the port's. The row stays, so that the key can't be put again.
func (s authKeys) Revoke(ctx context.Context, tenant, id string) error {
	return s.d.writer.do(ctx, func(t *tx) error {
		revoked, err := t.exec("UPDATE apikey SET revoked=1 WHERE tenant=? AND id=? AND revoked=0", tenant, id)
		if err == nil && revoked == 0 {
			return fault.New(fault.NotFound, "there is no key %q", id)
		}
		return err
	})
}

// ListKeys is the port's.
func (s authKeys) ListKeys(ctx context.Context, tenant, after string, limit int) ([]auth.Key, error) {
	var all []auth.Key
	err := s.d.rows(ctx, "SELECT "+apiKeyColumns+" FROM apikey WHERE tenant=? AND id>? AND revoked=0 ORDER BY id"+atMost,
		[]any{tenant, after, limit}, func(scan func(...any) error) error {
			k, err := scanAPIKey(scan)
			all = append(all, k)
			return err
		})
	return all, err
}
