// Package cloud is what a cloud must offer: a struct of small ports, each
// declared by the package that calls it, whose promises stand there. What a
// cloud can't do is data (Features), never a case in the core.
package cloud

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/seal"
)

// Cloud holds one of each port. Close ends what Open started; it waits for
// what was accepted.
type Cloud struct {
	Features Features

	Memories store.Registry
	Remover  store.Remover
	Counter  store.Counter
	Grains   store.Store
	Eraser   store.Eraser
	Index    store.Index

	Keys    seal.Keys
	Cells   seal.Cells
	Wrapper seal.Wrapper

	Hooks       hook.Store
	HookRemover hook.Remover
	HookMover   hook.Mover

	Log       feed.Log
	Compactor feed.Compactor
	Consumers feed.Consumers
	Ahead     func(ctx context.Context, h hook.Hook, entries []feed.Entry) // feed.Config.Ahead; nil where nothing is kept

	Queue    delivery.Queue
	Ledger   delivery.Ledger
	Redriver delivery.Redriver
	Troubles inspect.Troubles

	Auth     auth.Keys
	AuthList auth.Lister
	Receipts once.Receipts
	Leases   auth.Leases // nil where one process serves all

	// Ready fails while the cloud can't take a write, saying why.
	Ready func(ctx context.Context) error
	Close func() error
}

// Features are the differences between clouds that the core reads.
type Features struct {
	Name         string
	LongPoll     bool          // Log.Wait waits
	LongestDelay time.Duration // of a retry; longer ones are cut; 0 = any
	SeqAtCommit  bool          // Committed.Seq is filled
	OneProcess   bool          // no other process has the store open
}
