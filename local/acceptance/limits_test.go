package acceptance_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestRow084Limits(t *testing.T) {
	row(t, 84, "limits")
	s := start(t, 84, settings{})
	const most = 1 << 20
	// A mebibyte is read, and refused for what is in it, one byte more is not.
	padded := func(size int) string {
		const head, tail = `{"content":"fits","namespace":"row-084"`, `}`
		return head + strings.Repeat(" ", size-len(head)-len(tail)) + tail
	}
	s.call(t, "POST", "/v1/remember", padded(most)).want(t, 201)
	for _, path := range []string{"/v1/remember", "/v1/recall", "/v1/webhooks", "/api/memories/row-084/add", "/api/memories/row-084/batch-add"} {
		s.call(t, "POST", path, padded(most+1)).refused(t, 413, "payload_too_large")
		s.call(t, "POST", path, padded(most+1), chunked).refused(t, 413, "payload_too_large")
	}
	hostile := hostileBodies()
	attack := func() {
		for what, body := range hostile {
			for _, path := range []string{
				"/v1/remember", "/v1/memory-set", "/v1/recall", "/v1/webhooks", "/v1/keys",
				"/api/memories/row-084/add", "/api/memories/row-084/batch-add", "/api/memories/row-084/recall", "/api/memories/row-084/hooks",
			} {
				a := s.call(t, "POST", path, body)
				if a.status < 400 || a.status > 499 {
					t.Errorf("%s: want a refusal: %v", what, a)
					continue
				}
				a.failure(t, "")
			}
		}
	}
	attack()         // what a first time costs is not growth
	if !deployed() { // a function's memory has a limit of its own
		before := resident(t, s.pid())
		for range 8 {
			attack()
		}
		if after := resident(t, s.pid()); after > before+64<<20 {
			t.Errorf("memory grew from %d to %d MiB over refused requests", before>>20, after>>20)
		}
	}
	if forgotten := s.call(t, "DELETE", "/v1/forget?namespace=row-084", nil).want(t, 200); forgotten["deleted"] != 1.0 {
		t.Errorf("%v memories, want the one that was accepted", forgotten["deleted"])
	}
	if stats := s.call(t, "GET", "/api/memories/row-084/stats", nil); stats.status == 200 && stats.json(t)["total_grains"] != 0.0 {
		t.Errorf("a refused grain is there: %v", stats)
	}
}

// hostileBodies are refused by every POST, each for what it is named after.
// Each has the fields that the calls ask for, so that nothing else is wrong.
func hostileBodies() map[string]string {
	fields := `"content":"x","key":"k","value":"x","query":"x","name":"x","url":"https://your-app.com/","events":["*"],"scopes":["read"],` +
		`"delivery_mode":"cdc","subject":"s","relation":"r","object":"o","grains":[{"grain_type":"event","fields":{"content":"x"}}],"namespace":"row-084",`
	with := func(extra string) string { return "{" + fields + extra + "}" }
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, `"k%d":%d,`, i, i)
	}
	manyKeys := many.String() + `"last":0`
	return map[string]string{
		"arrays nested 100,000 deep":  with(`"deep":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
		"objects nested 100,000 deep": with(`"deep":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)),
		"nested and never closed":     strings.Repeat("[", 500_000),
		"a number beyond float64":     with(`"n":1e999`),
		"a number of 500,000 digits":  with(`"n":` + strings.Repeat("9", 500_000)),
		"an exponent of many digits":  with(`"n":1e` + strings.Repeat("9", 100_000)),
		"10,000 keys":                 with(manyKeys),
		"10,000 keys in metadata":     with(`"metadata":{` + manyKeys + `}`),
		"one key twice":               with(`"content":"y"`),
		"cut off":                     "{" + fields,
		"a megabyte of white space":   strings.Repeat(" ", 1<<20),
	}
}

// chunked sends a body without saying how long it is.
func chunked(r *http.Request) {
	body := r.Body
	r.Body = io.NopCloser(io.MultiReader(body))
	r.ContentLength, r.GetBody = -1, nil
}

// resident is how much of a process is in memory, in bytes.
func resident(t testing.TB, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Logf("memory is not measured here: %v", err)
		return 0
	}
	fields := bytes.Fields(stat)
	pages, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
