package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestSigningIn(t *testing.T) {
	b := open(t)
	b.api.locked = true
	at := "/console/memories/m/events?before=7"
	b.leads(b.do(httptest.NewRequest(http.MethodGet, at, nil)), "/console/login?next=%2Fconsole%2Fmemories%2Fm%2Fevents%3Fbefore%3D7")
	if page := b.get("/console/login?next=" + at); strings.Contains(page, "Sign out") {
		t.Error("signed in without a key")
	}
	wrong := b.post("/console/login", "key", "ap_wrong", "next", at)
	if wrong.Code != http.StatusUnauthorized || len(wrong.Result().Cookies()) != 0 || !strings.Contains(wrong.Body.String(), "a key that is known is needed") || strings.Contains(wrong.Body.String(), "ap_wrong") {
		t.Errorf("%d %v %s", wrong.Code, wrong.Result().Cookies(), wrong.Body)
	}
	right := b.post("/console/login", "key", goodKey, "next", at)
	b.leads(right, at)
	cookies := right.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Value != goodKey+"|read+write" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != Root || cookies[0].Secure {
		t.Fatalf("cookies %+v", cookies)
	}
	b.cookie = cookies[0].Value
	if page := b.get(at); !strings.Contains(page, "Sign out") || strings.Contains(page, goodKey) {
		t.Errorf("signed in: %s", page)
	}
	out := b.post("/console/logout")
	b.leads(out, "/console/login")
	if c := out.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("cookies %+v", c)
	}
	b.cookie = "ap_revoked"
	gone := b.do(httptest.NewRequest(http.MethodGet, "/console", nil))
	b.leads(gone, "/console/login?again=1&next=%2Fconsole")
	if c := gone.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("a key that is not known any more stays: %+v", c)
	}
}

func TestBehindTLSTheCookieIsForTLSAlone(t *testing.T) {
	b := open(t)
	r := httptest.NewRequest(http.MethodPost, "http://console.test/console/login", strings.NewReader("key="+goodKey))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-Proto", "https")
	if c := b.do(r).Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("cookies %+v", c)
	}
}

func TestALoginLeadsNowhereElse(t *testing.T) {
	b := open(t)
	for _, to := range []string{"https://example.com/console", "//example.com/console", `/\example.com/console`, "/console/../docs/../..//example.com", "/consoles", "javascript:alert(1)", "\x00"} {
		w := b.post("/console/login", "key", goodKey, "next", to)
		if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/console") || strings.HasPrefix(at, "/consoles") || strings.Contains(at, "//") {
			t.Errorf("%q leads to %q (%d)", to, at, w.Code)
		}
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	b := open(t)
	for _, r := range routes {
		path, isPost := strings.CutPrefix(r.pattern, "POST ")
		if !isPost {
			continue
		}
		path = strings.NewReplacer("{memory}", "m", "{hook}", "hook-a", "{delivery}", "dlv_a").Replace(path)
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://example.com"} {
			request := httptest.NewRequest(http.MethodPost, "http://console.test"+path, strings.NewReader("what=all&sure=yes"))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set(name, value)
			if w := b.do(request); w.Code != http.StatusForbidden {
				t.Errorf("%s with %s %s: %d", path, name, value, w.Code)
			}
		}
	}
	if len(b.api.asked) != 0 {
		t.Errorf("called were %v", b.api.asked)
	}
}

