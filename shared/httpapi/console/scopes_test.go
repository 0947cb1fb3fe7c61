package console

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var (
	writing = regexp.MustCompile(`<form[^>]* method="post" action="([^"]+)"`)
	making  = regexp.MustCompile(`href="[^"]*/hooks/new"`)
)

// offered is what a page would change: the forms that write, and the links to
// such forms.
func offered(page string) (all []string) {
	for _, form := range writing.FindAllStringSubmatch(page, -1) {
		if form[1] != "/console/logout" && form[1] != loginPath && !strings.HasSuffix(form[1], "/filter") { // these change nothing
			all = append(all, form[1])
		}
	}
	return append(all, making.FindAllString(page, -1)...)
}

// What a key may not do is not offered, and it is said why.
func TestAPageOffersWhatTheKeyMayDo(t *testing.T) {
	pages := []string{
		"/console", "/console/memories/m", "/console/memories/m/hooks", "/console/memories/m/hooks/hook-a",
		"/console/memories/m/dead-letters", "/console/memories/m/dead-letters/dlv_a", "/console/memories/m/hooks/hook-a/filter",
	}
	for scopes, want := range map[string]struct{ forms, administers bool }{
		"read": {}, "read+write": {forms: true}, "admin": {true, true}, "": {true, true},
	} {
		b := open(t)
		b.cookie = goodKey + scopeMark + scopes
		var all string
		for _, at := range pages {
			page := b.get(at)
			whole(t, page)
			if !want.forms && len(offered(page)) > 0 {
				t.Errorf("with %q %s offers %v", scopes, at, offered(page))
			}
			if strings.Contains(page, ">read only<") == want.forms {
				t.Errorf("with %q %s says read only: %v", scopes, at, !want.forms)
			}
			all += strings.Join(offered(page), " ") + " "
		}
		for form, there := range map[string]bool{
			"/console/memories ": want.administers, "/m/policies": want.administers, "/hooks/new": want.forms, "/hook-a/test": want.forms,
			"/hook-a/active": want.forms, "/hook-a/rotate": want.forms, "/hook-a/delete": want.forms, "/dlv_a/redrive": want.forms, "/dlv_a/discard": want.forms,
		} {
			if strings.Contains(all, form) != there {
				t.Errorf("with %q %s is offered: %v", scopes, form, !there)
			}
		}
		w := b.do(httptest.NewRequest(http.MethodGet, "/console/memories/m/hooks/new", nil))
		if (w.Code == http.StatusOK) != want.forms || !want.forms && !strings.Contains(w.Body.String(), "sign out, and in again") {
			t.Errorf("with %q the form for a hook: %d", scopes, w.Code)
		}
	}
}
