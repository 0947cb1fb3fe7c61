package redact

// Class is the privacy class of one field of an event body. Its text is what
// the event catalog writes beside a field.
type Class string

// The classes, each with the fields that have it. "rem" fields are those of the
// REM dialect, the others are those of the Areev and standard dialects.
const (
	Kind     Class = "kind"     // what happened: event_type, type; rem event
	Envelope Class = "envelope" // what frames any event: timestamp of standard; rem id, timestamp
	Hash     Class = "hash"     // which grain: hash
	ID       Class = "id"       // which memory: rem memory_id
	Time     Class = "time"     // when: timestamp_ms; rem created_at, updated_at, deleted_at
	Meta     Class = "meta"     // what sort, where, how many hits: grain_type, namespace; rem total
	Marker   Class = "marker"   // why content is missing: redacted
	Tags     Class = "tags"     // a list whose key stays where its value may not: rem tags
	// Content is what was remembered or asked, about whom, and what tells
	// of other grains or of keys: subject, relation, object, fields, tags,
	// user_id, scope_path, superseded, count, key_fingerprint, key_id;
	// rem content, query, memory_ids.
	Content Class = "content"
)

// treatment is what a mode does with a field. The zero value withholds it.
type treatment uint8

const (
	withhold treatment = iota
	empty
	keep
)

// classes is the whole rule: for each class what full, metadata_only and
// hash_only do with it, in this order. A new class is one row here.
var classes = map[Class][3]treatment{
	Kind:     {keep, keep, keep},
	Envelope: {keep, keep, keep},
	Hash:     {keep, keep, keep},
	ID:       {keep, keep, keep},
	Time:     {keep, keep, withhold},
	Meta:     {keep, keep, withhold},
	Marker:   {keep, keep, withhold},
	Tags:     {keep, empty, withhold},
	Content:  {keep, withhold, withhold},
}

// Known reports whether c is one of the classes. The event catalog's test uses
// it: a misspelt class would withhold its field in every mode.
func Known(c Class) bool {
	_, ok := classes[c]
	return ok
}
