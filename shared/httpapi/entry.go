package httpapi

import (
	"net/http"
	"strings"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// bearer names the security scheme in the description.
const bearer = "bearer"

// identify finds out who calls. Without authentication every caller may do
// everything, but for web pages of other sites, whose visitors did not ask for
// it; a key that is valid still says in which tenant.
func (a *API) identify(r *http.Request, d change.Draw) (auth.Key, error) {
	raw, given := bearerKey(r.Header.Get("Authorization"))
	if a.cfg.Settings.AuthOff {
		if err := a.origins.Check(r); err != nil {
			return auth.Key{}, errCrossOrigin
		}
		open := auth.Key{Tenant: auth.DefaultTenant, Scopes: []auth.Scope{auth.Admin}, Operator: true}
		if !given {
			return open, nil
		}
		if key, err := a.cfg.Keys.Authenticate(r.Context(), raw, d.At); err == nil {
			open.Tenant, open.ID = key.Tenant, key.ID
		}
		return open, nil
	}
	if !given {
		return auth.Key{}, fault.New(fault.AuthRequired, "a key is needed: send the header \"Authorization: Bearer <key>\"")
	}
	return a.cfg.Keys.Authenticate(r.Context(), raw, d.At)
}

var errCrossOrigin = fault.New(fault.ScopeDenied, "a web page of another site may not do this while authentication is off: switch it on, or call from your own program")

// bearerKey reads an Authorization header; the scheme's case is free.
func bearerKey(header string) (key string, given bool) {
	scheme, key, found := strings.Cut(strings.TrimSpace(header), " ")
	if !found || !strings.EqualFold(scheme, bearer) {
		return "", false
	}
	key = strings.TrimSpace(key)
	return key, key != ""
}
