package embedded

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// memories is the ports store.Registry, store.Remover and store.Counter.
type memories struct{ d *db }

const memoryColumns = "n, tenant, id, name, description, policies, created_at, version, head, floor"

func scanMemory(scan func(...any) error) (memoryRow, error) {
	var m memoryRow
	var policies []byte
	err := scan(&m.n, &m.Memory.Tenant, &m.Memory.ID, &m.Name, &m.Description, &policies, &m.CreatedAt, &m.Version, &m.head, &m.floor)
	if err != nil {
		return memoryRow{}, err
	}
	if err := json.Unmarshal(policies, &m.Policies); err != nil {
		return memoryRow{}, fmt.Errorf("decode the policies of memory %s: %w", m.Memory.ID, err)
	}
	return m, nil
}

// memoryRow reads a memory; its n is 0 where there is none.
func (t *tx) memoryRow(m change.Memory) (memoryRow, error) {
	var row memoryRow
	err := t.rows("SELECT "+memoryColumns+" FROM memory WHERE tenant=? AND id=?", []any{m.Tenant, m.ID},
		func(scan func(...any) error) (err error) {
			row, err = scanMemory(scan)
			return err
		})
	return row, err
}

// Put is the port's.
func (s memories) Put(ctx context.Context, i store.Instance) error {
	policies, err := json.Marshal(i.Policies)
	if err != nil {
		return fmt.Errorf("encode policies: %w", err)
	}
	return s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.draft(i.Memory)
		if err != nil {
			return err
		}
		if in.row.Version != i.Version-1 {
			return fault.New(fault.Conflict, "memory %q was changed meanwhile: it has version %d now", i.Memory.ID, in.row.Version)
		}
		if in.row.n != 0 {
			i.CreatedAt = in.row.CreatedAt
			in.row.Instance = i
			_, err = t.exec("UPDATE memory SET name=?, description=?, policies=?, version=? WHERE n=?",
				i.Name, i.Description, string(policies), i.Version, in.row.n)
			return err
		}
		n, err := t.insert("INSERT INTO memory (tenant, id, name, description, policies, created_at, version) VALUES (?,?,?,?,?,?,?)",
			i.Memory.Tenant, i.Memory.ID, i.Name, i.Description, string(policies), i.CreatedAt, i.Version)
		in.row = memoryRow{n: n, Instance: i, floor: 1}
		return err
	})
}

// Get is the port's.
func (s memories) Get(ctx context.Context, m change.Memory) (store.Instance, error) {
	r, err := s.d.room(ctx, m)
	if err != nil {
		return store.Instance{}, err
	}
	if r == nil {
		return store.Instance{}, noMemory(m)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.row.Instance, nil
}

// List is the port's.
func (s memories) List(ctx context.Context, tenant, after string, limit int) ([]store.Instance, error) {
	var all []store.Instance
	err := s.d.rows(ctx, "SELECT "+memoryColumns+" FROM memory WHERE tenant=? AND id>? ORDER BY id"+atMost,
		[]any{tenant, after, limit}, func(scan func(...any) error) error {
			m, err := scanMemory(scan)
			all = append(all, m.Instance)
			return err
		})
	return all, err
}

// Remove is the port's. The space is overwritten, as after an erasure.
func (s memories) Remove(ctx context.Context, m change.Memory) error {
	var there bool
	err := s.d.writer.do(ctx, func(t *tx) error {
		there = false
		in, err := t.existing(m)
		if err != nil {
			return err
		}
		if len(in.hooks.rows) > 0 {
			return fault.New(fault.Conflict, "memory %q has hooks: delete them first", m.ID)
		}
		there = true
		return t.removeMemory(in)
	})
	if err != nil || !there {
		return err
	}
	return s.d.scrub(ctx)
}

func (t *tx) removeMemory(in *draft) error {
	n := in.row.n
	t.after(func() { t.d.unfiled.remove(t.d.unfiled.list(n)...) })
	const ofMemory = "grain WHERE shelf IN (SELECT n FROM shelf WHERE memory=?)"
	if err := t.unindex("SELECT n FROM "+ofMemory, n); err != nil {
		return err
	}
	for _, query := range [...]string{
		"DELETE FROM docs WHERE memory=?", "DELETE FROM " + ofMemory, "DELETE FROM filed WHERE memory=?", "DELETE FROM shelf WHERE memory=?",
		"DELETE FROM log WHERE memory=?", "DELETE FROM seal_key WHERE memory=?", "DELETE FROM seal_cell WHERE memory=?",
		"DELETE FROM memory WHERE n=?",
	} {
		if _, err := t.exec(query, n); err != nil {
			return err
		}
	}
	if _, err := t.exec("INSERT OR REPLACE INTO removed (tenant, id, created_at, at) VALUES (?,?,?,?)",
		in.row.Memory.Tenant, in.row.Memory.ID, in.row.CreatedAt, t.d.now().UnixMilli()); err != nil {
		return err
	}
	// What follows in this transaction finds no memory; a new one under the
	// name gets another number.
	in.removed = true
	delete(t.drafts, in.row.Memory)
	fresh := &draft{room: &room{woken: make(chan struct{})}}
	t.drafts[in.row.Memory] = fresh
	t.order = append(t.order, fresh)
	t.dropKeys(in)
	return nil
}

// Count is the port's.
func (s memories) Count(ctx context.Context, m change.Memory) (store.Statistics, error) {
	out := store.Statistics{Types: map[string]int{}}
	if _, err := s.Get(ctx, m); err != nil {
		return out, err
	}
	err := s.d.rows(ctx, "SELECT namespace, type, sum(grains), sum(bytes) FROM shelf WHERE memory="+memoryN+
		" AND grains>0 GROUP BY namespace, type ORDER BY namespace", named(m), func(scan func(...any) error) error {
		var namespace, kind string
		var grains int
		var bytes int64
		if err := scan(&namespace, &kind, &grains, &bytes); err != nil {
			return err
		}
		out.Grains += grains
		out.Bytes += bytes
		out.Types[kind] += grains
		if k := len(out.Namespaces); k == 0 || out.Namespaces[k-1] != namespace {
			out.Namespaces = append(out.Namespaces, namespace)
		}
		return nil
	})
	return out, err
}
