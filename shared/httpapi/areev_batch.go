package httpapi

import (
	"context"
	"errors"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
)

// batchInput is a batch. A grain that is wrong in itself fails alone, so its
// shape is not part of the schema.
type batchInput struct {
	InMemory
	Body struct {
		Grains    []grainOfBatch `json:"grains" maxItems:"500"`
		Namespace *string        `json:"namespace,omitempty" nullable:"true" doc:"Of all grains whose fields name none; default where absent"`
		Tags      []string       `json:"tags,omitempty" nullable:"true" maxItems:"256" doc:"Added to each grain's own; at most 8,192 bytes together"`
	}
}

// grainOfBatch is {"grain_type","fields":{}}.
type grainOfBatch struct{ value any }

// UnmarshalJSON takes anything; what is no grain is told as its result.
func (g *grainOfBatch) UnmarshalJSON(data []byte) error { return decode(data, &g.value) }

// Schema is huma's. What stands among the extensions is described as all else
// is, and not enforced.
func (grainOfBatch) Schema(huma.Registry) *huma.Schema {
	fields := grainSchema(map[string]*huma.Schema{})
	kind := fields.Properties["grain_type"]
	delete(fields.Properties, "grain_type")
	s := &huma.Schema{
		Description: "One that is not of this shape fails alone, as its result says",
		Examples:    []any{map[string]any{"grain_type": "event", "fields": map[string]any{"content": "refund issued"}}},
		Extensions: map[string]any{
			"type":                 huma.TypeObject,
			"properties":           map[string]*huma.Schema{"grain_type": kind, "fields": fields},
			"required":             []string{"fields"},
			"additionalProperties": false,
		},
	}
	s.PrecomputeMessages()
	return s
}

type batchAnswer struct {
	Added   int           `json:"added"`
	Failed  int           `json:"failed"`
	Hashes  []string      `json:"hashes" doc:"Of the grains that were added, in their order"`
	Results []grainResult `json:"results,omitempty" doc:"One for each grain, in their order"`
}

// grainResult is either a hash or why there is none.
type grainResult struct {
	Status string       `json:"status" enum:"created,failed"`
	Hash   string       `json:"blob_hash,omitempty"`
	Seq    int64        `json:"seq,omitempty"`
	Error  *grainFailed `json:"error,omitempty"`
}

type grainFailed struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (a *API) addGrains(ctx context.Context, in *batchInput) (*batchAnswer, error) {
	if err := checkShared(in.Body.Tags); err != nil {
		return nil, err
	}
	inputs := make([]memory.Input, 0, len(in.Body.Grains))
	results := make([]memory.Result, len(in.Body.Grains))
	var at []int // of each input among the results
	for i, g := range in.Body.Grains {
		input, err := g.input(given(in.Body.Namespace), in.Body.Tags)
		if results[i].Err = err; err == nil {
			inputs, at = append(inputs, input), append(at, i)
		}
	}
	return a.addAll(ctx, in.ID, inputs, results, at)
}

// input reads one grain of a batch.
func (g grainOfBatch) input(namespace string, tags []string) (memory.Input, error) {
	object, ok := g.value.(map[string]any)
	if !ok {
		return memory.Input{}, fault.New(fault.InvalidField, "a grain must be an object of grain_type and fields")
	}
	for name := range object {
		if name != "grain_type" && name != "fields" {
			return memory.Input{}, fault.New(fault.InvalidField, "a grain has grain_type and fields only: put %s into fields", quoted(name))
		}
	}
	fields, ok := object["fields"].(map[string]any)
	if !ok {
		return memory.Input{}, fault.New(fault.MissingField, "fields is missing: send the grain's fields as an object")
	}
	kind, err := take(object, "grain_type")
	if err != nil {
		return memory.Input{}, err
	}
	if _, twice := fields["grain_type"]; twice {
		return memory.Input{}, fault.New(fault.InvalidField, "grain_type stands beside fields, not in them")
	}
	in, err := grainInput(fields)
	if err != nil {
		return in, err
	}
	in.Type = kind
	if in.Namespace == "" {
		in.Namespace = namespace
	}
	if in.Fields["tags"], err = joinTags(in.Fields["tags"], tags); err != nil {
		return in, err
	}
	return withDefaults(in), nil
}

// The bounds of tags that one request gives to many grains: each of them gets
// all.
const (
	maxTags       = 256
	maxSharedTags = 8_192 // bytes together
)

// checkShared refuses shared tags that would make much out of little.
func checkShared(tags []string) error {
	if len(tags) > maxTags {
		return fault.New(fault.InvalidField, "tags has %d items; at most %d are accepted", len(tags), maxTags)
	}
	size := 0
	for _, tag := range tags {
		size += len(tag)
	}
	if size > maxSharedTags {
		return fault.New(fault.InvalidField, "tags have %d bytes together; at most %d are accepted where many grains share them: give them to single grains", size, maxSharedTags)
	}
	return nil
}

// joinTags is a grain's own tags and those shared that it does not have.
func joinTags(own any, shared []string) (any, error) {
	list, ok := own.([]any)
	if !ok && own != nil {
		return nil, fault.New(fault.InvalidField, "tags must be an array of strings")
	}
	has := make(map[string]bool, len(list)+len(shared))
	for _, tag := range list {
		if s, ok := tag.(string); ok {
			has[s] = true
		}
	}
	list = slices.Clone(list)
	for _, tag := range shared {
		if !has[tag] {
			has[tag] = true
			list = append(list, tag)
		}
	}
	return list, nil
}

// addAll adds inputs side by side and tells how each went. Where all that
// failed did so for a reason of ours, the request itself failed.
func (a *API) addAll(ctx context.Context, id string, inputs []memory.Input, results []memory.Result, at []int) (*batchAnswer, error) {
	done, err := intoMemory(ctx, a, id, func(m change.Memory) ([]memory.Result, error) {
		done := a.cfg.Memory.AddMany(ctx, m, drawOf(ctx), inputs)
		if i := slices.IndexFunc(done, func(r memory.Result) bool { return memoryMissing(r.Err) }); i >= 0 {
			return done, done[i].Err
		}
		return done, nil
	})
	if err != nil {
		return nil, err
	}
	for i, r := range done {
		results[at[i]] = r
	}
	out := &batchAnswer{Hashes: []string{}, Results: make([]grainResult, len(results))}
	var broken error
	for i, r := range results {
		if r.Err != nil {
			out.Failed++
			out.Results[i] = a.failedGrain(ctx, r.Err)
			broken = errors.Join(broken, ours(r.Err))
			continue
		}
		out.Added++
		out.Hashes = append(out.Hashes, r.Grain.Hash)
		out.Results[i] = grainResult{Status: "created", Hash: r.Grain.Hash, Seq: r.Seq}
	}
	if broken != nil && out.Added == 0 {
		return nil, broken
	}
	return out, nil
}

// ours is a failure that is not the caller's, nil for any other.
func ours(err error) error {
	if k := classify(err).Kind; k == fault.Internal || k == fault.Unavailable {
		return err
	}
	return nil
}

func (a *API) failedGrain(ctx context.Context, err error) grainResult {
	r := a.explain(callOf(ctx), err)
	return grainResult{Status: "failed", Error: &grainFailed{r.Body.Code, r.Body.Message}}
}
