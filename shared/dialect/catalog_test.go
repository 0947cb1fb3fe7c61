package dialect_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/sign"
)

var (
	modes = []redact.Mode{redact.Full, redact.MetadataOnly, redact.HashOnly}
	gones = []dialect.Gone{"", dialect.Forgotten, dialect.Erased}
)

// sampled is the event of a sample, as it would be told at some moment.
func sampled(s events.Sample, gone dialect.Gone) dialect.Event {
	e := dialect.Event{Gone: gone, Fields: s.Fields, Change: change.Change{
		ID: "01JGKD2Q5NSAMPLE0000000000", Memory: change.Memory{Tenant: "main", ID: "default"},
		Cause: s.Cause, At: 1767323045678, CreatedAt: 1767236645999,
		Lineage: s.Lineage, Hash: s.Hash, Superseded: s.Superseded, GrainType: s.GrainType, Namespace: s.Namespace,
		UserID: s.UserID, ScopePath: s.ScopePath, Count: s.Count, Fingerprint: s.Fingerprint, KeyID: s.KeyID,
	}}
	if gone != "" {
		e.Fields = nil
	}
	return e
}

func sample(t testing.TB, cause events.Cause) events.Sample {
	t.Helper()
	i := slices.IndexFunc(events.Samples, func(s events.Sample) bool { return s.Cause == cause })
	if i < 0 {
		t.Fatalf("%s has no sample", cause)
	}
	return events.Samples[i]
}

func TestEveryFieldHasAPrivacyClassThatRedactionKnows(t *testing.T) {
	for _, row := range events.Catalog {
		for _, f := range append(slices.Clone(row.AreevFields), row.REMFields...) {
			if !redact.Known(redact.Class(f.Class)) {
				t.Errorf("%s: the class %q of %s would be withheld in every mode", row.Cause, f.Class, f.Name)
			}
		}
	}
	for _, c := range []redact.Class{events.ClassEnvelope, events.ClassMarker} {
		if !redact.Known(c) {
			t.Errorf("the class %q is not known", c)
		}
	}
}

func TestEveryDialectIsShapedAndSigned(t *testing.T) {
	for _, name := range dialect.Names() {
		if _, err := sign.ParseDialect(name); err != nil {
			t.Errorf("%s has no row in sign's table: %v", name, err)
		}
		if len(dialect.EventNames(name)) == 0 {
			t.Errorf("%s has no row in dialect's table", name)
		}
	}
	for _, signed := range []sign.Dialect{sign.Areev, sign.REM, sign.Standard} {
		if !slices.Contains(dialect.Names(), string(signed)) {
			t.Errorf("%s is signed, but nothing shapes it", signed)
		}
	}
}

func TestADialectHasItsEventsAndNoOthers(t *testing.T) {
	for _, row := range events.Catalog {
		for name, want := range map[string]string{"areev": row.Areev, "standard": row.Areev, "rem": row.REM, "unheard": ""} {
			if got := dialect.Name(name, row.Cause); got != want || dialect.Has(name, row.Cause) != (want != "") {
				t.Errorf("%s in %s is %q, want %q", row.Cause, name, got, want)
			}
			body, err := dialect.Body(name, sampled(sample(t, row.Cause), ""), redact.Full)
			if (err == nil) != (want != "") {
				t.Errorf("%s in %s: body %s, error %v", row.Cause, name, body, err)
			}
		}
	}
	if dialect.Has("rem", "unheard") {
		t.Error("an unknown cause has a name")
	}
	if _, err := dialect.Body("rem", dialect.Event{}, redact.Full); fault.KindOf(err) != fault.Internal || err == nil {
		t.Errorf("a body of no event: %v", err)
	}
}

func TestNamesBecomeCauses(t *testing.T) {
	all := []events.Cause{events.Created, events.Superseded, events.Forgotten, events.Recalled, events.MemoryErased}
	for _, tc := range []struct {
		dialect string
		names   []string
		want    []events.Cause
	}{
		{"rem", nil, nil},
		{"rem", []string{"*"}, all},
		{"rem", []string{"memory.deleted"}, []events.Cause{events.Forgotten, events.MemoryErased}},
		{"rem", []string{"memory.recalled", "memory.created"}, []events.Cause{events.Recalled, events.Created}},
		{"areev", []string{"crypto_erase"}, []events.Cause{events.Erased}},
		{"areev", []string{"grain_created", "grain_superseded", "grain_forgotten", "key_rotated"},
			[]events.Cause{events.Created, events.Superseded, events.Forgotten, events.Rotated}},
		{"standard", []string{"grain_forgotten"}, []events.Cause{events.Forgotten}},
	} {
		got, err := dialect.Causes(tc.dialect, tc.names)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s %v: %v, %v; want %v", tc.dialect, tc.names, got, err, tc.want)
		}
	}
}

func TestUnknownNamesAreRefusedWithTheKnownOnes(t *testing.T) {
	for _, tc := range []struct{ dialect, name string }{
		{"rem", "grain_created"}, {"rem", ""}, {"rem", "memory.*"}, {"rem", "Memory.created"},
		{"areev", "*"}, {"areev", "memory.created"}, {"areev", ""}, {"standard", "*"}, {"unheard", "*"}, {"", "memory.created"},
	} {
		_, err := dialect.Causes(tc.dialect, []string{tc.name})
		if fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%s %q: %v", tc.dialect, tc.name, err)
		}
	}
}

func TestADialectListsEachOfItsNamesOnce(t *testing.T) {
	five := []string{"grain_created", "grain_superseded", "grain_forgotten", "crypto_erase", "key_rotated"}
	for name, want := range map[string][]string{
		"rem":   {"memory.created", "memory.updated", "memory.deleted", "memory.recalled"},
		"areev": five, "standard": five, "unheard": nil,
	} {
		if got := dialect.EventNames(name); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
}

func TestAMemorysTextIsItsContentOrItsTriple(t *testing.T) {
	for _, tc := range []struct {
		fields map[string]any
		want   string
	}{
		{map[string]any{"content": "as it is", "subject": "a"}, "as it is"},
		{map[string]any{"content": "", "subject": "a"}, ""},
		{map[string]any{"subject": "Ada", "relation": "prefers", "object": "tea"}, "Ada prefers tea"},
		{map[string]any{"subject": "Ada", "object": "tea"}, "Ada tea"},
		{map[string]any{"content": json.Number("7"), "relation": "is"}, "is"},
		{nil, ""},
	} {
		if got := dialect.Content(tc.fields); got != tc.want {
			t.Errorf("Content(%v) = %q, want %q", tc.fields, got, tc.want)
		}
	}
}