func TestAHookIsMade(t *testing.T) {
	b := open(t)
	w := b.post("/console/memories/m/hooks", "name", "n", "mode", "webhook", "url", "https://example.com/", "dialect", "rem", "redaction", "full",
		"event.grain_created", "on", "event.grain_forgotten", "on", "secret", "generate", "max_retries", "3", "filter", `{"tags":["urgent"]}`, "namespace", "ns", "acknowledge", "on")
	if page := w.Body.String(); w.Code != http.StatusOK || strings.Count(page, "whsec_made") != 1 {
		t.Errorf("%d %s", w.Code, page)
	}
	whole(t, w.Body.String())
	want := map[string]any{
		"name": "n", "delivery_mode": "webhook", "url": "https://example.com/", "dialect": "rem", "redaction_mode": "full",
		"event_filters": []any{"memory.created", "memory.deleted"}, "generate_secret": true, "max_retries": 3.0,
		"filter": map[string]any{"tags": []any{"urgent"}}, "namespace": "ns", "acknowledge_pii_risk": true,
	}
	if sent := b.api.body(t, "POST /api/memories/m/hooks"); !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v\nwant %v", sent, want)
	}
	b.api.answers["POST /api/memories/m/hooks"] = `{"id":"hook-new"}`
	b.leads(b.post("/console/memories/m/hooks", "name", "n", "mode", "cdc", "url", "typed before", "dialect", "areev", "redaction", "full", "secret", "none"), "/console/memories/m/hooks/hook-new")
	if sent := b.api.body(t, "POST /api/memories/m/hooks"); sent["url"] != nil || sent["generate_secret"] != nil {
		t.Errorf("a polled hook was sent %v", sent)
	}
}

func TestTheGateIsExplainedWhereItStops(t *testing.T) {
	b := open(t)
	b.api.refuse["POST /api/memories/m/hooks"] = http.StatusUnprocessableEntity
	b.api.answers["POST /api/memories/m/hooks"] = `{"error":{"code":"COMP-H1","message":"the memory's policies detect PII"}}`
	w := b.post("/console/memories/m/hooks", "name", "kept "+hostile, "mode", "webhook", "url", "https://example.com/", "dialect", "areev", "redaction", "full", "secret", "own", "own_secret", "typed secret")
	page := w.Body.String()
	whole(t, page)
	for _, words := range []string{"COMP-H1: this memory detects personal data (gdpr)", "the memory&#39;s policies detect PII", `name="name" value="kept &lt;script`, `value="https://example.com/"`} {
		if !strings.Contains(page, words) {
			t.Errorf("%d, without %q: %s", w.Code, words, page)
		}
	}
	if strings.Contains(page, "typed secret") {
		t.Error("a secret is written into the page")
	}
	for _, filter := range []string{"[1]", "{", `"x"`} {
		if w := b.post("/console/memories/m/hooks", "name", "n", "mode", "cdc", "secret", "none", "filter", filter); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "not a JSON object") {
			t.Errorf("%s: %d %s", filter, w.Code, w.Body)
		}
	}
}

// An event that the dialect has no name for is no silent "all"; what is typed as
// a number or a secret goes on as it was typed.
func TestWhatIsTickedIsWhatIsAskedFor(t *testing.T) {
	b := open(t)
	at := "/console/memories/m/hooks"
	w := b.post(at, "name", "n", "mode", "cdc", "dialect", "rem", "redaction", "full", "event.key_rotated", "on", "secret", "none")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "the rem dialect has no event key_rotated") || b.api.calls("POST "+"/api/memories/m/hooks") != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = b.post(at, "name", "n", "mode", "cdc", "secret", "none", "filter", `{"tags":["urgent"]}, "namespace":["x"]}`)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "not a JSON object") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	b.post(at, "name", "n", "mode", "cdc", "dialect", "areev", "redaction", "full", "secret", "own", "own_secret", " spaces count ", "max_retries", "007")
	if sent := b.api.body(t, "POST /api/memories/m/hooks"); sent["secret"] != " spaces count " || sent["max_retries"] != 7.0 {
		t.Errorf("sent %v", sent)
	}
}

func TestAFormIsCarriedOutOnce(t *testing.T) {
	b := open(t)
	for _, path := range []string{"/console", "/console/memories/m/hooks/new", "/console/memories/m/hooks/hook-a"} {
		if page := b.get(path); !strings.Contains(page, `name="once" value="`) || page == b.get(path) {
			t.Errorf("%s has no token of its own", path)
		}
	}
	b.post("/console/memories", "name", "m", "once", "token")
	if n := len(b.api.once); n != 1 || b.api.once[0] != "token" {
		t.Errorf("keys sent are %v", b.api.once)
	}
}

