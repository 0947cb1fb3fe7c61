package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var registryRules = []Rule{
	{"registry/versions", "Put is refused with fault.Conflict unless the stored version is i.Version-1 (0 = absent).", registryVersions},
	{"registry/one of several makers wins", "Put is refused with fault.Conflict unless the stored version is i.Version-1 (0 = absent).", registryRace},
	{"registry/absent", "a memory that is not there is fault.NotFound", registryAbsent},
	{"registry/lists by id", "List pages a tenant's memories by id.", registryLists},
	{"registry/removes all that a memory holds", "Remover takes a memory away with all that it holds.", registryRemoves},
	{"registry/removes no memory with hooks", "It is refused with fault.Conflict while the memory has hooks.", registryHooks},
}

func registryVersions(b *bench) {
	i, err := b.Memories.Get(b.ctx, b.mem)
	b.done("reading a memory", err)
	b.want(i.Version == 1 && i.Memory == b.mem, "a new memory is read as %+v", i)
	i.Policies, i.Description, i.Version = []string{"gdpr"}, "first\nchange", 2
	b.done("changing a memory", b.Memories.Put(b.ctx, i))
	for _, stale := range []int{0, 1, 2, 4} {
		late := i
		late.Version, late.Description = stale, "late"
		b.refused(fmt.Sprint("putting version ", stale, " where 2 stands"), b.Memories.Put(b.ctx, late), fault.Conflict)
	}
	b.crash()
	got, err := b.Memories.Get(b.ctx, b.mem)
	b.done("reading a memory", err)
	b.want(fmt.Sprint(got) == fmt.Sprint(i), "memory %+v is read as %+v", i, got)
}

func registryRace(b *bench) {
	const n = 8
	errs := side(n, func(i int) error {
		return b.Memories.Put(b.ctx, store.Instance{Memory: b.mem, Name: fmt.Sprint(i), Version: 2})
	})
	b.want(succeeded(errs) == 1, "%d of %d putters of one version succeeded", succeeded(errs), n)
	for i, err := range errs {
		if err != nil {
			b.refused("a put that came second", err, fault.Conflict)
			continue
		}
		got, err := b.Memories.Get(b.ctx, b.mem)
		b.done("reading a memory", err)
		b.want(got.Name == fmt.Sprint(i), "putter %d won, the memory is %q", i, got.Name)
	}
}

func registryAbsent(b *bench) {
	for _, m := range []change.Memory{{Tenant: "acme", ID: "no"}, {Tenant: "no", ID: "home"}, {Tenant: "acme", ID: "Home"}} {
		_, err := b.Memories.Get(b.ctx, m)
		b.refused("reading a memory that is not there", err, fault.NotFound)
		_, err = b.Log.Bounds(b.ctx, m)
		b.want(err != nil, "a memory that is not there has a log")
	}
	b.refused("version 2 of a memory that is not there",
		b.Memories.Put(b.ctx, store.Instance{Memory: change.Memory{Tenant: "acme", ID: "no"}, Version: 2}), fault.Conflict)
}

func registryLists(b *bench) {
	for _, id := range []string{"c", "a", "b", "B"} {
		b.in("acme", id)
	}
	b.in("globex", "a")
	b.reopen()
	var ids []string
	for after := ""; ; after = ids[len(ids)-1] {
		page, err := b.Memories.List(b.ctx, "acme", after, 2)
		b.done("listing memories", err)
		b.want(len(page) <= 2, "a page of 2 memories holds %d", len(page))
		for _, i := range page {
			b.want(i.Memory.Tenant == "acme", "a tenant's memories list another's")
			ids = append(ids, i.Memory.ID)
		}
		if len(page) == 0 {
			break
		}
	}
	b.want(fmt.Sprint(ids) == "[B a b c home]", "memories B a b c home are listed as %v", ids)
}

func registryRemoves(b *bench) {
	doomed := b.in("acme", "doomed")
	kept := b.add("kept", called("color"))
	g := doomed.add("g", called("color"))
	doomed.index([]store.Stored{g}, "red")
	doomed.addCell(doomed.newCell(""), "")
	doomed.idle()
	b.done("removing a memory", b.Remover.Remove(b.ctx, doomed.mem))
	for range 2 {
		_, err := b.Memories.Get(b.ctx, doomed.mem)
		b.refused("reading a removed memory", err, fault.NotFound)
		_, err = b.Grains.Load(b.ctx, doomed.mem, store.Ref{Hash: g.Hash})
		b.refused("loading from a removed memory", err, fault.NotFound)
		_, err = doomed.commit(doomed.adding(g))
		b.conflict("a write to a removed memory", err, 0, store.NoMemory)
		b.crash()
	}
	doomed.makeMemory()
	b.want(len(doomed.stands(store.Filter{})) == 0 && len(doomed.entries()) == 0, "a memory that was made again holds what was removed")
	_, found, err := b.Keys.KeyByID(b.ctx, doomed.vault(), g.KeyID)
	b.done("reading a key", err)
	b.want(!found, "a memory that was made again has a key of the removed one")
	_, found, err = b.Cells.NewestCell(b.ctx, doomed.vault())
	b.done("reading a cell", err)
	b.want(!found, "a memory that was made again has a cell of the removed one")
	b.finds("a search", doomed.find([]string{"red"}, nil, 10))
	doomed.add("g", called("color"))
	b.same("a scan of another memory", b.stands(store.Filter{}), kept)
}

func registryHooks(b *bench) {
	b.hook("h", polled)
	a := b.add("a")
	b.refused("removing a memory with a hook", b.Remover.Remove(b.ctx, b.mem), fault.Conflict)
	b.same("a scan", b.stands(store.Filter{}), a)
	b.want(len(b.entries()) == 1, "a memory that was not removed lost its log")
	b.done("deleting a hook", b.HookRemover.Remove(b.ctx, b.mem, "h"))
	b.done("removing a memory without hooks", b.Remover.Remove(b.ctx, b.mem))
}
