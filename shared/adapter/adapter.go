// Package adapter is the one list of clouds. Each adapter is a leaf: the core
// does not know it, and no adapter knows another.
package adapter

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// Config is what opening a cloud may need; each takes what it knows.
type Config struct {
	Dir       string // data folder
	MasterKey string // as localmaster reads it; "" = the file in the data folder
	HoldAfter int    // dead letters in a row until a hook is held
	Attempts  int    // made at once, beside one of each hook; 0: the cloud's own
	Random    io.Reader
	Now       func() time.Time // nil: the cloud's own
	Log       *slog.Logger
}

// clouds has one row per cloud. To add one, write its adapter, pass cloudtest,
// and add its row here.
var clouds = map[string]func(context.Context, Config) (*cloud.Cloud, error){
	"embedded": openEmbedded,
}

// Open opens a cloud by name.
func Open(ctx context.Context, name string, cfg Config) (*cloud.Cloud, error) {
	open, ok := clouds[name]
	if !ok {
		return nil, fmt.Errorf("MEMHOOKS_CLOUD=%q is not part of this build: use one of %v", name, slices.Sorted(maps.Keys(clouds)))
	}
	return open(ctx, cfg)
}

func openEmbedded(ctx context.Context, cfg Config) (*cloud.Cloud, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("MEMHOOKS_DATA=%q: the data folder can't be made: %w", cfg.Dir, err)
	}
	master := func(sealed bool) (seal.Wrapper, error) {
		open := localmaster.Open
		if sealed {
			open = localmaster.OpenKept
		}
		m, err := open(cfg.Dir, cfg.MasterKey, cfg.Random)
		if err != nil {
			return nil, fmt.Errorf("master key: %w", err)
		}
		return m, nil
	}
	return embedded.Open(ctx, embedded.Config{Dir: cfg.Dir, Master: master, HoldAfter: cfg.HoldAfter, Attempts: cfg.Attempts, Now: cfg.Now, Log: cfg.Log})
}
