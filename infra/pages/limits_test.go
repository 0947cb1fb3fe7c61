package pages_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/road"
)

// TestLimits holds docs/limits.md to the code's numbers, and the defaults that
// it names to those of the settings.
func TestLimits(t *testing.T) {
	text, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	s, err := road.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	say := message.NewPrinter(language.English)
	for row, cell := range map[string]string{
		"an event's body":                    say.Sprintf("%d bytes", memory.MaxBody),
		"namespace, `user_id`, `scope_path`": say.Sprintf("%d bytes", memory.MaxName),
		"hooks of a memory":                  say.Sprintf("%d", hook.MaxHooks),
		"a filter":                           say.Sprintf("%d conditions", pattern.MaxConditions),
		"`max_retries`":                      say.Sprintf("0 to %d", hook.MaxRetries),
		"a page of the feed · a wait for it": say.Sprintf("%d events · %.0f s", feed.MaxLimit, feed.MaxWait.Seconds()),
		"one attempt":                        say.Sprintf("%.0f s", s.Timeout.Seconds()),
		"the log":                            say.Sprintf("%.0f days", s.FeedMaxAge.Hours()/24),
		"requests":                           say.Sprintf("%.0f a second and key, bursts of %d", s.Rate, s.Burst),
	} {
		_, line, found := strings.Cut(string(text), "\n| "+row+" |")
		line, _, _ = strings.Cut(line, "\n")
		if !found || !strings.Contains(line, cell) {
			t.Errorf("docs/limits.md says of %s: %q; the code says %s", row, line, cell)
		}
	}
}
