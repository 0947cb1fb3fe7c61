package dialect

import (
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/wire"
)

// remBody keeps all its keys when content is gone: empty, and with the reason.
func remBody(t events.Type, e Event, mode redact.Mode) wire.Object {
	data := make(wire.Object, 0, len(t.REMFields)+1)
	for _, f := range t.REMFields {
		class := redact.Class(f.Class)
		switch v, ok := remValue(e, f.Name); {
		case mode.Keeps(class) && ok:
			data = append(data, wire.Member{Key: f.Name, Value: v})
		case mode.Empties(class):
			data = append(data, wire.Member{Key: f.Name, Value: []any{}})
		}
	}
	if e.Gone != "" && mode.Keeps(events.ClassMarker) {
		data = append(data, wire.Member{Key: "redacted", Value: string(e.Gone)})
	}
	return wire.Object{
		{Key: "id", Value: e.Change.EventID()},
		{Key: "event", Value: t.REM},
		{Key: "timestamp", Value: rfc3339(e.Change.At)},
		{Key: "data", Value: data},
	}
}

func remValue(e Event, field string) (any, bool) {
	c := e.Change
	switch field {
	case "memory_id":
		return change.MemoryID(c.Lineage), true
	case "content":
		return Content(e.Fields), true
	case "namespace":
		return c.Namespace, c.Cause != events.Recalled || c.Namespace != ""
	case "tags":
		return tags(e.Fields), true
	case "created_at":
		return rfc3339(c.CreatedAt), true
	case "updated_at", "deleted_at":
		return rfc3339(c.At), true
	case "query":
		return stringOf(e.Fields["query"]), true
	case "memory_ids":
		return list(e.Fields["memory_ids"]), true
	case "total":
		return c.Count, true
	}
	return nil, false
}

// Content is a grain's text in the REM dialect: its content, or where it has
// none "subject relation object".
func Content(fields map[string]any) string {
	if s, ok := fields["content"].(string); ok {
		return s
	}
	var out string
	for _, name := range []string{"subject", "relation", "object"} {
		if s := stringOf(fields[name]); s != "" {
			if out != "" {
				out += " "
			}
			out += s
		}
	}
	return out
}

func stringOf(v any) string {
	s, _ := v.(string)
	return s
}

func tags(fields map[string]any) []any { return list(fields["tags"]) }

func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{}
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
