package acceptance_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screens are the pages of the console, each with a word that is there when it
// is whole, and the colours in which the documentation shows it.
var screens = []struct{ name, path, word, shown string }{
	{"overview", "", "urgent to on-call", "light"},
	{"memory", "/memories/{m}", "Latest events", "light dark"},
	{"events", "/memories/{m}/events", "grain_created", ""},
	{"story", "/memories/{m}/events/7", "In the log as seq 7", "light dark"},
	{"hooks", "/memories/{m}/hooks", "warehouse", ""},
	{"hook", "/memories/{m}/hooks/{partner}", "Success rate", "light"},
	{"new-hook", "/memories/{m}/hooks/new", "What the receiver may see", "light"},
	{"filter", "/memories/{m}/hooks/{urgent}/filter", "Hold it against", "light"},
	{"dead-letters", "/memories/{m}/dead-letters", "answered 503", ""},
	{"dead-letter", "/memories/{m}/dead-letters/{dead}", "What would be sent", "light"},
	{"grains", "/memories/{m}/grains?q=refund", "asked for a refund", ""},
	{"history", "/memories/{m}/grains/{grain}", "Version 2", ""},
	{"erasures", "/memories/{m}/erasures", "person u-3", "light"},
	{"login", "/login", "Sign in", ""},
}

// Widths of the windows that pages must be usable in.
const (
	narrow = 360
	wide   = 1280
)

// TestScreens opens every page, light and dark, narrow and wide: none is wider
// than its window, and none is inaccessible. With MEMHOOKS_SCREENS it writes the
// documentation's pictures into that folder (make screens), with
// MEMHOOKS_SCREENS_ALL those of all pages.
func TestScreens(t *testing.T) {
	if deployed() {
		t.Skip("needs a server of its own: unset MEMHOOKS_URL; go test ./local/acceptance -run TestScreens")
	}
	if chromium() == "" {
		t.Skip("needs Chromium: apt-get install chromium; go test ./local/acceptance -run TestScreens")
	}
	c := locked(t).tenant(t)
	names := c.furnish(t)
	b := browse(t, 0, c)
	rules := accessibility(t)
	for _, s := range screens {
		path := names.Replace(s.path)
		for _, scheme := range []string{"light", "dark"} {
			b.run(colours(scheme), chromedp.EmulateViewport(wide, 900))
			b.open(path)
			b.see(s.word)
			b.accessible(s.name+" "+scheme, rules)
			b.picture(s.name, scheme, strings.Contains(s.shown, scheme))
		}
		b.run(chromedp.EmulateViewport(narrow, 800))
		width, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64]("document.documentElement.scrollWidth"))
		if err != nil || width > narrow {
			t.Errorf("%s is %.0f wide in a window of %d, %v", s.name, width, narrow, err)
		}
		b.picture(s.name, "narrow", false)
	}
}

func colours(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// picture writes what the page shows, where a folder for it is given.
func (b *tab) picture(name, kind string, shown bool) {
	b.Helper()
	folder := os.Getenv("MEMHOOKS_SCREENS")
	if folder == "" || !shown && os.Getenv("MEMHOOKS_SCREENS_ALL") == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+"-"+kind+".png"), png, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// accessibility is the script that knows the rules, "" where it is not there.
func accessibility(t *testing.T) string {
	t.Helper()
	modules := os.Getenv("MEMHOOKS_TEST_NODE_MODULES")
	if modules == "" {
		t.Log("accessibility is not checked: npm install axe-core, then MEMHOOKS_TEST_NODE_MODULES=$PWD/node_modules go test ./local/acceptance -run TestScreens")
		return ""
	}
	script, err := os.ReadFile(filepath.Join(modules, "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// accessible holds the page to the rules.
func (b *tab) accessible(page, rules string) {
	b.Helper()
	if rules == "" {
		return
	}
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](rules+"; undefined"))
	if err != nil {
		b.Fatal(err)
	}
	broken, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run().then(r => r.violations.flatMap(
		v => v.nodes.map(n => v.id + ": " + n.target + ": " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	for _, v := range broken {
		b.Errorf("%s: %s", page, v)
	}
}

// furnish fills a memory with what a team would have in it, and returns the
// names of what pages are opened with.
func (c caller) furnish(t *testing.T) *strings.Replacer {
	t.Helper()
	const id = "customer-support"
	c.call(t, "POST", "/api/memories", object{
		"id": id, "name": "Customer support", "description": "What the support agents know about accounts and orders", "policies": list{"gdpr"},
	}).want(t, 201)
	m := c.memory(id)
	fine, down := receive(t), receive(t, status(http.StatusServiceUnavailable))
	flaky := receive(t, status(500), status(200))
	m.push(t, fine, object{"name": "warehouse", "acknowledge_pii_risk": true, "generate_secret": true})
	partner := m.push(t, flaky, object{"name": "partner", "redaction_mode": "metadata_only", "generate_secret": true, "event_filters": list{"grain_created"}})
	crm := m.push(t, down, object{"name": "crm", "redaction_mode": "metadata_only", "max_retries": 2, "event_filters": list{"grain_created"}, "filter": object{"namespace": list{"billing"}}})
	urgent := m.push(t, fine, object{"name": "urgent to on-call", "dialect": "standard", "acknowledge_pii_risk": true, "generate_secret": true, "filter": object{"tags": list{"urgent"}}})
	m.hook(t, object{"name": "audit", "delivery_mode": "cdc", "redaction_mode": "hash_only"})
	noted := []string{"prefers e-mail", "asked for a refund", "likes dark mode", "moved to the annual plan", "reported a late parcel"}
	var grain string
	for i := range 24 {
		fields := object{"relation": "noted", "object": noted[i%len(noted)], "user_id": fmt.Sprintf("u-%d", i%9), "tags": list{"note"}, "namespace": "orders"}
		if i%6 == 0 {
			fields["tags"], fields["namespace"] = list{"urgent"}, "billing"
		}
		if hash := m.add(t, belief(fmt.Sprintf("account %d", i), fields)); i == 9 {
			grain = hash
		}
	}
	m.post(t, "/supersede", object{"blob_hash": grain, "subject": "account 9", "relation": "prefers", "object": "a call"}).want(t, 200)
	m.post(t, "/forget", object{"user_id": "u-3"}).want(t, 200)
	m.call(t, "PATCH", "/api/memories/"+id+"/hooks/"+urgent, object{"active": false}).want(t, 200)
	eventually(t, "dead letters", func() bool { return len(m.letters(t, crm)) == 4 })
	return strings.NewReplacer("{m}", id, "{partner}", partner, "{urgent}", urgent, "{grain}", grain, "{dead}", text(t, m.letters(t, crm)[0], "id"))
}
