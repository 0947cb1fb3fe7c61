// Package dialect is how a hook's events are named and shaped: one table row
// per dialect. How they are signed is package sign's table of the same names.
package dialect

import (
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/wire"
)

// The dialects.
const (
	REM      = "rem"
	Areev    = "areev"
	Standard = "standard"
)

// Event is a change with what may be said about it at this moment.
type Event struct {
	Change change.Change
	// Fields are the grain's fields, or what the change itself had sealed; nil
	// where there are none or where Gone says why they can't be read.
	Fields map[string]any
	Gone   Gone
}

// Gone is why an event's content can no longer be told.
type Gone string

// Why content is missing; the zero value means that it is not.
const (
	Forgotten Gone = "forgotten"
	Erased    Gone = "erased"
)

// row is one dialect: the events' names, and the body made of an event.
type row struct {
	name func(events.Type) string
	body func(events.Type, Event, redact.Mode) wire.Object
}

// table has one row per dialect. To add one, add its row here and in package
// sign; a test walks both.
var table = map[string]row{
	REM:      {func(t events.Type) string { return t.REM }, remBody},
	Areev:    {func(t events.Type) string { return t.Areev }, areevBody},
	Standard: {func(t events.Type) string { return t.Areev }, standardBody},
}

// Names lists the dialects.
func Names() []string { return []string{Areev, REM, Standard} }

// Has says whether a dialect has a name for events of a cause.
func Has(dialect string, c events.Cause) bool { return Name(dialect, c) != "" }

// Name is an event's name in a dialect, "" where it has none.
func Name(dialect string, c events.Cause) string {
	t, known := events.Lookup(c)
	in, there := table[dialect]
	if !known || !there {
		return ""
	}
	return in.name(t)
}

// Causes turns the names of a dialect into causes; "*" is all. An unknown name
// is fault.InvalidField with the names that are accepted.
func Causes(dialect string, names []string) ([]events.Cause, error) {
	var out []events.Cause
	for _, n := range names {
		found := false
		for _, t := range events.Catalog {
			if have := Name(dialect, t.Cause); have != "" && (have == n || n == "*" && dialect == REM) {
				out, found = append(out, t.Cause), true
			}
		}
		if !found {
			return nil, fault.New(fault.InvalidField, "unknown event %.64q: use one of %s", n, accepted(dialect))
		}
	}
	return out, nil
}

// accepted lists for people what Causes takes.
func accepted(dialect string) string {
	list := strings.Join(EventNames(dialect), ", ")
	if dialect == REM {
		list += `, or "*" for all`
	}
	return list
}

// EventNames lists the event names of a dialect, each once; none of a dialect
// that is not known.
func EventNames(dialect string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, t := range events.Catalog {
		if n := Name(dialect, t.Cause); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Body renders an event for one hook: exactly the bytes that are signed and
// sent. The same event, mode and dialect always give the same bytes.
func Body(dialect string, e Event, mode redact.Mode) ([]byte, error) {
	t, ok := events.Lookup(e.Change.Cause)
	r, known := table[dialect]
	if !ok || !known || r.name(t) == "" {
		return nil, fault.New(fault.Internal, "dialect %q has no event for %q", dialect, e.Change.Cause)
	}
	if e.Gone != "" {
		e.Fields = nil
	}
	return wire.Append(make([]byte, 0, 1024), r.body(t, e, mode))
}
