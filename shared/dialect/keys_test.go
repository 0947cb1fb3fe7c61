package dialect_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/redact"
)

// The exact keys of each body, in order, as the contract lists them: full,
// metadata_only, hash_only. A standard body's are those of its data.
var flatKeys = map[events.Cause][3]string{
	events.Created: {
		"event_type timestamp_ms hash grain_type namespace subject relation object user_id tags fields",
		"event_type timestamp_ms hash grain_type namespace", "event_type hash",
	},
	events.Superseded: {
		"event_type timestamp_ms hash superseded grain_type namespace subject relation object user_id tags fields",
		"event_type timestamp_ms hash grain_type namespace", "event_type hash",
	},
	events.Forgotten: {
		"event_type timestamp_ms hash grain_type namespace user_id",
		"event_type timestamp_ms hash grain_type namespace", "event_type hash",
	},
	events.Erased:  {"event_type timestamp_ms user_id count key_fingerprint", "event_type timestamp_ms", "event_type"},
	events.Rotated: {"event_type timestamp_ms key_id", "event_type timestamp_ms", "event_type"},
}

var remKeys = map[events.Cause][3]string{
	events.Created: {
		"memory_id content namespace tags created_at", "memory_id namespace tags created_at", "memory_id",
	},
	events.Superseded: {
		"memory_id content namespace tags created_at updated_at", "memory_id namespace tags created_at updated_at", "memory_id",
	},
	events.Forgotten: {
		"memory_id namespace tags created_at deleted_at", "memory_id namespace tags created_at deleted_at", "memory_id",
	},
	events.MemoryErased: {
		"memory_id namespace tags created_at deleted_at", "memory_id namespace tags created_at deleted_at", "memory_id",
	},
	events.Recalled: {"query namespace memory_ids total", "namespace total", ""},
}

func TestAreevBodiesHaveExactlyTheirKeys(t *testing.T) {
	for cause, want := range flatKeys {
		for i, mode := range modes {
			for _, gone := range gones {
				expect := want[i]
				if gone != "" && mode != redact.HashOnly {
					expect = want[1] + " redacted"
				}
				body := render(t, dialect.Areev, cause, mode, gone)
				if got := keys(t, body); got != expect {
					t.Errorf("%s %s %q:\n got %s\nwant %s", cause, mode, gone, got, expect)
				}
				marked(t, body, gone, mode)
			}
		}
	}
}

func TestStandardBodiesAreAnEnvelopeAroundTheAreevBody(t *testing.T) {
	for cause := range flatKeys {
		for _, mode := range modes {
			for _, gone := range gones {
				body := render(t, dialect.Standard, cause, mode, gone)
				if got := keys(t, body); got != "type timestamp data" {
					t.Errorf("%s %s %q: %s", cause, mode, gone, got)
				}
				flat := strings.Fields(keys(t, render(t, dialect.Areev, cause, mode, gone)))
				flat = slices.DeleteFunc(flat, func(k string) bool { return k == "event_type" || k == "timestamp_ms" })
				if got, want := keys(t, member(t, body, "data")), strings.Join(flat, " "); got != want {
					t.Errorf("%s %s %q: data has %s, want %s", cause, mode, gone, got, want)
				}
			}
		}
	}
}

func TestREMBodiesHaveExactlyTheirKeys(t *testing.T) {
	for cause, want := range remKeys {
		for i, mode := range modes {
			for _, gone := range gones {
				body := render(t, dialect.REM, cause, mode, gone)
				if got := keys(t, body); got != "id event timestamp data" {
					t.Errorf("%s %s %q: the envelope is %s", cause, mode, gone, got)
				}
				expect := want[i]
				if gone != "" && mode != redact.HashOnly {
					expect += " redacted"
				}
				data := member(t, body, "data")
				if got := keys(t, data); got != expect {
					t.Errorf("%s %s %q:\n got %s\nwant %s", cause, mode, gone, got, expect)
				}
				marked(t, data, gone, mode)
				emptied(t, data, mode, gone)
			}
		}
	}
}

// marked checks why content is missing, where the mode lets it be said.
func marked(t *testing.T, object []byte, gone dialect.Gone, mode redact.Mode) {
	t.Helper()
	want := `"` + string(gone) + `"`
	if gone == "" || mode == redact.HashOnly {
		want = ""
	}
	if got := string(member(t, object, "redacted")); got != want {
		t.Errorf("redacted is %s, want %s, in %s", got, want, object)
	}
}

// emptied checks that keys which stay without their value are empty.
func emptied(t *testing.T, data []byte, mode redact.Mode, gone dialect.Gone) {
	t.Helper()
	if tags := string(member(t, data, "tags")); tags != "" && tags != "[]" && (mode != redact.Full || gone != "") {
		t.Errorf("%s %q shows the tags %s", mode, gone, tags)
	}
	for key, empty := range map[string]string{"content": `""`, "query": `""`, "memory_ids": "[]"} {
		if got := string(member(t, data, key)); gone != "" && got != "" && got != empty {
			t.Errorf("%s %q shows %s %s", mode, gone, key, got)
		}
	}
}

func TestAbsentValuesAreLeftOutNeverNull(t *testing.T) {
	s := events.Sample{Cause: events.Created, Lineage: sample(t, events.Created).Lineage, Hash: sample(t, events.Created).Hash}
	body, err := dialect.Body(dialect.Areev, sampled(s, ""), redact.Full)
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(t, body); got != "event_type timestamp_ms hash" {
		t.Errorf("a grain of nothing has the keys %s", got)
	}
	scope := events.Sample{Cause: events.Erased, ScopePath: "acme/prod"}
	body, err = dialect.Body(dialect.Areev, sampled(scope, ""), redact.Full)
	if got := keys(t, body); err != nil || got != "event_type timestamp_ms scope_path count" {
		t.Errorf("the erasure of a scope has the keys %s, %v", got, err)
	}
	everywhere := events.Sample{Cause: events.Recalled}
	body, err = dialect.Body(dialect.REM, sampled(everywhere, ""), redact.Full)
	if got := keys(t, member(t, body, "data")); err != nil || got != "query memory_ids total" {
		t.Errorf("a recall in all namespaces has the keys %s, %v", got, err)
	}
}

func render(t *testing.T, named string, cause events.Cause, mode redact.Mode, gone dialect.Gone) []byte {
	t.Helper()
	body, err := dialect.Body(named, sampled(sample(t, cause), gone), mode)
	if err != nil {
		t.Fatalf("%s %s %s %q: %v", named, cause, mode, gone, err)
	}
	return body
}

// keys lists an object's own keys in their order.
func keys(t *testing.T, object []byte) string {
	t.Helper()
	var out []string
	each(t, object, func(key string, _ json.RawMessage) { out = append(out, key) })
	return strings.Join(out, " ")
}

// member is one value of an object as it stands, nil where the key is absent.
func member(t *testing.T, object []byte, key string) []byte {
	t.Helper()
	var out []byte
	each(t, object, func(k string, v json.RawMessage) {
		if k == key {
			out = v
		}
	})
	return out
}

func each(t *testing.T, object []byte, f func(string, json.RawMessage)) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	for d.More() {
		key, err := d.Token()
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			t.Fatalf("%s: %v", object, err)
		}
		f(key.(string), v)
	}
}
