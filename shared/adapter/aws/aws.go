// Package aws keeps the promises of the ports on DynamoDB, its streams, SQS
// and KMS, pay-per-use: one write stores a memory, and the stored row is what
// is told.
//
// The life of a change: a writer puts a lineage's row, which holds the change
// (grains.go). The table's stream hands the row to Fanout, which gives the
// change its seq in a chunk of the log and puts jobs in line (fanout.go). The
// queue hands jobs to Deliver, which has them attempted and settles what came
// of it (deliver.go, settle.go). Upkeep does what nobody waits for (upkeep.go).
package aws

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/seal"
)

// Rows is a table. All reads are strongly consistent. It is safe for
// concurrent use; what the service throttled, or refused because of another
// transaction, it tries again itself until the context ends.
type Rows interface {
	// Get returns the rows of the keys, in their order, nil for those that are
	// not there. It is no snapshot: rows of one call may be of different moments.
	Get(ctx context.Context, keys ...table.Key) ([]table.Row, error)
	// Query returns a page of one partition.
	Query(ctx context.Context, q table.Query) (table.Page, error)
	// Write applies all operations or none. It fails with *table.ConditionError
	// where a condition does not hold. A write that failed otherwise may have
	// happened; the same write again is refused by its conditions then.
	Write(ctx context.Context, ops ...table.Op) error
}

// Line is a FIFO queue. It is safe for concurrent use.
type Line interface {
	// Send puts messages in line, those of one group in their order. When it
	// fails some may be in line; sending them again is harmless for five minutes.
	Send(ctx context.Context, messages []fifo.Message) error
	// Receive returns up to ten messages, the first of each group that nobody
	// has in hand and what follows it; it waits a while where there are none.
	Receive(ctx context.Context) ([]fifo.Received, error)
	// Settle ends messages in hand and hides others.
	Settle(ctx context.Context, done []string, later []fifo.Delay) error
}

// Config is what an Adapter works with. All fields are required but Console and View.
type Config struct {
	Main    Rows // the table with the stream
	Keys    Rows // the table of keys
	Jobs    Line
	Dead    Line
	Wrapper seal.Wrapper
	Now     func() time.Time
	// Pause waits, for an erasure until no process holds a key in its cache.
	Pause func(ctx context.Context, d time.Duration) error
	// Company is how long outcomes wait for others of their batch before they
	// are recorded.
	Company   time.Duration
	HoldAfter int // dead letters in a row until a hook is held; 0 = never
	// Timeout is one attempt's limit: none begins with less time left.
	Timeout time.Duration
	// Console is the address that a dead letter's message leads to; "" = none.
	Console string
	// View is for Fanout; a filter on content matches nothing without it.
	View fanout.Viewer
	Log  *slog.Logger
}

// Adapter is the cloud and what its triggers drive.
type Adapter struct {
	cfg Config
	fresh
	stamps
	worn
}

// New makes an Adapter; it asks nothing of the services yet.
func New(cfg Config) *Adapter {
	cfg.Main = newTogether(cfg.Main)
	return &Adapter{cfg: cfg}
}

// Cloud is the ports.
func (a *Adapter) Cloud() *cloud.Cloud {
	return &cloud.Cloud{
		Features: cloud.Features{Name: "aws", LongestDelay: fifo.Longest},
		Memories: registry{a}, Remover: remover{a}, Counter: grains{a}, Grains: grains{a}, Eraser: eraser{a}, Index: index{a},
		Keys: keys{a}, Cells: cells{a}, Wrapper: a.cfg.Wrapper,
		Hooks: hooks{a}, HookRemover: hooks{a}, HookMover: mover{a},
		Log: logs{a}, Compactor: logs{a}, Consumers: consumers{a},
		Queue: queue{a}, Ledger: ledger{a}, Redriver: ledger{a}, Troubles: ledger{a},
		Auth: bearers{a}, AuthList: bearers{a}, Receipts: receipts{a}, Leases: leases{a},
		Ready: a.ready,
		Close: func() error { return nil },
	}
}

// ready fails where the tables can't be read.
func (a *Adapter) ready(ctx context.Context) error {
	for name, rows := range map[string]Rows{"main": a.cfg.Main, "key": a.cfg.Keys} {
		if _, err := rows.Get(ctx, table.Key{Part: partTenants, Sort: "ready"}); err != nil {
			return fmt.Errorf("the %s table can't be read: %w", name, err)
		}
	}
	return nil
}
