package console

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// functions are what templates call.
func (c *Console) functions() template.FuncMap {
	return template.FuncMap{
		"when":   func(v any) template.HTML { return c.when(v) },
		"number": number,
		"bytes":  size,
		"pretty": pretty,
		"short":  short,
		"spark":  func(activity map[string]any) template.HTML { return spark(activity) },
		"colour": colour,
		"page":   func(memory string, parts ...any) string { return memoryPath(memory, texts(parts)...) },
		"query":  func(all ...any) template.URL { return template.URL(client.Query(texts(all)...).Encode()) }, //nolint:gosec // url.Values escapes
		"called": func(d map[string]any) string { return called(d) },
		"share":  share,
		"list":   list,
		"count":  count,
		"brief":  brief,
		"score":  score,
		"once":   rand.Text,
		"plural": plural,
		"asset":  func(name string) string { return Root + "/assets/" + name + "?v=" + c.assets },
		"statuses": func() []string {
			return []string{"", "pending", "held", "delivered", "dead", "discarded", "cancelled", "skipped", "expired"}
		},
		// What a part needs beside the list that it shows.
		"events": func(memory string, events any) map[string]any {
			return map[string]any{"Memory": memory, "Events": events}
		},
		"deliveries": func(memory string, all any) map[string]any {
			return map[string]any{"Memory": memory, "Deliveries": all}
		},
		"body":   body,
		"sent":   func(body, mode any) map[string]any { return map[string]any{"Body": body, "Mode": mode} },
		"millis": millis,
	}
}

func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		if v != nil {
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// when is a time as a person reads it, with the exact one on hover. It takes
// RFC 3339, or epoch milliseconds.
func (c *Console) when(v any) template.HTML {
	var t time.Time
	switch v := v.(type) {
	case string:
		var err error
		if t, err = time.Parse(time.RFC3339, v); err != nil {
			return template.HTML(template.HTMLEscapeString(v)) //nolint:gosec // escaped
		}
	case json.Number:
		ms, _ := v.Int64()
		t = time.UnixMilli(ms)
	default:
		return ""
	}
	exact := t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-ago>%s</time>`, exact, exact, ago(c.cfg.Now().Sub(t)))) //nolint:gosec // digits only
}

// ago is a distance in one unit; assets/console.js writes the same.
func ago(d time.Duration) string {
	form := "%d %s ago"
	if d < 0 {
		d, form = -d, "in %d %s"
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf(form, int(d.Seconds()), "s")
	case d < time.Hour:
		return fmt.Sprintf(form, int(d.Minutes()), "min")
	case d < 24*time.Hour:
		return fmt.Sprintf(form, int(d.Hours()), "h")
	}
	return fmt.Sprintf(form, int(d.Hours()/24), "d")
}

// number parts thousands.
func number(v any) string {
	text := fmt.Sprint(v)
	if v == nil || text == "" {
		return "0"
	}
	digits, sign := strings.CutPrefix(text, "-")
	if _, err := strconv.ParseUint(digits, 10, 64); err != nil {
		return text
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	if sign {
		return "−" + digits
	}
	return digits
}

// size is a number of bytes in the unit that fits.
func size(v any) string {
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil {
		return "–"
	}
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			return strconv.FormatFloat(n, 'f', precision(n), 64) + " " + unit
		}
		n /= 1024
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + " TiB"
}

func precision(n float64) int {
	if n < 10 && n != float64(int(n)) {
		return 1
	}
	return 0
}

// millis is a time in milliseconds in the unit that fits.
func millis(v any) string {
	ms := count(v)
	switch {
	case ms == 0:
		return "< 1 ms"
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	}
	return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond).String()
}

// pretty is a document over several lines; "" for none.
func pretty(v any) string {
	if v == nil {
		return ""
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(out.String())
}

// short is a hash or id that fits into a table.
func short(v any) string {
	s, _ := v.(string)
	if len(s) <= 16 {
		return s
	}
	return s[:10] + "…" + s[len(s)-4:]
}

// colours say how a state looks; any other is neutral.
var colours = map[string]string{
	"active": "ok", "delivered": "ok", "current": "ok",
	"held": "bad", "dead": "bad", "disabled": "bad", "erased": "bad", "expired": "bad",
	"pending": "warn", "paused": "warn", "skipped": "warn", "forgotten": "warn",
}

func colour(v any) string { return colours[fmt.Sprint(v)] }

// share is a part of the whole in percent; the counts are those of a hook.
func share(counts any) string {
	m, _ := counts.(map[string]any)
	d := client.Doc(m)
	ended := d.Int("delivered") + d.Int("dead") + d.Int("discarded")
	if ended == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*float64(d.Int("delivered"))/float64(ended), 'f', 1, 64) + " %"
}

// list joins texts.
func list(v any) string {
	all, _ := v.([]any)
	return strings.Join(texts(all), ", ")
}

// score is a number from 0 to 1 with two decimals.
func score(v any) string {
	f, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// plural is a number and the word for so many.
func plural(n any, one, many string) string {
	if count(n) == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// count is a whole number, 0 for what is none.
func count(v any) int64 {
	n, _ := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	return n
}

// body is what a hook was or would be sent of an event: the same for all of its
// deliveries.
func body(hook map[string]any) any {
	if hook["body"] != nil {
		return hook["body"]
	}
	for _, d := range client.Doc(hook).List("deliveries") {
		if d["body"] != nil {
			return d["body"]
		}
	}
	return nil
}

// brief is a field's value that fits into a table.
func brief(v any) string {
	if s, ok := v.(string); ok {
		return clip(s, 160)
	}
	if all, ok := v.([]any); ok {
		return clip(strings.Join(texts(all), ", "), 160)
	}
	return clip(strings.Join(strings.Fields(pretty(v)), " "), 160)
}
