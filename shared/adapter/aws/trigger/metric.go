package trigger

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Namespace is that of our own metrics; each has the dimension Table, so that
// several systems in one account are told apart.
const Namespace = "memhooks"

// Overdue is the metric of erasures that have not ended within an hour. Upkeep
// writes it at every run: its silence is an alarm too.
const Overdue = "ErasureOverdue"

// Faults is the metric of failures that a trigger is not told, because part of
// its batch is done.
const Faults = "Faults"

// Count writes a metric as a log line that CloudWatch reads (embedded metric
// format).
func Count(out io.Writer, now time.Time, table, name string, n int) error {
	type metric struct {
		Name string
		Unit string
	}
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp":         now.UnixMilli(),
			"CloudWatchMetrics": []directive{{Namespace, [][]string{{"Table"}}, []metric{{name, "Count"}}}},
		},
		"Table": table,
		name:    n,
	})
	if err != nil {
		return fmt.Errorf("metric %s: %w", name, err)
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("metric %s: %w", name, err)
	}
	return nil
}