func TestAHookIsChanged(t *testing.T) {
	b := open(t)
	at := "/console/memories/m/hooks/hook-a"
	for to, want := range map[string][2]any{"pause": {false, nil}, "backlog": {true, "backlog"}, "latest": {true, "latest"}} {
		done := map[string]string{"pause": "paused", "backlog": "resumed", "latest": "skipped"}[to]
		b.leads(b.post(at+"/active", "to", to), at+"?done="+done)
		if sent := b.api.body(t, "PATCH /api/memories/m/hooks/hook-a"); sent["active"] != want[0] || sent["resume"] != want[1] {
			t.Errorf("%s: sent %v", to, sent)
		}
		if page := b.get(at + "?done=" + done); !strings.Contains(page, said[done].Text) {
			t.Errorf("%s is not told", done)
		}
	}
	if w := b.post(at+"/active", "to", "bogus"); w.Code != http.StatusBadRequest {
		t.Errorf("a form that says nothing did something: %d", w.Code)
	}
	for path, words := range map[string]string{"/test": "was not taken", "/rotate": "whsec_new"} {
		w := b.post(at+path, "overlap", "3600")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), words) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		whole(t, w.Body.String())
		if !strings.Contains(w.Body.String(), `data-here="`+at+`"`) {
			t.Errorf("%s: reloading the page would send the form again", path)
		}
	}
	if sent := b.api.body(t, "POST /api/memories/m/hooks/hook-a/rotate-secret"); sent["overlap_seconds"] != 3600.0 {
		t.Errorf("sent %v", sent)
	}
	b.leads(b.post(at+"/delete"), "/console/memories/m/hooks?done=deleted")
	if b.api.calls("DELETE /api/memories/m/hooks/hook-a") != 1 {
		t.Errorf("called were %v", b.api.asked)
	}
	w := b.post(at+"/filter", "filter", `{"tags":["x"]}`)
	if !strings.Contains(w.Body.String(), "1 of 2 would match") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	whole(t, w.Body.String())
	if w := b.post(at+"/filter", "filter", "nothing"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "not a JSON object") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestDeadLettersAreSentAgain(t *testing.T) {
	b := open(t)
	at := "/console/memories/m/dead-letters"
	dry := b.post(at, "what", "all", "hook", "hook-a")
	if sent := b.api.body(t, "POST /api/memories/m/dead-letters/redrive"); sent["dry_run"] != true || sent["hook"] != "hook-a" || !strings.Contains(dry.Body.String(), "Redrive 2 dead letters?") {
		t.Errorf("sent %v: %s", sent, dry.Body)
	}
	whole(t, dry.Body.String())
	b.leads(b.post(at, "what", "all", "sure", "yes"), at+"?done=redriven")
	if sent := b.api.body(t, "POST /api/memories/m/dead-letters/redrive"); sent["dry_run"] != nil || sent["all"] != true {
		t.Errorf("sent %v", sent)
	}
	if w := b.post(at, "what", "ticked"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "nothing is ticked") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	b.leads(b.post(at, "what", "ticked", "delivery", "dlv_a", "delivery", "dlv_a"), at+"?done=redriven")
	b.leads(b.post(at+"/dlv_a/redrive"), at+"?done=redriven")
	if n := b.api.calls("POST /api/memories/m/dead-letters/dlv_a/redrive"); n != 3 {
		t.Errorf("redriven %d times", n)
	}
	some := b.post(at, "what", "ticked", "delivery", "dlv_gone", "delivery", "dlv_a")
	if page := some.Body.String(); some.Code != http.StatusOK || !strings.Contains(page, "1 is sent again, 1 is not: there is no") || !strings.Contains(page, `data-here="`+at+`"`) {
		t.Errorf("%d %s", some.Code, page)
	}
	b.leads(b.post(at+"/dlv_a/discard", "reason", "wrong & gone"), at+"?done=discarded")
	if b.api.calls("DELETE /api/memories/m/dead-letters/dlv_a?reason=wrong+%26+gone") != 1 {
		t.Errorf("called were %v", b.api.asked)
	}
	b.api.refuse["POST /api/memories/m/dead-letters/dlv_a/redrive"] = http.StatusForbidden
	b.api.answers["POST /api/memories/m/dead-letters/dlv_a/redrive"] = `{"error":{"code":"scope_denied","message":"this key lacks the scope"}}`
	if w := b.post(at + "/dlv_a/redrive"); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "this key lacks the scope") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMemoriesAreMadeAndChanged(t *testing.T) {
	b := open(t)
	b.leads(b.post("/console/memories", "name", "m", "policies", "gdpr, hipaa"), "/console/memories/m")
	if sent := b.api.body(t, "POST /api/memories"); !reflect.DeepEqual(sent["policies"], []any{"gdpr", "hipaa"}) {
		t.Errorf("sent %v", sent)
	}
	b.leads(b.post("/console/memories/m/policies", "policies", " "), "/console/memories/m?done=policies")
	if sent := b.api.body(t, "PATCH /api/memories/m"); !reflect.DeepEqual(sent["policies"], []any{}) {
		t.Errorf("sent %v", sent)
	}
	if page := b.get("/console/memories/m?done=anything"); strings.Contains(page, `role="status"`) {
		t.Error("the address makes the page say something")
	}
}

