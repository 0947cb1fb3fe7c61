package events_test

import (
	"testing"

	"github.com/memhooks/memhooks/events"
)

func TestEveryEventHasASampleThatFillsItsFields(t *testing.T) {
	if len(events.Samples) != len(events.Catalog) {
		t.Fatalf("%d samples for %d events", len(events.Samples), len(events.Catalog))
	}
	for i, row := range events.Catalog {
		t.Run(string(row.Cause), func(t *testing.T) {
			s := events.Samples[i]
			if s.Cause != row.Cause {
				t.Fatalf("sample %d is of %q: samples stand in the catalog's order", i, s.Cause)
			}
			have := map[string]bool{
				"hash": s.Hash != "", "superseded": s.Superseded != "", "memory_id": s.Lineage != "",
				"grain_type": s.GrainType != "", "namespace": s.Namespace != "", "total": s.Count > 0, "count": s.Count > 0,
				"key_fingerprint": s.Fingerprint != "", "key_id": s.KeyID != "", "fields": len(s.Fields) > 0,
				"user_id": s.UserID != "", "scope_path": s.ScopePath != "" || s.UserID != "", // an erasure is of one of them
				// These are the event's own or always an array.
				"event_type": true, "timestamp_ms": true, "created_at": true, "updated_at": true, "deleted_at": true, "tags": true,
			}
			for _, f := range append(row.AreevFields, row.REMFields...) {
				if _, inFields := s.Fields[f.Name]; !have[f.Name] && !inFields {
					t.Errorf("the sample leaves %s empty", f.Name)
				}
			}
		})
	}
}

func TestTheCatalogIsFoundByCause(t *testing.T) {
	for _, row := range events.Catalog {
		if got, ok := events.Lookup(row.Cause); !ok || got.Areev != row.Areev || got.REM != row.REM {
			t.Errorf("Lookup(%q) = %+v, %v", row.Cause, got, ok)
		}
	}
	if _, ok := events.Lookup("unheard"); ok {
		t.Error("an unknown cause has a row")
	}
}
