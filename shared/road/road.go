package road

import (
	"log/slog"
	"time"

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/delivery/guard"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/feed/cursor"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/seal"
)

// Stages are the road's stages on one cloud.
type Stages struct {
	Cloud   *cloud.Cloud
	Memory  *memory.Service
	Hooks   *hook.Service
	Feed    *feed.Service
	Sender  *delivery.Sender
	Inspect *inspect.Service
	Cursors cursor.Maker
}

// perHost is how many idle connections are kept to one destination.
const perHost = 256

// keyCacheAlone is how long a key stays cached where one process has the store
// to itself; every erasure passes through that process and drops it.
const keyCacheAlone = time.Hour

// Assemble builds every stage on an open cloud.
func Assemble(c *cloud.Cloud, s Settings, version string, now func() time.Time, log *slog.Logger) *Stages {
	cfg := seal.Config{Keys: c.Keys, Cells: c.Cells, Wrapper: c.Wrapper, Now: now}
	if c.Features.OneProcess {
		cfg.CacheTTL, cfg.CellTTL = keyCacheAlone, keyCacheAlone
	}
	sealer := seal.New(cfg)
	guarded := guard.New(s.Allow)
	memories := memory.New(memory.Config{
		Registry: c.Memories, Remover: c.Remover, Store: c.Grains, Eraser: c.Eraser, Index: c.Index, Keys: c.Keys, Sealer: sealer, Log: log,
	})
	hooks := hook.New(hook.Config{
		Store: c.Hooks, Remover: c.HookRemover, Mover: c.HookMover, Policies: memories, URLs: guarded, Sealer: sealer,
	})
	cursors := cursor.New(sealer)
	return &Stages{
		Cloud: c, Memory: memories, Hooks: hooks, Cursors: cursors,
		Feed: feed.New(feed.Config{
			Log: c.Log, Compactor: c.Compactor, Consumers: c.Consumers, Current: memories,
			Teller: memories, Modes: hooks, Cursors: cursors, Now: now, Ahead: c.Ahead,
		}),
		Inspect: inspect.New(inspect.Config{
			Log: c.Log, Kept: c.Compactor, Ledger: c.Ledger, Hooks: hooks, Memories: memories, Grains: c.Grains, Troubles: c.Troubles,
			Version: version,
		}),
		Sender: newSender(c, s, version, memories, hooks, guarded, now),
	}
}

func newSender(c *cloud.Cloud, s Settings, version string, m *memory.Service, h *hook.Service, guarded *guard.Guard, now func() time.Time) *delivery.Sender {
	return delivery.New(delivery.Config{
		Hooks: c.Hooks.Get, Teller: m, Secrets: h, Modes: h, Transport: guarded.Transport(s.Timeout, perHost), Inside: guarded.Inside, Now: now,
		Settings: delivery.Settings{
			Base: s.RetryBase, Factor: s.RetryFactor, Jitter: s.RetryJitter, Timeout: s.Timeout, Version: version,
		},
	})
}
