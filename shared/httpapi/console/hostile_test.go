package console

import (
	"context"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hostiles are texts with which a link from elsewhere may open a page; one has
// the form of an id.
var hostiles = []string{hostile, "evt_" + hostile, `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "' onmouseover=alert(1) x='", "</textarea></select><svg/onload=alert(1)>"}

var (
	askedFor = regexp.MustCompile(`\basked\("([^"]*)"\)`)
	readsOne = regexp.MustCompile(`URL\.Query\(\)|URL\.RawQuery|\.FormValue\(|\.Form\b`)
	leadsTo  = regexp.MustCompile(`(?i)\s(?:href|src|action|formaction)=["']?\s*javascript:`)
)

// parameters are all that a page may read of its address, as the source has it.
func parameters(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names, ways := map[string]bool{}, 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ways += len(readsOne.FindAll(source, -1))
		for _, found := range askedFor.FindAllSubmatch(source, -1) {
			names[string(found[1])] = true
		}
	}
	if ways != 1 {
		t.Errorf("pages read their address in %d ways; asked is the one that this test knows", ways)
	}
	return slices.Sorted(maps.Keys(names))
}

// stranger opens pages by links of somebody else's, and notes which of the
// parameters a page shows.
type stranger struct {
	*testing.T
	names []string
	shown map[string]bool
}

// link opens a page with a text where name says.
func (s stranger) link(b *browser, path, name, text string) {
	s.Helper()
	gone, leave := context.WithCancel(s.Context())
	if strings.HasSuffix(path, "/live") || strings.Contains(path, "/live?") {
		leave() // it would tell of news until the visitor leaves
	}
	defer leave()
	page := b.do(httptest.NewRequestWithContext(gone, http.MethodGet, "http://console.test"+path, nil)).Body.String()
	if strings.ContainsAny(text, `<"'`) && strings.Contains(page, text) || leadsTo.MatchString(page) {
		s.Errorf("%s shows %q as it is: %s", path, text, page)
	}
	s.shown[name] = s.shown[name] || strings.Contains(page, html.EscapeString(text))
}

// part is what a route's path has an id for.
var part = regexp.MustCompile(`\{[a-z]+\}`)

// links opens a route with a text in each parameter, alone and in all of them at
// once, and in each part of its path.
func (s stranger) links(b *browser, pattern, text string) {
	s.Helper()
	ids := strings.NewReplacer("{$}", "", "{memory}", "m", "{hook}", "hook-a", "{delivery}", "dlv_a", "{grain}", hash, "{event}", "evt_01M83BZEC8HQ5EXZDEKQQMBT4Q")
	all := url.Values{}
	for _, name := range s.names {
		all.Set(name, text)
		s.link(b, ids.Replace(pattern)+"?"+url.Values{name: {text}}.Encode(), name, text)
	}
	s.link(b, ids.Replace(pattern)+"?"+all.Encode(), "all", text)
	for _, id := range part.FindAllString(pattern, -1) {
		s.link(b, ids.Replace(strings.Replace(pattern, id, url.PathEscape(text), 1)), id, text)
	}
}

// TestAHostileLinkShowsText opens every route that shows something with hostile
// text in each parameter that any page reads, where there is much to show and
// where there is nothing. What a page shows of it is text.
func TestAHostileLinkShowsText(t *testing.T) {
	s := stranger{t, parameters(t), map[string]bool{}}
	for _, r := range routes {
		pattern, isGet := strings.CutPrefix(r.pattern, "GET ")
		if !isGet {
			continue
		}
		for _, text := range hostiles {
			s.links(open(t), pattern, text)
			s.links(bare(t), pattern, text)
		}
	}
	for _, name := range []string{"q", "find", "namespace", "grain_type", "hook", "status", "all"} {
		if !s.shown[name] {
			t.Errorf("no page shows what %s asks for: hostile text may have met nothing", name)
		}
	}
}
