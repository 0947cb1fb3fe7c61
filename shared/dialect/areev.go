package dialect

import (
	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/wire"
)

// areevBody is flat; absent values are left out, never null. Content that can
// no longer be told leaves what metadata_only would show, and says why.
func areevBody(t events.Type, e Event, mode redact.Mode) wire.Object {
	shown := mode
	if e.Gone != "" && redact.MetadataOnly.TighterThan(mode) {
		shown = redact.MetadataOnly
	}
	body := make(wire.Object, 0, len(t.AreevFields)+1)
	for _, f := range t.AreevFields {
		if !shown.Keeps(redact.Class(f.Class)) {
			continue
		}
		if v, ok := areevValue(t, e, f.Name); ok {
			body = append(body, wire.Member{Key: f.Name, Value: v})
		}
	}
	if e.Gone != "" && shown.Keeps(events.ClassMarker) {
		body = append(body, wire.Member{Key: "redacted", Value: string(e.Gone)})
	}
	return body
}

func areevValue(t events.Type, e Event, field string) (any, bool) {
	c := e.Change
	switch field {
	case "event_type":
		return t.Areev, true
	case "timestamp_ms":
		return c.At, true
	case "hash":
		return text(c.Hash)
	case "superseded":
		return text(c.Superseded)
	case "grain_type":
		return text(c.GrainType)
	case "namespace":
		return text(c.Namespace)
	case "user_id":
		return text(c.UserID)
	case "scope_path":
		return text(c.ScopePath)
	case "count":
		return c.Count, true
	case "key_fingerprint":
		return text(c.Fingerprint)
	case "key_id":
		return text(c.KeyID)
	case "fields":
		return e.Fields, e.Fields != nil
	default:
		v, ok := e.Fields[field]
		return v, ok
	}
}

func text(s string) (any, bool) { return s, s != "" }

// standardBody is the envelope of the Standard Webhooks specification around
// the areev body.
func standardBody(t events.Type, e Event, mode redact.Mode) wire.Object {
	var data wire.Object
	for _, m := range areevBody(t, e, mode) {
		if m.Key != "event_type" && m.Key != "timestamp_ms" {
			data = append(data, m)
		}
	}
	return wire.Object{
		{Key: "type", Value: t.Areev},
		{Key: "timestamp", Value: rfc3339(e.Change.At)},
		{Key: "data", Value: data},
	}
}
