package events_test

import (
	"testing"

	"github.com/memhooks/memhooks/events"
)

// The names that receivers switch on are the contract's.
func TestTheCatalogHasTheContractsNames(t *testing.T) {
	want := map[events.Cause][2]string{
		events.Created:      {"grain_created", "memory.created"},
		events.Superseded:   {"grain_superseded", "memory.updated"},
		events.Forgotten:    {"grain_forgotten", "memory.deleted"},
		events.Recalled:     {"", "memory.recalled"},
		events.Erased:       {"crypto_erase", ""},
		events.MemoryErased: {"", "memory.deleted"},
		events.Rotated:      {"key_rotated", ""},
	}
	if len(events.Catalog) != len(want) {
		t.Errorf("%d rows, want %d", len(events.Catalog), len(want))
	}
	for _, row := range events.Catalog {
		if got := [2]string{row.Areev, row.REM}; got != want[row.Cause] {
			t.Errorf("%s is called %q, want %q", row.Cause, got, want[row.Cause])
		}
	}
}

func TestEachRowIsWholeAndStandsOnce(t *testing.T) {
	causes, areev := map[events.Cause]bool{}, map[string]bool{"": true}
	for _, row := range events.Catalog {
		if causes[row.Cause] {
			t.Errorf("%s has two rows", row.Cause)
		}
		causes[row.Cause] = true
		if areev[row.Areev] && row.Areev != "" {
			t.Errorf("two causes are called %s", row.Areev)
		}
		areev[row.Areev] = true
		if row.Areev == "" && row.REM == "" {
			t.Errorf("%s is told to nobody", row.Cause)
		}
		if (row.Areev == "") != (len(row.AreevFields) == 0) || (row.REM == "") != (len(row.REMFields) == 0) {
			t.Errorf("%s has a name without fields, or fields without a name", row.Cause)
		}
		for _, fields := range [][]events.Field{row.AreevFields, row.REMFields} {
			seen := map[string]bool{}
			for _, f := range fields {
				if seen[f.Name] || f.Class == "" {
					t.Errorf("%s: field %q stands twice or has no class", row.Cause, f.Name)
				}
				seen[f.Name] = true
			}
		}
	}
}
