package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// crowded is a browser before an API of many memories.
func crowded(t *testing.T, n int) *browser {
	b := open(t)
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"team-%03d","name":"Team %d"}`, i, i)
		b.api.answers[fmt.Sprintf("GET /api/memories/team-%03d/activity", i)] = activity
	}
	b.api.answers["GET /api/memories"] = `{"memories":[` + strings.Join(all, ",") + `],"next_cursor":"team-x"}`
	return b
}

func TestAMemoryIsFoundAmongMany(t *testing.T) {
	b := crowded(t, 900)
	page := b.get("/console?find=TEAM+77")
	if strings.Count(page, `<section class="card" aria-label="Team 77`) != 11 || strings.Contains(page, "Team 78") || !strings.Contains(page, `value="TEAM 77"`) || !strings.Contains(page, "Look through the next memories") {
		t.Errorf("%d: %s", strings.Count(page, `aria-label="Team 77`), page)
	}
	if n := b.api.calls("GET /api/memories/team-"); n != 11 || b.api.calls("GET /api/memories?limit=1000") != 1 {
		t.Errorf("%d memories are looked into: %v", n, b.api.asked)
	}
	if page := b.get("/console?find=Team"); strings.Count(page, `aria-label="Team `) != 50 || !strings.Contains(page, "The first 50 of 900 that fit") {
		t.Error("a name that finds many shows other than the first fifty")
	}
	if page := b.get("/console?find=nobody"); !strings.Contains(page, "No memory among these has “nobody”") || !strings.Contains(page, `href="/console?cursor=team-x&amp;find=nobody"`) {
		t.Errorf("%s", page)
	}
}

// What is not on the page is not looked into, and the page says so.
func TestTheFirstPageSaysWhatItLookedInto(t *testing.T) {
	const says = "need somebody stand first among the "
	b := crowded(t, 50)
	if page := b.get("/console"); !strings.Contains(page, says+"50 memories of this page") {
		t.Errorf("%s", page)
	}
	b.api.answers["GET /api/memories"] = strings.ReplaceAll(b.api.answers["GET /api/memories"], `"team-x"`, `""`)
	if page := b.get("/console?cursor=team-x"); !strings.Contains(page, says) {
		t.Errorf("the last page of several does not say it: %s", page)
	}
	if page := b.get("/console"); strings.Contains(page, says) {
		t.Errorf("the only page says that there are others: %s", page)
	}
}

// A search that asks for the memory shows fifty and finds the others by name;
// what is no event's id is looked for like one, and said to be nowhere.
func TestASearchFindsItsMemoryAmongMany(t *testing.T) {
	b := crowded(t, 64)
	b.api.answers["GET /api/memories"] = strings.ReplaceAll(b.api.answers["GET /api/memories"], `"team-x"`, `""`)
	page := b.get("/console/search?q=redis")
	if strings.Count(page, "/search?q=redis") != 50 || !strings.Contains(page, "50 of 64 memories.") || !strings.Contains(page, "Find a memory") {
		t.Errorf("%s", page)
	}
	if page := b.get("/console/search?q=redis&find=team+1"); strings.Count(page, `/search?q=redis">Team 1`) != 11 || strings.Contains(page, "Team 2") {
		t.Errorf("%s", page)
	}
	b.leads(b.do(httptest.NewRequest(http.MethodGet, "/console/search?q=redis&find=team+63", nil)), "/console/memories/team-063/search?q=redis")
	if page := b.get("/console/search?q=redis&find=nobody"); !strings.Contains(page, "No memory has “nobody” in its name") {
		t.Errorf("%s", page)
	}
	for q, says := range map[string]string{
		"evt_nope":             "evt_nope is not found in the first 20 of 64 memories.",
		"mem_nope&find=team+1": "mem_nope is not found in any of 11 memories that “team 1” finds.",
	} {
		w := b.do(httptest.NewRequest(http.MethodGet, "/console/search?q="+q, nil))
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), says) || strings.Contains(w.Body.String(), "In which memory") {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
		}
		whole(t, w.Body.String())
	}
}

// Fifty memories, each as busy as can be, are a page of a size that a bad
// connection carries.
func TestTheFirstPageIsBounded(t *testing.T) {
	b := crowded(t, 50)
	attention := make([]string, 100)
	for i := range attention {
		attention[i] = fmt.Sprintf(`{"hook":"hook-%026d","name":"%s","kind":"dead","count":200,"message":"deliveries gave up: see what its receiver answered, then redrive them or close them"}`, i, strings.Repeat("n", 40))
	}
	buckets := make([]string, 48)
	for i := range buckets {
		buckets[i] = fmt.Sprintf(`{"at":"2026-11-02T11:00:00.000Z","events":%d}`, i+1)
	}
	for call := range b.api.answers {
		if strings.HasSuffix(call, "/activity") {
			b.api.answers[call] = `{"head_seq":9,"buckets":[` + strings.Join(buckets, ",") + `],"attention":[` + strings.Join(attention, ",") + `]}`
		}
	}
	page := b.get("/console")
	if len(page) > 200_000 || strings.Count(page, "95 more need somebody") != 50 {
		t.Errorf("%d bytes, %d say that there is more", len(page), strings.Count(page, "95 more need somebody"))
	}
}