// A page hears of news when there is some, and its connection ends with it.
func TestLive(t *testing.T) {
	b := open(t)
	server := httptest.NewServer(b.console)
	defer server.Close()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/console/memories/m/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	var heard []string
	for len(heard) < 3 && lines.Scan() {
		if lines.Text() != "" {
			heard = append(heard, lines.Text())
		}
	}
	leave()
	if answer.Header.Get("Content-Type") != "text/event-stream" || !reflect.DeepEqual(heard, []string{": open", "event: changed", "data: 7"}) {
		t.Errorf("%v: %v", answer.Header, heard)
	}
	if w := b.do(httptest.NewRequest(http.MethodGet, "/console/memories/none/live", nil)); w.Code != http.StatusNotFound {
		t.Errorf("news of no memory: %d", w.Code)
	}
}

// A form that the API refuses is shown again with what was typed and why, at the
// address of its page.
func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	for call, form := range map[string]struct{ to, field, here string }{
		"POST /api/memories":                        {"/console/memories", "name", "/console"},
		"PATCH /api/memories/m":                     {"/console/memories/m/policies", "policies", "/console/memories/m"},
		"DELETE /api/memories/m/dead-letters/dlv_a": {"/console/memories/m/dead-letters/dlv_a/discard", "reason", "/console/memories/m/dead-letters/dlv_a"},
		"POST /api/memories/m/hooks":                {"/console/memories/m/hooks", "description", "/console/memories/m/hooks/new"},
	} {
		b := open(t)
		b.api.refuse[call] = http.StatusConflict
		b.api.answers[call] = `{"error":{"code":"conflict","message":"so it can't be"}}`
		w := b.post(form.to, form.field, "typed "+hostile, "mode", "cdc")
		page := w.Body.String()
		whole(t, page)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `value="typed &lt;script`) || !strings.Contains(page, "so it can&#39;t be") || !strings.Contains(page, `data-here="`+form.here+`"`) {
			t.Errorf("%s: %d %s", call, w.Code, page)
		}
		b.api.refuse[call] = http.StatusBadGateway
		if w := b.post(form.to, form.field, "typed", "mode", "cdc"); w.Code != http.StatusBadGateway {
			t.Errorf("%s: an API that is down: %d", call, w.Code)
		}
	}
}
