package console

import (
	"fmt"
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
