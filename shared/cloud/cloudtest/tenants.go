package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var tenantRules = []Rule{
	{"tenants/share no grain", "Memory names one memory instance of one tenant.", tenantGrains},
	{"tenants/share no log", "Memory names one memory instance of one tenant.", tenantLogs},
	{"tenants/share no hook and no delivery", "Memory names one memory instance of one tenant.", tenantHooks},
	{"tenants/share no erasure", "Vault names whose keys are meant: one memory of one tenant.", tenantErasure},
}

// neighbours are memories that are easily taken for home.
func (b *bench) neighbours() []*bench {
	return []*bench{b.in("globex", "home"), b.in("acme", "Home"), b.in("acmeh", "ome"), b.in("acme", "home2")}
}

func tenantGrains(b *bench) {
	mine := b.add("a", called("color"), telling("tea"), about("ann"))
	b.index([]store.Stored{mine}, "red")
	for i, n := range b.neighbours() {
		for what, ref := range map[string]store.Ref{
			"hash": {Hash: mine.Hash}, "lineage": {Lineage: mine.Hash}, "prefix": {Prefix: mine.Hash[:32]}, "name": {Name: mine.Name},
		} {
			_, err := n.Grains.Load(b.ctx, n.mem, ref)
			b.refused("loading another memory's grain by "+what, err, fault.NotFound)
		}
		b.want(len(n.stands(store.Filter{})) == 0 && len(n.stands(store.Filter{Subject: mine.Subject})) == 0, "a scan shows another memory's grain")
		b.finds("a search of another memory", n.find([]string{"red"}, nil, 10))
		_, err := n.commit(n.forgetting(mine))
		b.conflict("forgetting another memory's grain", err, 0, store.Moved)
		n.index([]store.Stored{mine}, "blue")
		theirs := n.add("a", called("color"), func(s *store.Stored) { s.Box = []byte(fmt.Sprint("box ", i)) })
		got := n.load("a memory's own grain", store.Ref{Hash: mine.Hash})
		b.want(string(got.Box) == string(theirs.Box), "equal grains of two memories share their box")
		n.forget(theirs)
	}
	got := b.load("a grain beside equal ones", store.Ref{Name: mine.Name})
	b.want(got.State == store.Current && string(got.Box) == string(mine.Box), "another memory's forget took a grain")
	b.finds("a search", b.find([]string{"red"}, nil, 10), mine)
	b.finds("a search for another memory's word", b.find([]string{"blue"}, nil, 10))
}

func tenantLogs(b *bench) {
	b.hook("h", polled)
	_, err := b.Consumers.Put(b.ctx, b.mem, feed.Consumer{Hook: "h", Name: "c", At: b.opened.Now()})
	b.done("making a consumer", err)
	b.add("a")
	for _, n := range b.neighbours() {
		b.want(len(n.entries()) == 0, "a memory's log shows another's")
		n.rotate()
		for _, e := range n.entries() {
			b.want(e.Seq == 1 && len(e.Matches) == 0 && e.Change.Memory == n.mem, "a memory's first entry is %+v", e)
		}
		_, err := n.Consumers.Ack(b.ctx, n.mem, feed.Consumer{Hook: "h", Name: "c", Acked: 1, At: b.opened.Now()})
		b.refused("an ack of another memory's consumer", err, fault.NotFound)
		n.compact(2)
		kept, err := n.Compactor.Kept(b.ctx, n.mem, 0, 10)
		b.done("reading what is kept", err)
		b.want(len(kept) == 1, "a memory keeps %d rotations, not its one", len(kept))
	}
	b.want(len(b.entries()) == 1, "other memories changed this one's log")
	b.stays("c", 0)
	kept, err := b.Compactor.Kept(b.ctx, b.mem, 0, 10)
	b.done("reading what is kept", err)
	b.want(len(kept) == 0, "a memory keeps another's rotations")
}

func tenantHooks(b *bench) {
	r := b.dead()
	for _, n := range b.neighbours() {
		_, err := n.Hooks.Get(b.ctx, n.mem, "h")
		b.refused("reading another memory's hook", err, fault.NotFound)
		all, err := n.Hooks.List(b.ctx, n.mem)
		b.done("listing hooks", err)
		b.want(len(all) == 0, "a memory lists another's hooks")
		_, err = n.Ledger.Find(b.ctx, n.mem, "h", 1, 0)
		b.refused("finding another memory's delivery", err, fault.NotFound)
		b.want(len(n.list(delivery.Query{Limit: 10})) == 0, "a memory lists another's deliveries")
		jobs, err := n.Redriver.Redrive(b.ctx, n.mem, "h", []int64{1})
		b.want(len(jobs) == 0 && (err == nil || fault.KindOf(err) == fault.NotFound), "another memory's dead letter was redriven: %v", err)
		b.refused("discarding another memory's dead letter", n.Redriver.Discard(b.ctx, n.mem, "h", 1, 0, "no"), fault.NotFound)
		b.done("deleting another memory's hook", n.HookRemover.Remove(b.ctx, n.mem, "h"))
		if skipped, err := n.HookMover.SkipToHead(b.ctx, n.mem, "h"); err == nil {
			b.want(skipped == 0, "another memory's hook skipped %d changes", skipped)
		}
	}
	b.counts("h", map[delivery.Status]int{delivery.StatusDead: 2, delivery.StatusDelivered: 1})
	b.add("more")
	r.handed("after others tried to take it", "h", 4)
}

func tenantErasure(b *bench) {
	mine := b.add("a", about("ann"))
	for _, n := range b.neighbours() {
		n.add("a", about("ann"))
		before := b.bounds()
		keys, current := n.destroy(seal.Selector{Person: "ann"})
		b.want(len(keys) == 1 && len(current) == 1, "an erasure in one memory got %d keys and %d grains", len(keys), len(current))
		b.quiet("another memory's erasure", before)
		_, err := n.commit(n.adding(n.grain("b", about("ann"), under(mine.KeyID))))
		b.want(err != nil, "a memory sealed under another's key")
	}
	b.same("a scan", b.stands(store.Filter{}), mine)
	b.current(b.key(seal.Pair{Person: "ann", Scope: mine.Scope()}))
	b.supersede(mine, "a2", under(mine.KeyID))
	_, err := b.Grains.Load(b.ctx, change.Memory{}, store.Ref{Hash: mine.Hash})
	b.refused("loading from no memory", err, fault.NotFound)
}
