package console

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// The login is a cookie that holds the visitor's key until the browser ends, and
// behind it what the key may do, for pages to offer that and no more: the API
// decides anyway, and a key's scopes never change. No
// script can read it, and the console keeps nothing of it, so that any instance
// serves any visitor. A link from elsewhere, such as a dead letter's, finds the
// visitor signed in; forms of other sites are refused, and pages change nothing.
const (
	cookieName = "memhooks_console"
	loginPath  = Root + "/login"
)

func (v *visit) cookie(value string, age int) *http.Cookie {
	secure := v.r.TLS != nil || strings.EqualFold(v.r.Header.Get("X-Forwarded-Proto"), "https")
	return &http.Cookie{ //nolint:gosec // Secure where the visitor came by TLS
		Name: cookieName, Value: value, Path: Root, MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}

// login sends to the login page, which leads back to where the visitor was.
func (v *visit) login(why *client.Error) {
	to := url.Values{}
	if v.r.Method == http.MethodGet {
		to.Set("next", v.r.URL.RequestURI())
	}
	if v.key != "" && why.Code == "invalid_key" {
		to.Set("again", "1")
		http.SetCookie(v.w, v.cookie("", -1))
	}
	v.back(loginPath + "?" + to.Encode())
}

// entry is what the login page shows.
type entry struct {
	Next    string
	Problem string
}

func (v *visit) loginPage() error {
	e := entry{Next: inside(v.asked("next"))}
	if v.asked("again") != "" {
		e.Problem = "The key is not known any more: it was revoked, or this is another server. Enter one that is."
	}
	v.show(page{template: "login", title: "Sign in", data: e})
	return nil
}

// session is what the cookie holds.
type session struct {
	key string // "" = nobody is signed in
	may string // the key's scopes; "" = unknown, then everything is offered
}

const scopeMark = "|" // no key has it

func sessionOf(cookie string) (s session) {
	s.key, s.may, _ = strings.Cut(cookie, scopeMark)
	return s
}

// allows says whether pages offer what wants a scope.
func (s session) allows(scope string) bool {
	return s.may == "" || slices.ContainsFunc(strings.Split(s.may, "+"), func(has string) bool {
		return has == scope || has == "admin"
	})
}

// signIn tries the key on the API before it becomes a cookie.
func (v *visit) signIn() error {
	e := entry{Next: inside(v.sent("next"))}
	v.api.Key = v.sent("key")
	caller, err := v.get("/v1/keys/me")
	var refused *client.Error
	switch {
	case v.api.Key == "":
		e.Problem = "Enter a key: one that memhooks printed at its first start, or that POST /v1/keys gave."
	case errors.As(err, &refused):
		e.Problem = refused.Message
	case err != nil:
		return err
	default:
		scopes, _ := caller["scopes"].([]any)
		http.SetCookie(v.w, v.cookie(v.api.Key+scopeMark+strings.Join(texts(scopes), "+"), 0))
		v.back(e.Next)
		return nil
	}
	v.session = session{}
	v.write(page{template: "login", title: "Sign in", here: loginPath, data: e}, http.StatusUnauthorized)
	return nil
}

func (v *visit) signOut() error {
	http.SetCookie(v.w, v.cookie("", -1))
	v.back(loginPath)
	return nil
}

// inside is a path of the console, its first page for any other.
func inside(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !Has(u.Path) || path.Clean(u.Path) != u.Path || strings.Contains(to, "\\") {
		return Root
	}
	return u.RequestURI()
}
