package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/road"
)

// Assemble builds the API on a road's stages, and sees to it that somebody may
// administer it: a first admin key that had to be made is returned raw, this
// once; "" where there is one already, or none is wanted.
func Assemble(ctx context.Context, st *road.Stages, s road.Settings, version string, log *slog.Logger) (api *API, firstKey string, err error) {
	keys := auth.New(st.Cloud.Auth, st.Cloud.AuthList)
	first := auth.FirstKey{Raw: string(s.AdminKey), SHA256: s.AdminKeySHA256}
	if s.Auth || first != (auth.FirstKey{}) {
		if firstKey, err = keys.Bootstrap(ctx, change.NewDraw(time.Now()), first); err != nil {
			return nil, "", fmt.Errorf("first admin key: %w", err)
		}
	}
	api, err = New(Config{
		Cloud: st.Cloud, Memory: st.Memory, Hooks: st.Hooks, Feed: st.Feed, Inspect: st.Inspect, Tester: st.Sender,
		Keys: keys, Limiter: auth.NewLimiter(s.Rate, s.Burst, st.Cloud.Leases), Once: once.New(st.Cloud.Receipts), Cursors: st.Cursors,
		Settings: Settings{AuthOff: !bool(s.Auth), AutoCreate: bool(s.AutoCreate), Version: version},
		Draw:     func() change.Draw { return change.NewDraw(time.Now().Round(0)) }, // the wall clock: a function may be frozen between two requests
		Log:      log,
	})
	return api, firstKey, err
}
