package httpapi

import (
	"context"
	"sync"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var errNoMemory = fault.New(fault.NotFound, "there is no such memory: GET /api/memories lists yours, POST /api/memories makes one")

// instances remembers which tenants have their default memory, which never
// goes away.
type instances struct{ tenants sync.Map }

// existing is a memory of the caller's tenant, fault.NotFound where there is
// none. The default one is always there.
func (a *API) existing(ctx context.Context, id string) (change.Memory, error) {
	return a.instance(ctx, id, id == store.DefaultID)
}

// writable is existing for calls that write or make a hook: where the settings
// say so, an unknown memory is made.
func (a *API) writable(ctx context.Context, id string) (change.Memory, error) {
	return a.instance(ctx, id, id == store.DefaultID || a.cfg.Settings.AutoCreate)
}

// own is the memory that the REM API works on.
func (a *API) own(ctx context.Context) (change.Memory, error) {
	return a.existing(ctx, store.DefaultID)
}

func (a *API) instance(ctx context.Context, id string, make bool) (change.Memory, error) {
	m := change.Memory{Tenant: callOf(ctx).caller.Tenant, ID: id}
	if id == store.DefaultID {
		if _, known := a.instances.tenants.Load(m.Tenant); known {
			return m, nil
		}
	}
	if checkMemoryID(id) != nil { // none can be made under it
		return m, errNoMemory
	}
	_, err := a.cfg.Cloud.Memories.Get(ctx, m)
	if fault.KindOf(err) == fault.NotFound {
		if !make {
			return m, errNoMemory
		}
		err = a.cfg.Cloud.Memories.Put(ctx, store.Instance{Memory: m, Name: id, CreatedAt: drawOf(ctx).At.UnixMilli(), Version: 1})
		if fault.KindOf(err) == fault.Conflict { // another caller was first
			err = nil
		}
	}
	if err == nil && id == store.DefaultID {
		a.instances.tenants.Store(m.Tenant, true)
	}
	return m, err
}
