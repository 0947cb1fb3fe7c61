package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/road"
)

// newAPI builds the API on the stages, and sees to it that somebody may
// administer it: a key that had to be made is printed, this once.
func newAPI(ctx context.Context, st *road.Stages, s road.Settings, out io.Writer, log *slog.Logger) (*httpapi.API, error) {
	keys := auth.New(st.Cloud.Auth, st.Cloud.AuthList)
	first := auth.FirstKey{Raw: string(s.AdminKey), SHA256: s.AdminKeySHA256}
	if s.Auth || first != (auth.FirstKey{}) {
		raw, err := keys.Bootstrap(ctx, change.NewDraw(time.Now()), first)
		if err != nil {
			return nil, fmt.Errorf("first admin key: %w", err)
		}
		if raw != "" {
			fmt.Fprintf(out, "first admin key, shown this once: %s\n", raw)
		}
	}
	return httpapi.New(httpapi.Config{
		Cloud: st.Cloud, Memory: st.Memory, Hooks: st.Hooks, Feed: st.Feed, Tester: st.Sender,
		Keys: keys, Limiter: auth.NewLimiter(s.Rate, s.Burst), Once: once.New(st.Cloud.Receipts),
		Settings: httpapi.Settings{AuthOff: !bool(s.Auth), AutoCreate: bool(s.AutoCreate), Version: version},
		Draw:     func() change.Draw { return change.NewDraw(time.Now()) },
		Log:      log,
	})
}
