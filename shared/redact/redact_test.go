package redact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/redact"
)

// field is one key of a body with its class. The two lists hold every key of
// the contract's section 6, and of section 5 for the rem dialect.
type field struct {
	key   string
	class redact.Class
}

var areev = []field{
	{"event_type", redact.Kind}, {"timestamp_ms", redact.Time}, {"hash", redact.Hash},
	{"grain_type", redact.Meta}, {"namespace", redact.Meta},
	{"subject", redact.Content}, {"relation", redact.Content}, {"object", redact.Content},
	{"user_id", redact.Content}, {"tags", redact.Content}, {"fields", redact.Content},
	{"superseded", redact.Content}, {"scope_path", redact.Content}, {"count", redact.Content},
	{"key_fingerprint", redact.Content}, {"key_id", redact.Content}, {"redacted", redact.Marker},
}

var rem = []field{
	{"id", redact.Envelope}, {"event", redact.Kind}, {"timestamp", redact.Envelope},
	{"memory_id", redact.ID}, {"content", redact.Content}, {"query", redact.Content},
	{"namespace", redact.Meta}, {"memory_ids", redact.Content}, {"total", redact.Meta},
	{"tags", redact.Tags}, {"created_at", redact.Time}, {"updated_at", redact.Time},
	{"deleted_at", redact.Time}, {"redacted", redact.Marker},
}

// keys picks, of the fields that an event has, those that mode sends; "=[]"
// marks one that keeps only its key.
func keys(dialect []field, mode redact.Mode, event string) string {
	var out []string
	for _, f := range dialect {
		if !slices.Contains(strings.Fields(event), f.key) {
			continue
		}
		switch {
		case mode.Keeps(f.class):
			out = append(out, f.key)
		case mode.Empties(f.class):
			out = append(out, f.key+"=[]")
		}
	}
	return strings.Join(out, " ")
}

func TestModesYieldTheContractsKeySets(t *testing.T) {
	const (
		grain      = "event_type timestamp_ms hash grain_type namespace subject relation object user_id tags fields"
		erase      = "event_type timestamp_ms user_id count key_fingerprint"
		eraseScope = "event_type timestamp_ms scope_path count key_fingerprint"
		metadata   = "event_type timestamp_ms hash grain_type namespace"
	)
	for _, c := range []struct {
		name                    string
		dialect                 []field
		full, metadata, hashOly string
	}{
		{"areev created", areev, grain, metadata, "event_type hash"},
		{"areev superseded", areev, grain + " superseded", metadata, "event_type hash"},
		{"areev forgotten", areev, "event_type timestamp_ms hash grain_type namespace user_id", metadata, "event_type hash"},
		{"areev marked", areev, grain + " redacted", metadata + " redacted", "event_type hash"},
		{"areev erase person", areev, erase, "event_type timestamp_ms", "event_type"},
		{"areev erase scope", areev, eraseScope, "event_type timestamp_ms", "event_type"},
		{"areev rotated", areev, "event_type timestamp_ms key_id", "event_type timestamp_ms", "event_type"},
		{
			"rem created", rem, "id event timestamp memory_id content namespace tags created_at",
			"id event timestamp memory_id namespace tags=[] created_at", "id event timestamp memory_id",
		},
		{
			"rem updated", rem, "id event timestamp memory_id content namespace tags created_at updated_at",
			"id event timestamp memory_id namespace tags=[] created_at updated_at", "id event timestamp memory_id",
		},
		{
			"rem deleted", rem, "id event timestamp memory_id namespace tags created_at deleted_at",
			"id event timestamp memory_id namespace tags=[] created_at deleted_at", "id event timestamp memory_id",
		},
		{
			"rem recalled", rem, "id event timestamp query namespace memory_ids total",
			"id event timestamp namespace total", "id event timestamp",
		},
		{
			"rem marked", rem, "id event timestamp memory_id content namespace tags created_at redacted",
			"id event timestamp memory_id namespace tags=[] created_at redacted", "id event timestamp memory_id",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for mode, want := range map[redact.Mode]string{
				redact.Full: c.full, redact.MetadataOnly: c.metadata, redact.HashOnly: c.hashOly,
			} {
				if got := keys(c.dialect, mode, c.full); !sameKeys(got, want) {
					t.Errorf("%s:\n got %s\nwant %s", mode, got, want)
				}
			}
		})
	}
}

