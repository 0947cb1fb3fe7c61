package httpapi

import (
	"embed"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// description is what /openapi.json begins with.
func description(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "memhooks", Version: version,
				Description: "Memory for agents, with events that other systems can trust. " +
					"Errors are {\"error\":{\"code\",\"message\"}}; the message says what to do next. " +
					"Any POST may carry an Idempotency-Key: the same key and body within 24 hours gets the first answer again.",
			},
			Servers: []*huma.Server{{URL: "/"}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearer: {Type: "http", Scheme: "bearer", Description: "A key with the scope that the operation names: read, write or admin. An admin key has all."},
				},
			},
		},
		Formats:                      map[string]huma.Format{jsonType: jsonFormat},
		DefaultFormat:                jsonType,
		RejectUnknownQueryParameters: true,
	}
}

//go:embed docs.html docs.css docs.js
var pages embed.FS

// policy lets the page load its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// publish serves the description, which is complete by now, and the page that
// shows it. They stand in it themselves.
func (a *API) publish() {
	spec := a.huma.OpenAPI()
	page := func(name string) func() ([]byte, error) {
		return func() ([]byte, error) { return pages.ReadFile(name) }
	}
	files := []struct {
		path, id, kind, summary string
		write                   func() ([]byte, error)
	}{
		{"/openapi.json", "openapi-json", "application/openapi+json", "This description as JSON", spec.MarshalJSON},
		{"/openapi.yaml", "openapi-yaml", "application/openapi+yaml", "This description as YAML", spec.YAML},
		{"/docs", "docs", "text/html; charset=utf-8", "This description as a page", page("docs.html")},
		{"/docs/docs.css", "docs-style", "text/css; charset=utf-8", "The style of that page", page("docs.css")},
		{"/docs/docs.js", "docs-script", "text/javascript; charset=utf-8", "The script of that page", page("docs.js")},
	}
	for _, f := range files {
		spec.AddOperation(&huma.Operation{
			Method: http.MethodGet, Path: f.path, OperationID: f.id, Summary: f.summary, Tags: []string{"Service"},
			Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{f.kind: {}}}},
		})
	}
	for _, f := range files {
		written := sync.OnceValues(f.write) // not before it is asked for: a function starts often
		a.mux.HandleFunc("GET "+f.path, func(w http.ResponseWriter, _ *http.Request) {
			body, err := written()
			if err != nil {
				panic(fmt.Errorf("write %s: %w", f.path, err)) // the guard logs it and answers
			}
			w.Header().Set("Content-Type", f.kind)
			w.Header().Set("Content-Security-Policy", policy)
			_, _ = w.Write(body)
		})
	}
}
