// Package redact decides which parts of an event a hook may see. Every field of
// every event body has one privacy class; a mode keeps some classes and
// withholds the rest. A class that is not in the table is withheld, so a field
// that nobody classified can't leak.
package redact

import "github.com/memhooks/memhooks/shared/fault"

// Mode says how much of an event a hook receives.
type Mode string

// The modes, from the loosest to the tightest.
const (
	Full         Mode = "full"          // everything that has a class
	MetadataOnly Mode = "metadata_only" // what happened, when, to which grain; no content, no person
	HashOnly     Mode = "hash_only"     // what happened and the identity of the grain
)

// ParseMode reads a mode as callers write it; "" is Full. Any other name than
// the three is a fault.InvalidField.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case "":
		return Full, nil
	case Full, MetadataOnly, HashOnly:
		return m, nil
	}
	return "", fault.New(fault.InvalidField,
		"redaction_mode %.40q is not known; use %q, %q or %q", s, Full, MetadataOnly, HashOnly)
}

// Keeps reports whether a field of class c goes out in mode m with its value.
// False for an unknown class.
func (m Mode) Keeps(c Class) bool { return classes[c][m.rank()] == keep }

// Empties reports whether a field of class c goes out in mode m with its key
// but without its value (an empty list). False for an unknown class, and
// wherever Keeps is true.
func (m Mode) Empties(c Class) bool { return classes[c][m.rank()] == empty }

// TighterThan reports whether m withholds more than o does; false when they are
// equal.
func (m Mode) TighterThan(o Mode) bool { return m.rank() > o.rank() }

// rank is the mode's column in the table of classes. What ParseMode never made
// counts as the tightest mode.
func (m Mode) rank() int {
	switch m {
	case Full:
		return 0
	case MetadataOnly:
		return 1
	default:
		return 2
	}
}
