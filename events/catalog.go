// Package events is the public contract of what memhooks tells the outside:
// one row per cause of an event, its name in each dialect, and every field of
// its body with the privacy class that decides who may see it. It imports
// nothing of this module, so that a receiver may import it alone.
package events

// Cause is why a change happened, the dialect-free name of an event type.
type Cause string

// The causes. A cause without a row in Catalog is never told to anyone.
const (
	Created      Cause = "created"       // a grain was added
	Superseded   Cause = "superseded"    // a grain was replaced by a newer version
	Forgotten    Cause = "forgotten"     // a lineage was deleted
	Recalled     Cause = "recalled"      // a caller searched
	Erased       Cause = "erased"        // a person's or a scope's keys were destroyed
	MemoryErased Cause = "memory_erased" // one lineage that went with an erasure
	Rotated      Cause = "rotated"       // a new key generation began
)

// Privacy classes. What a redaction mode keeps is decided by class; a class
// that no mode knows is withheld.
const (
	ClassKind     = "kind"     // what happened
	ClassTime     = "time"     // when
	ClassHash     = "hash"     // which grain
	ClassMeta     = "meta"     // type, namespace, counts
	ClassContent  = "content"  // what was said, and about whom
	ClassMarker   = "marker"   // why content is missing
	ClassEnvelope = "envelope" // what frames every body of a dialect
)

// Field is one key of a body: its name on the wire and its privacy class.
type Field struct{ Name, Class string }

// Type is one row of the catalog. Areev and REM are the event's names in these
// dialects; an empty name means that the dialect does not have the event. The
// standard dialect uses Areev's names and fields.
type Type struct {
	Cause       Cause
	Areev       string
	REM         string
	AreevFields []Field // keys of the flat body, in order
	REMFields   []Field // keys of data, in order
}

var areevHead = []Field{{"event_type", ClassKind}, {"timestamp_ms", ClassTime}}

var grainFields = []Field{
	{"grain_type", ClassMeta}, {"namespace", ClassMeta},
	{"subject", ClassContent}, {"relation", ClassContent}, {"object", ClassContent},
	{"user_id", ClassContent}, {"tags", ClassContent}, {"fields", ClassContent},
}

// The classes that only the REM dialect has: its identifiers stay in hash_only,
// its lists are emptied rather than left out.
const (
	ClassID   = "id"   // the memory's id
	ClassTags = "tags" // always an array; emptied where content is withheld
)

var remGrain = []Field{{"memory_id", ClassID}, {"content", ClassContent}, {"namespace", ClassMeta}, {"tags", ClassTags}, {"created_at", ClassTime}}

// Catalog has one row per cause. To add an event type, add its row here; the
// tests of the dialects walk the table and fail by name.
var Catalog = []Type{
	{
		Cause: Created, Areev: "grain_created", REM: "memory.created",
		AreevFields: join(areevHead, []Field{{"hash", ClassHash}}, grainFields),
		REMFields:   remGrain,
	},
	{
		Cause: Superseded, Areev: "grain_superseded", REM: "memory.updated",
		AreevFields: join(areevHead, []Field{{"hash", ClassHash}, {"superseded", ClassContent}}, grainFields),
		REMFields:   join(remGrain, []Field{{"updated_at", ClassTime}}),
	},
	{
		Cause: Forgotten, Areev: "grain_forgotten", REM: "memory.deleted",
		AreevFields: join(areevHead, []Field{{"hash", ClassHash}, {"grain_type", ClassMeta}, {"namespace", ClassMeta}, {"user_id", ClassContent}}),
		REMFields:   remDeleted,
	},
	{
		Cause: Recalled, REM: "memory.recalled",
		REMFields: []Field{{"query", ClassContent}, {"namespace", ClassMeta}, {"memory_ids", ClassContent}, {"total", ClassMeta}},
	},
	{
		Cause: Erased, Areev: "crypto_erase",
		AreevFields: join(areevHead, []Field{{"user_id", ClassContent}, {"scope_path", ClassContent}, {"count", ClassContent}, {"key_fingerprint", ClassContent}}),
	},
	{Cause: MemoryErased, REM: "memory.deleted", REMFields: remDeleted},
	{
		Cause: Rotated, Areev: "key_rotated",
		AreevFields: join(areevHead, []Field{{"key_id", ClassContent}}),
	},
}

var remDeleted = []Field{{"memory_id", ClassID}, {"namespace", ClassMeta}, {"tags", ClassTags}, {"created_at", ClassTime}, {"deleted_at", ClassTime}}

// Lookup returns the row of a cause, false where the catalog has none.
func Lookup(c Cause) (Type, bool) {
	for _, t := range Catalog {
		if t.Cause == c {
			return t, true
		}
	}
	return Type{}, false
}

func join(parts ...[]Field) []Field {
	var all []Field
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
