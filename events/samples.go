package events

// Sample is what one event could be about, dialect-free: identifiers as they
// would stand in a change, and the content that its body would show.
type Sample struct {
	Cause       Cause
	Lineage     string
	Hash        string
	Superseded  string
	GrainType   string
	Namespace   string
	UserID      string
	ScopePath   string
	Count       int
	Fingerprint string
	KeyID       string
	Fields      map[string]any // nil where the event has no content
}

const (
	sampleFirst = "4f1c2a9be07d5386c1f0a4d28b6e93570ad4c8e2f1b7369d5e08a2c47b91d630"
	sampleNext  = "9b03d6e8215fa47cc0e9417ab3d2586ff47e1c09d85b62a3e7104f9c2ab8d571"
)

var sampleFields = map[string]any{
	"subject": "Ada", "relation": "prefers", "object": "tea", "confidence": 1.0,
	"content": "Ada prefers tea", "user_id": "ada", "tags": []any{"sample"},
}

// Samples has one row per row of Catalog, in its order. Test sends and the
// documentation show them; nothing in them is anyone's.
var Samples = []Sample{
	{
		Cause: Created, Lineage: sampleFirst, Hash: sampleFirst,
		GrainType: "belief", Namespace: "default", UserID: "ada", Fields: sampleFields,
	},
	{
		Cause: Superseded, Lineage: sampleFirst, Hash: sampleNext, Superseded: sampleFirst,
		GrainType: "belief", Namespace: "default", UserID: "ada", Fields: sampleFields,
	},
	{
		Cause: Forgotten, Lineage: sampleFirst, Hash: sampleNext,
		GrainType: "belief", Namespace: "default", UserID: "ada", Fields: map[string]any{"tags": []any{"sample"}},
	},
	{
		Cause: Recalled, Namespace: "default", Count: 1,
		Fields: map[string]any{"query": "what does Ada drink?", "memory_ids": []any{"mem_" + sampleFirst[:32]}},
	},
	{
		Cause: Erased, UserID: "ada", Count: 2, Fingerprint: "6e1f90b2c4d7a853",
	},
	{
		Cause: MemoryErased, Lineage: sampleFirst, Hash: sampleNext,
		GrainType: "belief", Namespace: "default", UserID: "ada",
	},
	{
		Cause: Rotated, KeyID: "01JA0000000000000000000000",
	},
}
