package roadtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/redact"
)

// keysOf are the keys of an event: in hash_only, what metadata_only has besides,
// and what full has besides that.
type keysOf [3]string

// modes are all of them, the loosest first.
var modes = [...]redact.Mode{redact.Full, redact.MetadataOnly, redact.HashOnly}

var areevKeys = map[events.Cause]keysOf{
	events.Created:    {"event_type hash", "timestamp_ms grain_type namespace", "tags fields"},
	events.Superseded: {"event_type hash", "timestamp_ms grain_type namespace", "tags fields superseded"},
	events.Forgotten:  {"event_type hash", "timestamp_ms grain_type namespace", ""},
	events.Erased:     {"event_type", "timestamp_ms", "count key_fingerprint"},
	events.Rotated:    {"event_type", "timestamp_ms", "key_id"},
}

// remKeys are those of data.
var remKeys = map[events.Cause]keysOf{
	events.Created:      {"memory_id", "namespace tags created_at", "content"},
	events.Superseded:   {"memory_id", "namespace tags created_at updated_at", "content"},
	events.Forgotten:    {"memory_id", "namespace tags created_at deleted_at", ""},
	events.MemoryErased: {"memory_id", "namespace tags created_at deleted_at", ""},
	events.Recalled:     {"", "total", "query memory_ids"},
}

func (k keysOf) in(mode redact.Mode) []string {
	return strings.Fields(strings.Join(k[:len(modes)-slices.Index(modes[:], mode)], " "))
}

// wanted are the keys that a body of a dialect has in a mode, no more and no
// fewer, and those of its data; given is what the grain's writer gave.
func wanted(in string, c change.Change, given map[string]any, mode redact.Mode, redacted bool) (top, data []string) {
	marked := redacted && mode != redact.HashOnly
	if in == dialect.REM {
		data = remKeys[c.Cause].in(mode)
		if marked {
			data = append(data, "redacted")
		}
		return []string{"data", "event", "id", "timestamp"}, data
	}
	if marked {
		mode = redact.MetadataOnly
	}
	flat := areevKeys[c.Cause].in(mode)
	if mode == redact.Full {
		for key, there := range map[string]bool{"user_id": c.UserID != "", "scope_path": c.Cause == events.Erased && c.ScopePath != ""} {
			if there {
				flat = append(flat, key)
			}
		}
		for _, key := range [...]string{"subject", "relation", "object"} {
			if _, there := given[key]; there && written(c) {
				flat = append(flat, key)
			}
		}
	}
	if marked {
		flat = append(flat, "redacted")
	}
	if in == dialect.Areev {
		return flat, nil
	}
	data = slices.DeleteFunc(flat, func(key string) bool { return key == "event_type" || key == "timestamp_ms" })
	return []string{"data", "timestamp", "type"}, data
}

// shown is what a body shows.
type shown struct {
	top, data map[string]any
	inside    map[string]any // top of the flat dialect, data of the others
	redacted  string         // why content is missing; "" = it is not
	modes     []redact.Mode  // in which an event is shown like that, the loosest first
}

// read reads a body of an event.
func read(in string, c change.Change, given map[string]any, body []byte) (s shown, err error) {
	if err := json.Unmarshal(body, &s.top); err != nil {
		return s, err
	}
	s.data, _ = s.top["data"].(map[string]any)
	if s.inside = s.data; in == dialect.Areev {
		s.inside = s.top
	}
	s.redacted, _ = s.inside["redacted"].(string)
	tags, _ := s.inside["tags"].([]any)
	for _, mode := range modes {
		top, data := wanted(in, c, given, mode, s.redacted != "")
		open := mode == redact.Full && s.redacted == ""
		if same(s.top, top) && same(s.data, data) && (open || len(tags) == 0) && (len(tags) > 0 || !open || !written(c)) {
			s.modes = append(s.modes, mode)
		}
	}
	return s, nil
}

// same says whether an object has these keys.
func same(object map[string]any, keys []string) bool {
	slices.Sort(keys)
	return slices.Equal(slices.Sorted(maps.Keys(object)), keys)
}

// like tells bodies apart that may differ: by their keys, why content is
// missing, and whether tags are shown.
func (s shown) like() string {
	tags, _ := s.inside["tags"].([]any)
	return strings.Join(slices.Sorted(maps.Keys(s.inside)), " ") + " " + s.redacted + map[bool]string{true: " tags"}[len(tags) > 0]
}
