package roadtest

import (
	"encoding/json"
	"strconv"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
)

// What grains are drawn from; "" and 0 are left out.
var (
	persons     = [...]string{"", "ann", "bob", "cleo"}
	scopes      = [...]string{"", "acme/prod", "acme/prod/eu", "acme/production"}
	namespaces  = [...]string{"default", "default", "work"}
	subjects    = [...]string{"", "cup", "cupboard", "kettle"}
	relations   = [...]string{"", "holds"}
	labels      = [...]string{"", "red", "reddish"}
	confidences = [...]float64{0, 0.2, 0.5, 0.9, 1}
)

// input is what a call writes.
func (a *asked) input() memory.Input {
	fields := a.awkward()
	said := ""
	if text, ok := fields["said"].(string); ok {
		said = text
	}
	tags, drawn := []any{"tag" + a.sentinel + said}, a.op.A/4
	if label := labels[drawn%3]; label != "" {
		tags = append(tags, label)
	}
	fields["content"], fields["tags"] = "tea is "+a.sentinel+said, tags
	for name, text := range map[string]string{
		"user_id": persons[a.op.B%4], "scope_path": scopes[a.op.B/4%4], "subject": subjects[drawn/4%4], "relation": relations[drawn/16%2], "object": subjects[drawn/32%4],
	} {
		if text != "" {
			fields[name] = text
		}
	}
	if sure := confidences[drawn/128%5]; sure > 0 {
		fields["confidence"] = json.Number(strconv.FormatFloat(sure, 'g', -1, 64))
	}
	a.given = fields
	return memory.Input{Type: "event", Namespace: namespaces[a.op.B/16%3], Fields: fields}
}

// confidence is that of a grain: what its writer gave, else what the version
// before it had, else 1.
func (r *run) confidence(t *told) float64 {
	for t != nil && t.by != nil {
		if n, given := t.by.given["confidence"].(json.Number); given {
			sure, _ := n.Float64() // it is one of those above
			return sure
		}
		t = r.writers[t.change.Superseded]
	}
	return 1
}

// facts are what a filter may ask of a change, but for its type: texts, and one
// number.
func (r *run) facts(c change.Change) map[string][]any {
	out := map[string][]any{}
	for name, text := range map[string]string{"grain_type": c.GrainType, "namespace": c.Namespace, "user_id": c.UserID, "scope_path": c.ScopePath} {
		if text != "" {
			out[name] = []any{text}
		}
	}
	t := r.writers[c.Hash]
	if t == nil || t.by == nil {
		return out
	}
	for _, name := range [...]string{"subject", "relation", "object"} {
		if text, given := t.by.given[name]; given {
			out[name] = []any{text}
		}
	}
	out["tags"], _ = t.by.given["tags"].([]any)
	out["confidence"] = []any{r.confidence(t)}
	return out
}
