package console

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// hostile is what a memory may hold wherever it holds text.
const hostile = `<script>alert(1)</script>"'&<u>`

const goodKey = "ap_right"

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// api is an API that answers what a test says, and remembers what it was asked.
type api struct {
	mu      sync.Mutex
	answers map[string]string // by method and path, with the query where that has an answer of its own
	refuse  map[string]int    // a status instead of 200, by method and path
	asked   []string
	bodies  []string
	hosts   []string
	once    []string // idempotency keys
	locked  bool     // a key is wanted
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	call := r.Method + " " + r.URL.Path
	a.asked, a.bodies, a.hosts = append(a.asked, call+suffix(r.URL.RawQuery)), append(a.bodies, string(body)), append(a.hosts, r.Host)
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		a.once = append(a.once, key)
	}
	w.Header().Set("Content-Type", "application/json")
	if a.locked && r.Header.Get("Authorization") != "Bearer "+goodKey {
		code := "auth_required"
		if r.Header.Get("Authorization") != "" {
			code = "invalid_key"
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"code":"`+code+`","message":"a key that is known is needed"}}`)
		return
	}
	answer, known := a.answers[call+suffix(r.URL.RawQuery)]
	if !known {
		answer, known = a.answers[call]
	}
	switch {
	case a.refuse[call] != 0:
		w.WriteHeader(a.refuse[call])
	case !known:
		w.WriteHeader(http.StatusNotFound)
		answer = `{"error":{"code":"not_found","message":"there is no ` + r.URL.Path + `"}}`
	}
	_, _ = io.WriteString(w, answer)
}

func suffix(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// calls says how often something was asked.
func (a *api) calls(call string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, c := range a.asked {
		if strings.HasPrefix(c, call) {
			n++
		}
	}
	return n
}

// body is what was sent with the last call of that kind.
func (a *api) body(t *testing.T, call string) map[string]any {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, c := range slices.Backward(a.asked) {
		if strings.HasPrefix(c, call) {
			var sent map[string]any
			if err := json.Unmarshal([]byte(a.bodies[i]), &sent); err != nil {
				t.Fatalf("%s was sent %q: %v", call, a.bodies[i], err)
			}
			return sent
		}
	}
	t.Fatalf("%s was not called, but %v", call, a.asked)
	return nil
}

// browser visits a console.
type browser struct {
	*testing.T
	api     *api
	console *Console
	cookie  string
}

func open(t *testing.T) *browser {
	t.Helper()
	a := &api{answers: map[string]string{}, refuse: map[string]int{}}
	for call, answer := range samples {
		a.answers[call] = strings.ReplaceAll(answer, "HOSTILE", strings.ReplaceAll(hostile, `"`, `\"`))
	}
	c, err := New(Config{
		API:      &client.Client{Base: "http://api.test", Transport: client.InProcess(a)},
		SameHost: true, Stream: true, Version: "test", Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &browser{T: t, api: a, console: c}
}

// get opens a page and returns it; it must be there.
func (b *browser) get(path string) string {
	b.Helper()
	w := b.do(httptest.NewRequest(http.MethodGet, "http://console.test"+path, nil))
	if w.Code != http.StatusOK {
		b.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// post sends a form of the console's own pages.
func (b *browser) post(path string, form ...string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://console.test"+path, strings.NewReader(values(form).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// values is pairs with repeats.
func values(form []string) url.Values {
	all := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		all.Add(form[i], form[i+1])
	}
	return all
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	}
	w := httptest.NewRecorder()
	b.console.ServeHTTP(w, r)
	return w
}

// leads checks that an answer sends the browser on to a path.
func (b *browser) leads(w *httptest.ResponseRecorder, to string) {
	b.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		b.Errorf("answered %d to %q, not to %q: %s", w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

const (
	hash     = "3288d0d41cf49a1d428e404f0b6a6fe60388be9536937557f6139b813d53a520"
	event    = `{"seq":7,"event_id":"evt_01M83BZEC8HQ5EXZDEKQQMBT4Q","event_type":"grain_created","cause":"created","at":"2026-11-02T11:59:00.000Z","hash":"` + hash + `","memory_id":"mem_3288d0d41cf49a1d428e404f0b6a6fe6","grain_type":"belief","namespace":"HOSTILE","user_id":"HOSTILE","hooks":2}`
	delivery = `{"id":"dlv_a","hook":"hook-a","event_id":"evt_01M83BZEC8HQ5EXZDEKQQMBT4Q","event":"grain_created","seq":7,"redrive":0,"status":"dead","attempts":2,"last_status":503,"last_error":"HOSTILE","took_ms":12,"event_at":"2026-11-02T11:59:00.000Z","first_attempt_at":"2026-11-02T11:59:00.000Z","last_attempt_at":"2026-11-02T11:59:10.000Z","next_attempt_at":"2026-11-02T12:05:00.000Z","trail":[{"attempt":1,"at":"2026-11-02T11:59:00.000Z","took_ms":1500,"status":500,"error":"HOSTILE"},{"attempt":2,"at":"2026-11-02T11:59:10.000Z","took_ms":12,"error":"timed out"}],"body":{"event_type":"grain_created","subject":"HOSTILE"}}`
	aHook    = `{"id":"hook-a","name":"HOSTILE","delivery_mode":"webhook","url":"https://example.com/HOSTILE","event_filters":["grain_created"],"redaction_mode":"full","effective_redaction_mode":"metadata_only","acknowledge_pii_risk":true,"pii_risk_acknowledged":{"at":"2026-11-02T11:00:00.000Z","key_id":"key_1"},"max_retries":5,"dialect":"areev","namespace":"HOSTILE","filter":{"tags":["HOSTILE"]},"description":"HOSTILE","state":"held","active":false,"has_secret":true,"created_at":"2026-11-01T11:00:00.000Z","deliveries":{"delivered":3,"dead":1,"held":2}}`
	activity = `{"from":"2026-11-02T11:00:00.000Z","to":"2026-11-02T12:00:00.000Z","bucket_ms":60000,"buckets":[{"at":"2026-11-02T11:00:00.000Z","events":3,"delivered":2,"failed":1,"p50_ms":4,"p95_ms":40},{"at":"2026-11-02T11:01:00.000Z","events":0,"delivered":0,"failed":0,"p50_ms":0,"p95_ms":0}],"head_seq":1234567,"floor_seq":1,"hooks":{"total":3,"active":1,"paused":1,"held":1,"disabled":0},"dead_letters":{"count":1,"more":true},"pending":2,"oldest_pending_ms":90000,"attention":[{"hook":"hook-a","name":"HOSTILE","kind":"held","count":2,"message":"HOSTILE"},{"hook":"hook-a","name":"","kind":"dead","count":1,"more":true,"message":"gave up"},{"hook":"hook-b","name":"b","kind":"paused","count":3,"more":true,"message":"paused"}],"attention_more":7}`
	aMemory  = `{"id":"m","name":"HOSTILE","description":"HOSTILE","policies":["gdpr"],"created_at":"2026-11-01T11:00:00.000Z"}`
	within   = "GET /api/memories/m"
)

// samples are the API's answers, one for each call that a page makes.
var samples = map[string]string{
	"GET /api/memories":                `{"memories":[` + aMemory + `,{"id":"quiet","name":"quiet","policies":[]}],"next_cursor":"HOSTILE"}`,
	"GET /api/memories/quiet/activity": `{"head_seq":0,"floor_seq":1,"hooks":{"total":0},"dead_letters":{"count":0}}`,
	"POST /api/memories":               aMemory,
	"GET /v1/keys/me":                  `{"id":"key_1","name":"n","scopes":["read","write"],"tenant":"default"}`,
	"PATCH /api/memories/m":            aMemory,
	within:                             aMemory,
	within + "/stats":                  `{"total_grains":2,"type_counts":{"belief":2},"namespaces":["HOSTILE"],"disk_space_bytes":4096,"has_encryption":true,"has_policy":true}`,
	within + "/activity":               activity,
	within + "/events":                 `{"events":[` + event + `],"head_seq":7,"floor_seq":1,"next_before":7}`,
	within + "/events/evt_01M83BZEC8HQ5EXZDEKQQMBT4Q": `{"event":` + event + `,"hooks":[{"id":"hook-a","name":"HOSTILE","delivery_mode":"webhook","dialect":"areev","url":"HOSTILE","state":"active","redaction_mode":"metadata_only","matched":true,"status":"dead","deliveries":[` + delivery + `],"headers":[{"name":"webhook-id","value":"HOSTILE"}],"body":{"redacted":"erased"}},{"id":"hook-d","name":"d","delivery_mode":"webhook","dialect":"areev","redaction_mode":"full","matched":true,"status":"dead","deliveries":[` + delivery + `]},{"id":"hook-b","name":"b","delivery_mode":"cdc","dialect":"rem","redaction_mode":"hash_only","matched":true},{"id":"hook-c","name":"c","delivery_mode":"cdc","dialect":"rem","redaction_mode":"full","matched":false,"why":"HOSTILE"}],"matched":2,"unmatched":1,"truncated":true}`,
	within + "/grains":                                      `{"hits":[{"hash":"` + hash + `","memory_id":"mem_a","grain_type":"belief","score":0.5,"namespace":"HOSTILE","user_id":"HOSTILE","created_at":"2026-11-02T11:00:00.000Z","version":1,"fields":{"object":"HOSTILE","tags":["HOSTILE"],"confidence":1}}],"total":1,"truncated":true}`,
	within + "/grains/" + hash:                              `{"lineage":"` + hash + `","memory_id":"mem_a","state":"current","versions":[{"hash":"` + hash + `","version":2,"state":"current","grain_type":"belief","namespace":"HOSTILE","user_id":"HOSTILE","scope_path":"HOSTILE","created_at":"2026-11-02T11:00:00.000Z","seq":9,"fields":{"object":"HOSTILE"}},{"hash":"` + hash + `","version":1,"state":"gone","grain_type":"belief","namespace":"n","created_at":"2026-11-02T10:00:00.000Z","withheld":"erased"}]}`,
	within + "/erasures":                                    `{"erasures":[{"event_id":"evt_1","seq":3,"at":"2026-11-02T11:00:00.000Z","user_id":"HOSTILE","count":2,"key_fingerprint":"0123456789abcdef"}],"next_cursor":"HOSTILE","looked_to_seq":2}`,
	within + "/erasures/evt_1":                              `{"event_id":"evt_1","seq":3,"at":"2026-11-02T11:00:00.000Z","scope_path":"HOSTILE","count":2,"key_fingerprint":"0123456789abcdef","told":[{"hook":"hook-a","name":"HOSTILE","url":"HOSTILE","delivered":4,"last_at":"2026-11-02T10:00:00.000Z"}],"looked_from_seq":1}`,
	within + "/hooks":                                       `{"hooks":[{"id":"hook-c","name":"calm","state":"active","delivery_mode":"cdc","dialect":"standard","redaction_mode":"full","event_filters":[],"created_at":"2026-11-01T11:00:00.000Z"},` + aHook + `]}`,
	within + "/hooks/hook-a":                                aHook,
	within + "/hooks/hook-a/deliveries":                     `{"deliveries":[` + delivery + `],"next_cursor":"HOSTILE"}`,
	"POST /api/memories/m/hooks/hook-a/try-filter":          `{"looked":2,"matched":1,"events":[{"seq":7,"event_id":"evt_1","event_type":"grain_created","at":"2026-11-02T11:00:00.000Z","matched":true},{"seq":6,"event_id":"evt_0","event_type":"grain_created","at":"2026-11-02T11:00:00.000Z","matched":false,"why":"HOSTILE"}]}`,
	"PATCH /api/memories/m/hooks/hook-a":                    aHook,
	"DELETE /api/memories/m/hooks/hook-a":                   `{"deleted":1}`,
	"POST /api/memories/m/hooks/hook-a/test":                `{"delivered":false,"event_id":"evt_test_1","status":500,"error":"HOSTILE","took_ms":3,"answer":"HOSTILE"}`,
	"POST /api/memories/m/hooks/hook-a/rotate-secret":       `{"id":"hook-a","secret":"whsec_new","previous_valid_until":"2026-11-03T12:00:00.000Z"}`,
	"POST /api/memories/m/hooks":                            `{"id":"hook-new","name":"HOSTILE","delivery_mode":"webhook","secret":"whsec_made"}`,
	within + "/dead-letters":                                `{"dead_letters":[` + delivery + `],"next_cursor":"HOSTILE"}`,
	within + "/dead-letters/dlv_a":                          delivery,
	"POST /api/memories/m/dead-letters/redrive":             `{"matched":2,"redriven":0,"dry_run":true,"deliveries":["dlv_HOSTILE"]}`,
	"POST /api/memories/m/dead-letters/dlv_a/redrive":       `{"matched":1,"redriven":1,"deliveries":["dlv_b"]}`,
	"DELETE /api/memories/m/dead-letters/dlv_a":             `{"deleted":1}`,
	"GET /api/memories/m/events/" + hash:                    `{"event":` + event + `}`,
	"GET /api/memories/m/hooks/hook-a/deliveries?status=at": `{}`,
}
