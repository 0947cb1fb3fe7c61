package trigger

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
)

// Function is what every function begins with: the cloud, and the stages on it.
type Function struct {
	Settings road.Settings
	Adapter  *aws.Adapter
	Stages   *road.Stages
	Log      *slog.Logger
}

// Open reads the settings and builds the stages; the services are asked when
// the first event comes. Logs are JSON lines on the standard error, which
// Lambda keeps.
func Open(environ []string, version string) (*Function, error) {
	s, err := road.Load(environ)
	if err != nil {
		return nil, err
	}
	if s.Auth && (s.AdminKeySHA256 == road.Digest{}) && s.AdminKey == "" {
		return nil, fmt.Errorf(`MEMHOOKS_ADMIN_KEY_SHA256="": deploy with AdminKeyHash, the SHA-256 of a first admin key; one made here would be seen in a log`)
	}
	f := &Function{Settings: s, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))}
	cfg, err := aws.Connect(aws.Settings{
		Table: s.Table, KeyTable: s.KeyTable, QueueURL: s.QueueURL, DeadQueueURL: s.DeadQueueURL, KMSKey: s.KMSKey,
		Timeout: s.Timeout, HoldAfter: s.HoldAfter, Console: s.ConsoleURL, View: f.view, Log: f.Log,
	})
	if err != nil {
		return nil, err
	}
	f.Adapter = aws.New(cfg)
	f.Stages = road.Assemble(f.Adapter.Cloud(), s, version, aws.Clock, f.Log)
	return f, nil
}

// view is the memory stage's, which stands on the adapter that asks for it.
func (f *Function) view(ctx context.Context, m change.Memory, st store.Stored) (change.View, error) {
	return f.Stages.Memory.View(ctx, m, st)
}

// Fault tells of a failure that the trigger is not told.
func (f *Function) Fault(err error) {
	f.Log.Error("a part of a batch failed; it comes again", "error", err)
	if err := Count(os.Stdout, time.Now(), f.Settings.Table, Faults, 1); err != nil {
		f.Log.Error("a metric was not written", "error", err)
	}
}
