// Package httpapi is HTTP in, services out: both APIs on one set of services,
// and the only place that knows status codes. Every route is one row of a
// table; what holds for all of them (request ids, keys, rates, sizes, strict
// JSON, idempotency, the shape of errors) is done once, before and around it.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/feed/cursor"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/once"
)

// Config is what an API works with; all fields are required. Draw is called
// once for each request: its time and its randomness are the request's.
type Config struct {
	Cloud    *cloud.Cloud
	Memory   *memory.Service
	Hooks    *hook.Service
	Feed     *feed.Service
	Inspect  *inspect.Service
	Tester   Tester
	Keys     *auth.Service
	Limiter  *auth.Limiter
	Once     *once.Service
	Cursors  cursor.Maker
	Settings Settings
	Draw     func() change.Draw
	Log      *slog.Logger
}

// Settings are what an operator chooses.
type Settings struct {
	AuthOff    bool   // every caller is an administrator of the tenant "default"
	AutoCreate bool   // writes to an unknown memory make it
	Version    string // of the product, shown in the API's description
}

// Tester sends a hook one marked sample and tells how it went; it counts
// nowhere. It answers within one attempt's limit.
type Tester interface {
	Test(ctx context.Context, h hook.Hook) delivery.Outcome
}

// API serves both APIs, their description and the health checks. It is safe
// for concurrent use.
type API struct {
	cfg       Config
	mux       *http.ServeMux
	huma      huma.API
	endpoints map[string]endpoint // by mux pattern; public ones are absent
	instances instances
	ready     readiness
	origins   *http.CrossOriginProtection
}

// New makes an API. It fails only where a table of this package is wrong.
func New(cfg Config) (*API, error) {
	useOurErrors()
	a := &API{cfg: cfg, mux: http.NewServeMux(), endpoints: map[string]endpoint{}, origins: http.NewCrossOriginProtection()}
	a.huma = huma.NewAPI(description(cfg.Settings.Version), adapter{a})
	for _, table := range [][]endpoint{
		a.healthRoutes(), a.keyRoutes(), a.memoryRoutes(), a.namedRoutes(), a.webhookRoutes(), a.deadLetterRoutes(),
		a.areevRoutes(), a.inspectRoutes(),
	} {
		for _, e := range table {
			if err := a.register(e); err != nil {
				return nil, err
			}
		}
	}
	a.publish()
	return a, nil
}

// useOurErrors makes huma write errors in this package's shape and take names
// of fields and null arrays literally. They are package variables of huma and
// can be set nowhere else; they are set once, before the first request.
var useOurErrors = sync.OnceFunc(func() {
	huma.NewError = fromHuma
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	useOurWords()
})
