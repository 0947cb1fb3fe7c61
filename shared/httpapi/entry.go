package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

// bearer names the security scheme in the description.
const bearer = "bearer"

// identify finds out who calls. Without authentication every caller may do
// everything, but for web pages of other sites, whose visitors did not ask for
// it, neither under another name for this machine; a key that is valid still says in which tenant.
func (a *API) identify(r *http.Request, d change.Draw) (auth.Key, error) {
	raw, given := bearerKey(r.Header.Get("Authorization"))
	if a.cfg.Settings.AuthOff {
		if !localName(r.Host) {
			return auth.Key{}, errOtherHost
		}
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
		return auth.Key{}, noKey(r.Header.Get("Authorization"))
	}
	return a.cfg.Keys.Authenticate(r.Context(), raw, d.At)
}

// noKey says what is missing of a key.
func noKey(header string) error {
	const form = "send the header \"Authorization: Bearer <key>\""
	if header != "" {
		return fault.New(fault.AuthRequired, "the Authorization header holds no bearer key: "+form)
	}
	return fault.New(fault.AuthRequired, "a key is needed: "+form)
}

var errCrossOrigin = fault.New(fault.ScopeDenied, "a web page of another site may not do this while authentication is off: switch it on, or call from your own program")

var errOtherHost = fault.New(fault.ScopeDenied, "while authentication is off only localhost and addresses such as 127.0.0.1 are answered to: call one of them, or set MEMHOOKS_AUTH=on")

// localName says whether a Host header holds what no other site's name can be
// made to mean: an address, or localhost. Its port is free.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// bearerKey reads an Authorization header; the scheme's case is free.
func bearerKey(header string) (key string, given bool) {
	scheme, key, found := strings.Cut(strings.TrimSpace(header), " ")
	if !found || !strings.EqualFold(scheme, bearer) {
		return "", false
	}
	key = strings.TrimSpace(key)
	return key, key != ""
}
