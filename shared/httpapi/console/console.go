// Package console is the pages on which a person sees what happened, and sets
// it right. It knows no stage and no store: everything on a page comes from the
// API, asked with the visitor's own key, so that keys, tenants and redaction
// hold here because they hold there.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// Root is the path below which all pages are.
const Root = "/console"

// Has says whether a path is one of the console's.
func Has(path string) bool { return path == Root || strings.HasPrefix(path, Root+"/") }

// Config is what a Console works with; API and Log are required.
type Config struct {
	// API is how the API is reached; without a base it is where the visitor is,
	// over TLS. Its key is never used: each call carries the visitor's.
	API *client.Client
	// SameHost hands the name on under which the visitor called: for an API
	// behind the same name as the console.
	SameHost bool
	// Stream says that an answer reaches the browser while it is written. Pages
	// are told of news then, elsewhere they ask every few seconds.
	Stream  bool
	Version string
	Now     func() time.Time // nil = time.Now
	Log     *slog.Logger
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	cfg     Config
	mux     *http.ServeMux
	pages   pages
	origins *http.CrossOriginProtection
	assets  string // names what the assets hold, so that a browser may keep them
}

//go:embed assets
var assets embed.FS

// assetNames are the files that pages load.
var assetNames = []string{"console.css", "console.js", "icon.svg"}

// New makes a Console. It fails only where a template of this package is wrong.
func New(cfg Config) (*Console, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Console{cfg: cfg, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	if err := c.serveAssets(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	var err error
	if c.pages, err = c.parse(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	for _, r := range routes {
		c.mux.HandleFunc(r.pattern, c.serving(r))
	}
	c.mux.HandleFunc(Root+"/", func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		v.fail(&client.Error{Status: http.StatusNotFound, Message: "there is no such page: go back to the overview, or search"})
	})
	return c, nil
}

// serveAssets serves the files, each under an address that changes with them.
func (c *Console) serveAssets() error {
	sum := sha256.New()
	for _, name := range assetNames {
		content, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return err
		}
		_, _ = sum.Write(content)
		c.mux.HandleFunc("GET "+Root+"/assets/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
		})
	}
	c.assets = hex.EncodeToString(sum.Sum(nil)[:8])
	return nil
}

// policy lets pages load the console's own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP serves what lies at or below Root. Forms of other sites are refused.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if err := c.origins.Check(r); err != nil {
		v := c.visit(w, r)
		v.fail(&client.Error{Status: http.StatusForbidden, Message: "this form was sent by another site: open the console itself and try there"})
		return
	}
	c.mux.ServeHTTP(w, r)
}