func sameKeys(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func TestUnknownClassIsWithheldInEveryMode(t *testing.T) {
	for _, c := range []redact.Class{"", "Kind", "nonsense", "content "} {
		if redact.Known(c) {
			t.Errorf("class %q is known", c)
		}
		for _, m := range []redact.Mode{redact.Full, redact.MetadataOnly, redact.HashOnly, "", "other"} {
			if m.Keeps(c) || m.Empties(c) {
				t.Errorf("mode %q lets class %q through", m, c)
			}
		}
	}
}

func TestUnparsedModeIsTheTightest(t *testing.T) {
	for _, f := range append(areev, rem...) {
		if !redact.Known(f.class) {
			t.Errorf("%s: class %q has no row", f.key, f.class)
		}
		if redact.Mode("oops").Keeps(f.class) != redact.HashOnly.Keeps(f.class) {
			t.Errorf("an unknown mode treats %s otherwise than hash_only", f.key)
		}
	}
}

func TestParseMode(t *testing.T) {
	for in, want := range map[string]redact.Mode{
		"": redact.Full, "full": redact.Full, "metadata_only": redact.MetadataOnly, "hash_only": redact.HashOnly,
	} {
		if got, err := redact.ParseMode(in); got != want || err != nil {
			t.Errorf("ParseMode(%q) = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"FULL", "none", " full", strings.Repeat("x", 1<<16)} {
		got, err := redact.ParseMode(in)
		if got != "" || fault.KindOf(err) != fault.InvalidField {
			t.Fatalf("ParseMode(%.20q) = %q, %v", in, got, err)
		}
		for _, name := range []string{"full", "metadata_only", "hash_only"} {
			if !strings.Contains(err.Error(), `"`+name+`"`) {
				t.Errorf("message lacks %s: %v", name, err)
			}
		}
		if len(err.Error()) > 200 {
			t.Errorf("message repeats %d bytes of the caller's value", len(err.Error()))
		}
	}
}

func TestTighterThan(t *testing.T) {
	order := []redact.Mode{redact.Full, redact.MetadataOnly, redact.HashOnly}
	for i, a := range order {
		for j, b := range order {
			if a.TighterThan(b) != (i > j) {
				t.Errorf("%s.TighterThan(%s) = %v", a, b, i <= j)
			}
		}
	}
}

func TestGate(t *testing.T) {
	for _, c := range []struct {
		mode              redact.Mode
		detects, accepted bool
		refused           bool
		effective         redact.Mode
	}{
		{redact.Full, true, false, true, redact.MetadataOnly},
		{redact.Full, true, true, false, redact.Full},
		{redact.Full, false, false, false, redact.Full},
		{redact.MetadataOnly, true, false, false, redact.MetadataOnly},
		{redact.HashOnly, true, false, false, redact.HashOnly},
		{redact.HashOnly, true, true, false, redact.HashOnly},
	} {
		err := redact.Gate(c.mode, c.detects, c.accepted)
		if (err != nil) != c.refused {
			t.Errorf("Gate(%s, %v, %v) = %v", c.mode, c.detects, c.accepted, err)
		}
		if err != nil {
			if fault.KindOf(err) != fault.PIIRisk {
				t.Errorf("kind %v", fault.KindOf(err))
			}
			for _, way := range []string{"COMP-H1", "acknowledge_pii_risk", "metadata_only", "hash_only"} {
				if !strings.Contains(err.Error(), way) {
					t.Errorf("refusal does not name %s: %v", way, err)
				}
			}
		}
		if got := redact.Effective(c.mode, c.detects, c.accepted); got != c.effective {
			t.Errorf("Effective(%s, %v, %v) = %s, want %s", c.mode, c.detects, c.accepted, got, c.effective)
		}
	}
}

func FuzzParseMode(f *testing.F) {
	for _, s := range []string{"", "full", "metadata_only", "hash_only", "Full", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := redact.ParseMode(s)
		if (err == nil) == (m == "") {
			t.Fatalf("ParseMode(%q) = %q, %v", s, m, err)
		}
	})
}

func TestEveryFieldOfTheCatalogHasAKnownClass(t *testing.T) {
	for _, row := range events.Catalog {
		for _, f := range slices.Concat(row.AreevFields, row.REMFields) {
			if !redact.Known(redact.Class(f.Class)) {
				t.Errorf("%s: field %s has the unknown class %q", row.Cause, f.Name, f.Class)
			}
		}
	}
}
