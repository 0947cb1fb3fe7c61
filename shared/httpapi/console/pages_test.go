package console

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// visits are where the routes that show something lead: a page that stands here
// for no route, and a route that no page stands for, fail.
var visits = map[string]string{
	"/console":                            "/console?find=HOST",
	"/console/{$}":                        "/console/",
	"/console/login":                      "/console/login?again=1",
	ofMemory:                              "/console/memories/m?done=policies",
	ofMemory + "/events":                  "/console/memories/m/events",
	ofMemory + "/events/{event}":          "/console/memories/m/events/evt_01M83BZEC8HQ5EXZDEKQQMBT4Q",
	ofMemory + "/grains":                  "/console/memories/m/grains?q=%3Cscript%3Ealert(1)%3C/script%3E",
	ofMemory + "/grains/{grain}":          "/console/memories/m/grains/" + hash,
	ofMemory + "/erasures":                "/console/memories/m/erasures",
	ofMemory + "/erasures/{event}":        "/console/memories/m/erasures/evt_1",
	ofMemory + "/hooks":                   "/console/memories/m/hooks",
	ofMemory + "/hooks/new":               "/console/memories/m/hooks/new",
	ofMemory + "/hooks/{hook}":            "/console/memories/m/hooks/hook-a?status=dead",
	ofMemory + "/hooks/{hook}/filter":     "/console/memories/m/hooks/hook-a/filter",
	ofMemory + "/dead-letters":            "/console/memories/m/dead-letters?hook=hook-a",
	ofMemory + "/dead-letters/{delivery}": "/console/memories/m/dead-letters/dlv_a",
	"/console/search":                     "", // leads on: see TestSearchLeads
	ofMemory + "/search":                  "",
	ofMemory + "/live":                    "", // no page: see TestLive
}

var (
	heading  = regexp.MustCompile(`<h1[ >]`)
	field    = regexp.MustCompile(`<(?:input|select|textarea)[^>]*>`)
	idOf     = regexp.MustCompile(` id="([^"]+)"`)
	liveArea = regexp.MustCompile(`<[a-z]+[^>]* data-live[^>]*>`)
)

func TestEveryPage(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes {
		path, isGet := strings.CutPrefix(r.pattern, "GET ")
		if !isGet {
			continue
		}
		seen[path] = true
		at, known := visits[path]
		switch {
		case !known:
			t.Errorf("no test opens %s", path)
		case at != "":
			t.Run(at, func(t *testing.T) { whole(t, open(t).get(at)) })
		}
	}
	for path := range visits {
		if !seen[path] {
			t.Errorf("%s is no route", path)
		}
	}
}

// whole holds a page to what every page keeps: hostile text stays text, nothing
// is loaded from elsewhere, nothing is written into attributes that run, every
// field has a label, and every live region a name to be found by.
func whole(t *testing.T, html string) {
	t.Helper()
	for _, bad := range []string{"<script>alert", "<u>", "<no value>", "ZgotmplZ", "%!", "<nil>", " style=", " onclick=", "javascript:", `src="http`} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %s: %s", bad, html)
		}
	}
	if n := len(heading.FindAllString(html, -1)); n != 1 {
		t.Errorf("%d headings of the first level", n)
	}
	for _, f := range field.FindAllString(html, -1) {
		id := idOf.FindStringSubmatch(f)
		labelled := id != nil && strings.Contains(html, `for="`+id[1]+`"`) || strings.Contains(f, "hidden")
		around := html[:strings.Index(html, f)]
		if !labelled && strings.LastIndex(around, "<label") <= strings.LastIndex(around, "</label") {
			t.Errorf("no label: %s", f)
		}
	}
	for _, area := range liveArea.FindAllString(html, -1) {
		if !idOf.MatchString(area) {
			t.Errorf("a live region without an id: %s", area)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	b := open(t)
	if w := b.do(httptest.NewRequest(http.MethodGet, "/console/assets/", nil)); w.Code != http.StatusNotFound {
		t.Errorf("the folder of assets is listed: %d", w.Code)
	}
	for _, path := range []string{"/console", "/console/assets/console.js?v=1", "/console/nowhere"} {
		w := b.do(httptest.NewRequest(http.MethodGet, path, nil))
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	if w := b.do(httptest.NewRequest(http.MethodGet, "/console/nowhere", nil)); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no such page") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhatNeedsSomebodyComesFirst(t *testing.T) {
	b := open(t)
	if page := b.get("/console"); strings.Index(page, "/console/memories/quiet") < strings.Index(page, "/console/memories/m\"") {
		t.Error("a memory that needs nobody stands first")
	}
	if page := b.get("/console/memories/m/hooks"); strings.Index(page, ">calm<") < strings.Index(page, "hooks/hook-a") {
		t.Error("a hook that needs nobody stands first")
	}
	if page := b.get("/console/memories/m/hooks?find=calm"); strings.Contains(page, "hooks/hook-a") || !strings.Contains(page, ">calm<") {
		t.Error("the list is not narrowed")
	}
}

// What is withheld, or cut, is shown as such.
func TestWithheldIsSaid(t *testing.T) {
	b := open(t)
	for path, words := range map[string][]string{
		"/console/memories/m/dead-letters/dlv_a":                    {"Content is withheld: this hook may see metadata only"},
		"/console/memories/m/events/evt_01M83BZEC8HQ5EXZDEKQQMBT4Q": {"The content is gone (erased)", "There is no body to show", "not for it", "event_type&#34;: &#34;grain_created"},
		"/console/memories/m/grains/" + hash:                        {"The content is gone: erased"},
		"/console/memories/m/hooks/hook-a":                          {"now metadata_only", "75.0 %"},
		"/console/memories/m":                                       {"1 or more gave up", "7 more need somebody", "(2 events wait)", "(3 events or more wait)", `href="/console/memories/m/dead-letters">all dead letters`},
		"/console":                                                  {"7 more need somebody"},
	} {
		page := b.get(path)
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("%s does not say %q: %s", path, w, page)
			}
		}
	}
}

