package acceptance_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oklog/ulid/v2"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// sample is one line of the Prometheus text format.
var sample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (\S+)( \d+)?$`)

// metrics reads /metrics: values by name and labels as they stand there.
func (c caller) metrics(t testing.TB) map[string]float64 {
	t.Helper()
	a := c.call(t, "GET", "/metrics", nil)
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%v", a)
	}
	all := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(a.body)); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			t.Fatalf("no line of the text format: %q", line)
		}
		v, err := strconv.ParseFloat(parts[3], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all[parts[1]+parts[2]] = v
	}
	return all
}

func TestRow097Metrics(t *testing.T) {
	row(t, 97, "metrics and traces")
	ownProcess(t, 97, "a function's metrics are lines for CloudWatch, which the emulator does not count; tested in shared/adapter/aws/trigger and infra/template")
	s := start(t, 97, nil)
	m := s.fresh(t)
	good, bad := receive(t), receive(t, status(500))
	fine, dying := m.push(t, good), m.push(t, bad, object{"max_retries": 2})
	const n = 10
	for i := range n {
		m.add(t, belief(fmt.Sprint("private subject ", i)))
	}
	good.wait(t, n)
	bad.wait(t, 3*n)
	m.settledCounts(t, fine, n)
	eventually(t, "the dead letters", func() bool { return m.counts(t, dying)["dead"] == n })
	sum := func(metrics map[string]float64, name string, labels ...string) (total float64) {
		for key, v := range metrics {
			metric, rest, _ := strings.Cut(key, "{")
			fits := metric == name
			for _, label := range labels {
				fits = fits && strings.Contains(rest, label)
			}
			if fits {
				total += v
			}
		}
		return total
	}
	want := map[string]float64{
		"memhooks_attempts_total": 4 * n, "memhooks_events_total": n,
	}
	var got map[string]float64
	eventually(t, "the counters to agree with the log", func() bool {
		got = s.metrics(t)
		return sum(got, "memhooks_attempts_total") == want["memhooks_attempts_total"]
	})
	for metric, v := range want {
		if sum(got, metric) != v {
			t.Errorf("%s is %v, want %v", metric, sum(got, metric), v)
		}
	}
	if v := sum(got, "memhooks_deliveries_total", `delivered`); v != n {
		t.Errorf("delivered %v, want %d", v, n)
	}
	if v := sum(got, "memhooks_deliveries_total", `dead`); v != n {
		t.Errorf("dead %v, want %d", v, n)
	}
	if a := s.call(t, "GET", "/metrics", nil); bytes.Contains(a.body, []byte("private subject")) {
		t.Error("content stands in the metrics")
	}
}

// collector takes traces over OTLP and keeps the names of each trace's spans.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string][]string // by trace id in hex
}

func collect(t *testing.T) *collector {
	c := &collector{spans: map[string][]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var batch tracepb.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &batch) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range batch.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					id := hex.EncodeToString(span.GetTraceId())
					c.spans[id] = append(c.spans[id], span.GetName())
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// trace is the sorted names of a trace's spans.
func (c *collector) trace(id string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.spans[id]))
}

func TestRow097Traces(t *testing.T) {
	row(t, 97, "metrics and traces")
	ownProcess(t, 97, "the stack has no collector for traces")
	traces := collect(t)
	s := start(t, 97, settings{"OTEL_EXPORTER_OTLP_ENDPOINT": traces.URL, "OTEL_BSP_SCHEDULE_DELAY": "50"})
	m := s.fresh(t)
	flaky := receive(t, status(500), status(200))
	m.push(t, flaky)
	m.add(t, belief("traced"))
	got := flaky.wait(t, 2)
	event := ulid.MustParse(strings.TrimPrefix(got[0].header.Get("webhook-id"), "evt_"))
	want := []string{"attempt", "attempt", "write"}
	eventually(t, "the event's own trace, from its write to both POSTs", func() bool {
		return slices.Equal(traces.trace(hex.EncodeToString(event[:])), want)
	})
}
