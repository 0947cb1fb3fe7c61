package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/httpapi/client"
	"github.com/memhooks/memhooks/shared/httpapi/console"
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

// withConsole puts the console's pages beside an API in the same process. A
// browser that is pointed at the server alone is led to them.
func withConsole(api http.Handler, log *slog.Logger) (http.Handler, error) {
	pages, err := console.New(console.Config{
		API:      &client.Client{Base: "http://localhost", Transport: client.InProcess(api)},
		SameHost: true, Stream: true, Version: version, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case console.Has(r.URL.Path):
			pages.ServeHTTP(w, r)
		case r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/console", http.StatusSeeOther)
		default:
			api.ServeHTTP(w, r)
		}
	}), nil
}
