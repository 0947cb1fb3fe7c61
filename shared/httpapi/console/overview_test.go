package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// needing asks for the memories where somebody is needed.
const needing = "GET /api/memories?attention=true&limit=1000"

// crowded is a browser before an API of many memories.
func crowded(t *testing.T, n int) *browser {
	b := open(t)
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"team-%03d","name":"Team %d"}`, i, i)
		b.api.answers[fmt.Sprintf("GET /api/memories/team-%03d/activity", i)] = activity
	}
	b.api.answers["GET /api/memories"] = `{"memories":[` + strings.Join(all, ",") + `],"next_cursor":"team-x"}`
	b.api.answers[needing] = `{"memories":[]}`
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

// Who is needed anywhere is told on the first page; a later one, and those that
// a name finds, lead there.
func TestTheFirstPageHasAllThatNeedSomebody(t *testing.T) {
	b := crowded(t, 50)
	if page := b.get("/console"); !strings.Contains(page, "Those that need somebody stand first, of all memories.") || b.api.calls("GET /api/memories?limit=50") != 1 {
		t.Errorf("%v %s", b.api.asked, page)
	}
	for path := range map[string]bool{"/console?cursor=team-x": true, "/console?find=Team": true} {
		if page := b.get(path); !strings.Contains(page, `of this page; <a href="/console">the first page</a> has those of all.`) {
			t.Errorf("%s: %s", path, page)
		}
	}
	// A memory that stands on no page yet, and one that is among the first.
	b.api.answers["GET /api/memories/team-977/activity"] = activity
	b.api.answers[needing] = `{"memories":[{"id":"team-003","name":"Team 3"},{"id":"team-977","name":"Team 977"}],"next_cursor":"team-999"}`
	page := b.get("/console")
	if strings.Count(page, `aria-label="Team 977"`) != 1 || strings.Count(page, `aria-label="Team 3"`) != 1 || !strings.Contains(page, "stand first, of the first 1,000 memories.") || b.api.calls("GET /api/memories?limit=48") != 1 {
		t.Errorf("%v %s", b.api.asked, page)
	}
	all := make([]string, 73)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"team-%03d","name":"Team %d"}`, i, i)
		b.api.answers[fmt.Sprintf("GET /api/memories/team-%03d/activity", i)] = activity
	}
	b.api.answers[needing] = `{"memories":[` + strings.Join(all, ",") + `]}`
	if page := b.get("/console"); strings.Count(page, `<section class="card" aria-label="Team `) != 50 || !strings.Contains(page, "The first 50 of 73 memories that need somebody stand first, of all memories.") || !slices.Contains(b.api.asked, "GET /api/memories?limit=10") {
		t.Errorf("%v %s", b.api.asked, page)
	}
	b.api.answers["GET /api/memories"], b.api.answers[needing] = `{"memories":[{"id":"team-003","name":"Team 3"}]}`, `{"memories":[]}`
	if page := b.get("/console"); strings.Contains(page, "stand first") {
		t.Errorf("the only page says that there are others: %s", page)
	}
}

// A search that asks for the memory shows fifty and finds the others by name.
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
}

// An id is looked for in all memories, fifty at a time and two hundred for one
// page, and where it is not is said.
func TestAnIDIsFoundInAnyMemory(t *testing.T) {
	b := crowded(t, 3)
	// pages are what is held in a page of memories each: the ids of these.
	pages := func(id string, pages ...string) {
		for i, held := range pages {
			call, next := "GET /api/memories?", ""
			if i > 0 {
				call += fmt.Sprintf("cursor=at-%d&", i)
			}
			if i+1 < len(pages) {
				next = fmt.Sprintf("at-%d", i+1)
			}
			var memories []string
			for m := range strings.FieldsSeq(held) {
				memories = append(memories, `{"id":"`+m+`","name":"`+m+`"}`)
			}
			b.api.answers[call+"holds="+id+"&limit=50"] = `{"memories":[` + strings.Join(memories, ",") + `],"next_cursor":"` + next + `"}`
		}
	}
	pages("evt_a", "", "far", "not-asked")
	pages(hash, "near", "", "", "far", "not-asked")
	pages("hook-far", "", "", "", "", "", "", "", "", "")
	pages("mem_nope", "", "")
	b.leads(b.do(httptest.NewRequest(http.MethodGet, "/console/search?q=evt_a", nil)), "/console/memories/far/events/evt_a")
	if n := b.api.calls("GET /api/memories?"); n != 2 {
		t.Errorf("an event is in one memory, and was looked for by %d calls: %v", n, b.api.asked)
	}
	if page := b.get("/console/search?q=" + hash); strings.Count(page, "/search?q="+hash) != 2 || !strings.Contains(page, "In which memory") || strings.Contains(page, "Find a memory") || !strings.Contains(page, "cursor=at-4") {
		t.Errorf("%s", page)
	}
	for q, says := range map[string]string{
		"mem_nope":             "mem_nope is not found in any memory.",
		"hook-far":             "hook-far is not found in the first 200 memories; there are more.",
		"hook-far&cursor=at-4": "hook-far is not found in the next 200 memories; there are more.",
		"hook-far&cursor=at-8": "hook-far is not found in the last memories either.",
	} {
		w := b.do(httptest.NewRequest(http.MethodGet, "/console/search?q="+q, nil))
		more := strings.Contains(w.Body.String(), "Look through the next memories")
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), says) || strings.Contains(w.Body.String(), "In which memory") || more != strings.Contains(says, "more") {
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
