package httpapi

import (
	"context"
	"maps"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/grain"
)

const (
	defaultGrain     = "belief"
	defaultNamespace = "default"
)

// grainFields is a grain as the body of an add: the fields that all types have
// are described, all others are kept as they come.
type grainFields map[string]any

// Schema is huma's.
func (grainFields) Schema(huma.Registry) *huma.Schema {
	return grainSchema(map[string]*huma.Schema{})
}

// grainChange is a grain that replaces another.
type grainChange map[string]any

// Schema is huma's.
func (grainChange) Schema(huma.Registry) *huma.Schema {
	s := grainSchema(map[string]*huma.Schema{
		"blob_hash": {Type: huma.TypeString, Description: "The grain to replace, a current one"},
	}, "blob_hash")
	for name, cleared := range map[string]string{
		"user_id": "null = none", "scope_path": "null = none", "tags": "null = none", "confidence": "null = 1", "namespace": "null = the same",
	} {
		s.Properties[name].Description = "That of the grain to replace where absent; " + cleared
	}
	return s
}

func grainSchema(properties map[string]*huma.Schema, required ...string) *huma.Schema {
	text := func(doc string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Nullable: true, Description: doc}
	}
	maps.Copy(properties, map[string]*huma.Schema{
		"grain_type": text("belief where absent; one of: " + listed(grain.Names())),
		"namespace":  text("default where absent"),
		"subject":    text("Whom or what a belief is about"),
		"relation":   text(""),
		"object":     text(""),
		"content":    text("Free text; an event needs it"),
		"user_id":    text("Whom the grain is about: what forget by user_id erases"),
		"scope_path": text("A slash path such as acme/prod: what forget by scope_path erases"),
		"confidence": {Type: huma.TypeNumber, Nullable: true, Description: "0 to 1; 1 where absent"},
		"created_at": {Type: huma.TypeInteger, Nullable: true, Description: "Epoch milliseconds, at most five minutes ahead; the time of the write where absent"},
		"tags":       {Type: huma.TypeArray, Nullable: true, Items: &huma.Schema{Type: huma.TypeString}},
	})
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Properties: properties, Required: required}
	s.PrecomputeMessages()
	return s
}

func listed(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// take removes a text from fields; null counts as absent.
func take(fields map[string]any, name string) (string, error) {
	v := fields[name]
	delete(fields, name)
	s, ok := v.(string)
	if !ok && v != nil {
		return "", fault.New(fault.InvalidField, "%s must be a string", name)
	}
	return s, nil
}

// grainInput parts a body into what the memory stage takes.
func grainInput(body map[string]any) (memory.Input, error) {
	fields := maps.Clone(body)
	kind, err := take(fields, "grain_type")
	if err != nil {
		return memory.Input{}, err
	}
	namespace, err := take(fields, "namespace")
	return memory.Input{Type: kind, Namespace: namespace, Fields: fields}, err
}

// withDefaults fills in what a new grain has where nothing is said.
func withDefaults(in memory.Input) memory.Input {
	if in.Type == "" {
		in.Type = defaultGrain
	}
	if in.Namespace == "" {
		in.Namespace = defaultNamespace
	}
	return in
}

type addInput struct {
	InMemory
	Body grainFields
}

type addAnswer struct {
	Hash   string `json:"blob_hash" doc:"The grain's content address: 64 lower-case hex digits"`
	Status string `json:"status" example:"created"`
	Seq    int64  `json:"seq,omitempty" doc:"Of its event in the memory's log; absent where it is not known yet, or where this very grain was stored already"`
}

func (a *API) addGrain(ctx context.Context, in *addInput) (*addAnswer, error) {
	input, err := grainInput(in.Body)
	if err != nil {
		return nil, err
	}
	return intoMemory(ctx, a, in.ID, func(m change.Memory) (*addAnswer, error) {
		w, err := a.cfg.Memory.Add(ctx, m, drawOf(ctx), withDefaults(input))
		return &addAnswer{w.Grain.Hash, "created", w.Seq}, err
	})
}

type supersedeInput struct {
	InMemory
	Body grainChange
}

type supersedeAnswer struct {
	Hash       string `json:"blob_hash" doc:"The new grain"`
	Superseded string `json:"superseded" doc:"The grain that it replaces"`
	Status     string `json:"status" example:"superseded"`
	Seq        int64  `json:"seq,omitempty"`
}

func (a *API) supersedeGrain(ctx context.Context, in *supersedeInput) (*supersedeAnswer, error) {
	input, err := grainInput(in.Body)
	if err != nil {
		return nil, err
	}
	old, err := take(input.Fields, "blob_hash")
	if err != nil {
		return nil, err
	}
	if err := checkHash("blob_hash", old); err != nil {
		return nil, err
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := a.cfg.Memory.Supersede(ctx, m, drawOf(ctx), old, input)
	return &supersedeAnswer{w.Grain.Hash, old, "superseded", w.Seq}, err
}

func checkHash(field, hash string) error {
	if !grain.ValidHash(hash) {
		return fault.New(fault.InvalidField, "%s must be a grain's hash, 64 lower-case hex digits: take it from blob_hash, an event or a recall", field)
	}
	return nil
}