// bare is a browser before an API that has nothing to list.
func bare(t *testing.T) *browser {
	t.Helper()
	b := open(t)
	for call, answer := range map[string]string{
		within + "/events": `{"events":[]}`, within + "/grains": `{"hits":[]}`, within + "/hooks": `{"hooks":[]}`, within + "/dead-letters": `{"dead_letters":[]}`,
		within + "/hooks/hook-a/deliveries": `{"deliveries":[]}`, within + "/erasures": `{"erasures":[]}`,
		"GET /api/memories": `{"memories":[]}`,
	} {
		b.api.answers[call] = answer
	}
	return b
}

// A page without anything to show says what to do next.
func TestEmptyPagesSayTheNextStep(t *testing.T) {
	b := bare(t)
	for at, next := range map[string]string{
		"/events": "POST /api/memories/m/add", "/grains": "POST /api/memories/m/add", "/grains?q=x": `href="/console/memories/m/grains">Show the newest`,
		"/hooks": `href="/console/memories/m/hooks/new">make one`, "/hooks?find=x": `href="/console/memories/m/hooks">Show all`, "/dead-letters": "A delivery comes here after",
		"/hooks/hook-a": "tries the receiver now", "/hooks/hook-a?status=dead": `href="/console/memories/m/hooks/hook-a">Show all`, "/erasures": "with <code>user_id</code>",
	} {
		if page := b.get("/console/memories/m" + at); !strings.Contains(page, next) {
			t.Errorf("%s does not say %q: %s", at, next, page)
		}
	}
}

func TestSearchLeads(t *testing.T) {
	b := open(t)
	for q, holding := range map[string]string{"evt_01M83BZEC8HQ5EXZDEKQQMBT4Q": aMemory, hash: aMemory, "hook-a": aMemory, "evt_01M83BZEC8HQ5EXZDEKQQMBT4Z": ""} {
		b.api.answers["GET /api/memories?holds="+q+"&limit=50"] = `{"memories":[` + holding + `]}`
	}
	for q, to := range map[string]string{
		"evt_01M83BZEC8HQ5EXZDEKQQMBT4Q": "/console/memories/m/events/evt_01M83BZEC8HQ5EXZDEKQQMBT4Q",
		hash:                             "/console/memories/m/grains/" + hash,
		"hook-a":                         "/console/memories/m/hooks/hook-a",
	} {
		for _, from := range []string{"/console/search", "/console/memories/m/search"} {
			b.leads(b.do(httptest.NewRequest(http.MethodGet, from+"?"+values([]string{"q", q}).Encode(), nil)), to)
		}
	}
	for from, words := range map[string]string{"/console/search": "evt_01M83BZEC8HQ5EXZDEKQQMBT4Z is not found in any memory.", "/console/memories/m/search": "nothing here is called evt_01M83BZEC8HQ5EXZDEKQQMBT4Z"} {
		w := b.do(httptest.NewRequest(http.MethodGet, from+"?q=evt_01M83BZEC8HQ5EXZDEKQQMBT4Z", nil))
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), words) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	// What is in every memory, or in none by name, asks for the memory.
	for _, q := range []string{"tea & cake", "7"} {
		query := values([]string{"q", q}).Encode()
		if page := html.UnescapeString(b.get("/console/search?" + query)); !strings.Contains(page, `href="/console/memories/quiet/search?`+query) {
			t.Errorf("%s: no choice of memories: %s", q, page)
		} else if !strings.Contains(page, "2 of 2 memories among those that were looked through") || !strings.Contains(page, "Look through the next memories") {
			t.Errorf("%s: the choice is said to be whole: %s", q, page)
		}
	}
	b.leads(b.do(httptest.NewRequest(http.MethodGet, "/console/memories/m/search?q=tea+%26+cake", nil)), "/console/memories/m/grains?q=tea+%26+cake")
	b.api.answers["GET /api/memories"] = `{"memories":[]}`
	if page := b.get("/console/search?q=tea"); !strings.Contains(page, "There is none yet") {
		t.Errorf("%s", page)
	}
	b.leads(b.do(httptest.NewRequest(http.MethodGet, "/console/search?q=", nil)), "/console")
}

func TestTheHostIsHandedOn(t *testing.T) {
	b := open(t)
	b.get("/console/memories/m")
	for _, host := range b.api.hosts {
		if host != "console.test" {
			t.Errorf("the API was called as %s", host)
		}
	}
}
