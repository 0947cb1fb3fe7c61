package grain

import (
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

// Type is one row of the table of grain types: its byte and word in the hash,
// and what is known of its fields. Get one from Lookup.
type Type struct {
	code    byte
	name    string   // on the wire
	hashed  string   // in the hash
	aliases []string // accepted on input besides name
	*schema          // its own fields and those of every type
}

// Name returns the type's name on the wire, for example "belief".
func (t Type) Name() string { return t.name }

// kind is what a known field's JSON value has to be.
type kind uint8

const (
	anything kind = iota
	text          // a string
	texts         // an array of strings
	truth         // true or false
	number        // a number, written as JSON gave it
	whole         // an integer that fits int64
	float         // a number, always written as float64
	unit          // a float from 0 to 1
	object        // an object
	list          // an array
	objects       // an array of objects
	outside       // the store's own bookkeeping: never kept, never hashed
)

// field is what is known of one field.
type field struct {
	name    string
	short   string // its key in the hash; empty: the name itself
	kind    kind
	must    bool    // New refuses a grain without it
	absent  any     // what New puts where it is absent
	as      string  // the field that New stores it as; empty: itself
	noEmpty bool    // an empty array counts as absent
	items   *schema // what is known of the objects in its array
}

// key returns the field's key in the hash.
func (f *field) key() string {
	if f.short == "" {
		return f.name
	}
	return f.short
}

// schema is the fields that are known of one kind of object.
type schema struct {
	byName  map[string]*field
	long    map[string]string // reserved short key → the field it stands for
	special []*field          // those that New requires, fills in or renames
}

// newSchema indexes fields; where a name comes twice its later row counts.
func newSchema(parts ...[]field) *schema {
	s := &schema{byName: map[string]*field{}, long: map[string]string{}}
	for _, part := range parts {
		for i := range part {
			f := &part[i]
			s.byName[f.name] = f
			if f.key() != f.name {
				s.long[f.key()] = f.name
			}
		}
	}
	for _, part := range parts {
		for i := range part {
			f := &part[i]
			if s.byName[f.name] == f && (f.must || f.absent != nil || f.as != "") {
				s.special = append(s.special, f)
			}
		}
	}
	return s
}

// find returns what is known of a field, nil for an unknown one.
func (s *schema) find(name string) *field {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

// reserved returns the field whose short key this name is, if any.
func (s *schema) reserved(name string) (long string, ok bool) {
	if s == nil {
		return "", false
	}
	long, ok = s.long[name]
	return long, ok
}

// Lookup returns the type of a wire name ("belief") or an alias ("fact").
// Names are case-sensitive. An unknown one is fault.InvalidField, and the
// message lists the ten.
func Lookup(name string) (Type, error) {
	if t := index[name]; t != nil {
		return *t, nil
	}
	return Type{}, fault.New(fault.InvalidField, "grain_type %.64q is unknown: use one of %s", name, strings.Join(Names(), ", "))
}

// Names returns the wire names of the ten types in the order of their bytes.
func Names() []string {
	names := make([]string, len(table))
	for i, t := range table {
		names[i] = t.name
	}
	return names
}

// index finds a row of the table by wire name or alias.
var index = func() map[string]*Type {
	byName := map[string]*Type{}
	for i := range table {
		t := &table[i]
		byName[t.name] = t
		for _, alias := range t.aliases {
			byName[alias] = t
		}
	}
	return byName
}()

// table is the ten grain types of the Open Memory Specification.
var table = []Type{
	{0x01, "belief", "fact", []string{"fact"}, newSchema(common, beliefFields)},
	{0x02, "event", "event", []string{"episode"}, newSchema(common, eventFields)},
	{0x03, "state", "state", []string{"checkpoint"}, newSchema(common, stateFields)},
	{0x04, "workflow", "workflow", nil, newSchema(common, workflowFields)},
	{0x05, "action", "tool", []string{"tool", "tool_call"}, newSchema(common, actionFields)},
	{0x06, "observation", "observation", nil, newSchema(common, observationFields)},
	{0x07, "goal", "goal", nil, newSchema(common, goalFields)},
	{0x08, "reasoning", "reasoning", nil, newSchema(common, reasoningFields)},
	{0x09, "consensus", "consensus", nil, newSchema(common, consensusFields)},
	{0x0A, "consent", "consent", nil, newSchema(common, consentFields)},
}
