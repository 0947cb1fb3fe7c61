package aws

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// registry is the port store.Registry.
type registry struct{ a *Adapter }

// The attributes of a memory's row. Empty texts are left out.
const (
	memoryName     = "name"
	memoryText     = "description"
	memoryPolicies = "policies" // JSON
	memoryMade     = "created"
	memoryVersion  = "version"
	memoryPut      = "put"   // drawn anew for each put
	memoryAfter    = "after" // when the removal of one of the same name ended; missing where none did of late
)

// Put is the port's. The tenant's row is put before its first memory, so that
// none is there without it.
func (r registry) Put(ctx context.Context, i store.Instance) error {
	asked := r.a.cfg.Now()
	ops := []table.Op{{Key: memoryKey(i.Memory), Set: table.Row{memoryVersion: int64(i.Version), memoryPut: rand.Text()}}}
	op := &ops[0]
	if i.Version == 1 {
		if err := r.a.cfg.Main.Write(ctx, table.Op{Key: tenantKey(i.Memory.Tenant)}); err != nil {
			return fmt.Errorf("note tenant %q: %w", i.Memory.Tenant, err)
		}
		removal, err := r.a.cfg.Main.Get(ctx, removalKey(i.Memory))
		if err != nil {
			return fmt.Errorf("look for a removal of memory %q: %w", i.Memory.ID, err)
		}
		over := table.Absent
		if ended := removal[0].Number(removalEnded); ended > 0 {
			op.Set[memoryAfter], over = ended, []table.Clause{{Name: removalEnded, Is: table.Equal, Value: ended}}
		}
		op.Set[memoryMade], op.If = i.CreatedAt, table.Absent
		ops = append(ops, table.Op{Action: table.Check, Key: removalKey(i.Memory), If: over})
		op = &ops[0]
	} else {
		op.Action = table.Update
		op.If = []table.Clause{{Name: memoryVersion, Is: table.Equal, Value: int64(i.Version - 1)}}
	}
	if err := describe(op, i); err != nil {
		return err
	}
	err := r.a.cfg.Main.Write(ctx, ops...)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused) && refused.At > 0:
		return fault.New(fault.Unavailable, "memory %q is being removed: try again in a few seconds", i.Memory.ID)
	case errors.As(err, &refused) && !wasPut(refused.Row, op):
		return fault.New(fault.Conflict, "memory %q was changed meanwhile: it has version %d now", i.Memory.ID, refused.Row.Number(memoryVersion))
	case err != nil && refused == nil:
		return fmt.Errorf("put memory %q: %w", i.Memory.ID, err)
	}
	r.a.believe(belief{memory: i.Memory}, asked)
	return nil
}

// wasPut says whether an operation was refused because it had happened already:
// it was sent twice, and its first answer got lost.
func wasPut(row table.Row, op *table.Op) bool {
	for name, value := range op.Set {
		if row[name] != value {
			return false
		}
	}
	return true
}

// describe adds a memory's texts to the operation that puts or updates it.
func describe(op *table.Op, i store.Instance) error {
	policies := ""
	if len(i.Policies) > 0 {
		text, err := json.Marshal(i.Policies)
		if err != nil {
			return fmt.Errorf("encode the policies of memory %q: %w", i.Memory.ID, err)
		}
		policies = string(text)
	}
	for name, text := range map[string]string{memoryName: i.Name, memoryText: i.Description, memoryPolicies: policies} {
		switch {
		case text != "":
			op.Set[name] = text
		case op.Action == table.Update:
			op.Remove = append(op.Remove, name)
		}
	}
	return nil
}

// Get is the port's.
func (r registry) Get(ctx context.Context, m change.Memory) (store.Instance, error) {
	rows, err := r.a.cfg.Main.Get(ctx, memoryKey(m))
	switch {
	case err != nil:
		return store.Instance{}, fmt.Errorf("read memory %q: %w", m.ID, err)
	case rows[0] == nil:
		return store.Instance{}, noMemory(m)
	}
	return instanceOf(m, rows[0])
}

// List is the port's. The ids stand in the sort keys as they are, so that
// their order is that of the bytes.
func (r registry) List(ctx context.Context, tenant, after string, limit int) ([]store.Instance, error) {
	var all []store.Instance
	if limit <= 0 {
		return nil, nil
	}
	q := table.Query{Part: tenantPart(tenant), Limit: limit}
	q.From, q.To = table.Prefix(sortMemory)
	if after != "" {
		q.After = sortMemory + after
	}
	err := eachPage(ctx, r.a.cfg.Main, q, func(rows []table.Found) (bool, error) {
		for _, f := range rows {
			i, err := instanceOf(change.Memory{Tenant: tenant, ID: f.Sort[len(sortMemory):]}, f.Row)
			if err != nil {
				return false, err
			}
			all = append(all, i)
		}
		return len(all) < limit, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the memories of tenant %q: %w", tenant, err)
	}
	return all[:min(len(all), limit)], nil
}

func instanceOf(m change.Memory, row table.Row) (store.Instance, error) {
	i := store.Instance{
		Memory: m, Name: row.Text(memoryName), Description: row.Text(memoryText),
		CreatedAt: row.Number(memoryMade), Version: int(row.Number(memoryVersion)),
	}
	if text := row.Text(memoryPolicies); text != "" {
		if err := json.Unmarshal([]byte(text), &i.Policies); err != nil {
			return i, fmt.Errorf("decode the policies of memory %q: %w", m.ID, err)
		}
	}
	return i, nil
}

func tenantKey(tenant string) table.Key { return table.Key{Part: partTenants, Sort: tenant} }

func noMemory(m change.Memory) error {
	return fault.New(fault.NotFound, "there is no memory %q: make it first", m.ID)
}

// memoryThere says whether a memory is there; that it is, is believed for a
// while.
func (a *Adapter) memoryThere(ctx context.Context, m change.Memory) (bool, error) {
	asked, b := a.cfg.Now(), belief{memory: m}
	if a.believed(b, asked) {
		return true, nil
	}
	rows, err := a.cfg.Main.Get(ctx, memoryKey(m))
	if err != nil {
		return false, fmt.Errorf("read memory %q: %w", m.ID, err)
	}
	if rows[0] == nil {
		return false, nil
	}
	a.believe(b, asked)
	return true, nil
}

// allMemories calls each for every memory of every tenant; those that are made
// meanwhile may be left out.
func (a *Adapter) allMemories(ctx context.Context, each func(change.Memory) error) error {
	return eachPage(ctx, a.cfg.Main, table.Query{Part: partTenants}, func(tenants []table.Found) (bool, error) {
		for _, tenant := range tenants {
			q := table.Query{Part: tenantPart(tenant.Sort)}
			q.From, q.To = table.Prefix(sortMemory)
			err := eachPage(ctx, a.cfg.Main, q, func(rows []table.Found) (bool, error) {
				for _, f := range rows {
					if err := each(change.Memory{Tenant: tenant.Sort, ID: f.Sort[len(sortMemory):]}); err != nil {
						return false, err
					}
				}
				return true, nil
			})
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
}
