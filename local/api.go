package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/road"
)

// newAPI builds the API on the stages. A first admin key that had to be made
// is printed, this once.
func newAPI(ctx context.Context, st *road.Stages, s road.Settings, out io.Writer, log *slog.Logger) (*httpapi.API, error) {
	api, raw, err := httpapi.Assemble(ctx, st, s, version, log)
	if raw != "" {
		fmt.Fprintf(out, "first admin key, shown this once: %s\n", raw)
	}
	return api, err
}
