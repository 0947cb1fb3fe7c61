package httpapi

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// The bounds of what describes a memory.
const (
	maxNamesakes = 1000 // ids tried for one name
	maxHolders   = 50   // memories that one request looks into for an id: each may cost a reading of an event's whole story
)

// instanceAnswer is a memory as it is shown.
type instanceAnswer struct {
	ID          string   `json:"id" doc:"Stands in paths" example:"customer-support"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Policies    []string `json:"policies" doc:"Where there is one, hooks with redaction_mode full need an acknowledgement (COMP-H1)"`
	CreatedAt   string   `json:"created_at" format:"date-time"`
}

func instanceShown(i store.Instance) *instanceAnswer {
	return &instanceAnswer{
		ID: i.Memory.ID, Name: i.Name, Description: i.Description,
		Policies: append([]string{}, i.Policies...), CreatedAt: stamp(i.CreatedAt),
	}
}

type newInstanceInput struct {
	Body struct {
		ID          *string  `json:"id,omitempty" nullable:"true" doc:"a-z, 0-9, dot, underscore and hyphen, at most 64; made of the name where absent. One that is taken gets a suffix: -2, -3, …" example:"customer-support"`
		Name        *string  `json:"name,omitempty" nullable:"true" maxLength:"256" doc:"The id where absent"`
		Description *string  `json:"description,omitempty" nullable:"true" maxLength:"2048"`
		Policies    []string `json:"policies,omitempty" nullable:"true" maxItems:"32" doc:"gdpr, hipaa, ccpa, …: every name counts as detecting personal data"`
	}
}

func (a *API) createInstance(ctx context.Context, in *newInstanceInput) (*instanceAnswer, error) {
	id, name := in.Body.ID, in.Body.Name
	if id == nil && (name == nil || *name == "") {
		return nil, fault.New(fault.MissingField, "id and name are missing: send a name, an id, or both")
	}
	base := ""
	if id != nil {
		base = *id
		if err := checkMemoryID(base); err != nil {
			return nil, err
		}
	} else {
		base = memorySlug(*name)
	}
	policies, err := policyNames(in.Body.Policies)
	if err != nil {
		return nil, err
	}
	i := store.Instance{
		Memory: change.Memory{Tenant: callOf(ctx).caller.Tenant}, Name: given(name),
		Description: given(in.Body.Description), Policies: policies, CreatedAt: drawOf(ctx).At.UnixMilli(), Version: 1,
	}
	return a.putNew(ctx, i, base)
}

// putNew makes a memory under the first id that is free.
func (a *API) putNew(ctx context.Context, i store.Instance, base string) (*instanceAnswer, error) {
	if _, err := a.own(ctx); err != nil { // the default memory is there before any other
		return nil, err
	}
	named := i.Name != ""
	for n := 1; n <= maxNamesakes; n++ {
		i.Memory.ID = suffixed(base, n)
		if !named {
			i.Name = i.Memory.ID
		}
		err := a.cfg.Cloud.Memories.Put(ctx, i)
		if fault.KindOf(err) != fault.Conflict {
			return instanceShown(i), err
		}
		if a.made(ctx, i) {
			return instanceShown(i), nil
		}
	}
	return nil, fault.New(fault.Conflict, "%d memories have ids like %q: send another id", maxNamesakes, base)
}

// made says whether a memory was made by an earlier run of this very request,
// which then carries an idempotency key and repeats its draw.
func (a *API) made(ctx context.Context, i store.Instance) bool {
	if callOf(ctx).onceKey == "" {
		return false
	}
	have, err := a.cfg.Cloud.Memories.Get(ctx, i.Memory)
	return err == nil && have.CreatedAt == i.CreatedAt && have.Name == i.Name && have.Version == i.Version
}

// policyNames checks policies, each kept once.
func policyNames(names []string) ([]string, error) {
	const longest = 64
	out := make([]string, 0, len(names))
	for _, name := range names {
		if name == "" || len(name) > longest {
			return nil, fault.New(fault.InvalidField, "policies: a name has 1 to %d bytes, such as gdpr", longest)
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// given is a value, or nothing where none was given.
func given[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}

type listInstancesInput struct {
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many; with attention so many are looked through, with holds too, but no more than 50"`
	Cursor    string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
	Attention bool   `query:"attention" doc:"Only those where somebody is needed: a hook is held, disabled or paused, or has dead letters"`
	Holds     string `query:"holds" maxLength:"128" doc:"Only those that hold what this id names: an event, a delivery, a hook, or a grain by its hash or mem_…"`
}

type instancesAnswer struct {
	Memories []instanceAnswer `json:"memories" doc:"In the order of their ids"`
	Next     string           `json:"next_cursor,omitempty" doc:"Absent on the last page"`
}

func (a *API) listInstances(ctx context.Context, in *listInstancesInput) (*instancesAnswer, error) {
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	after, err := a.placeOf(ctx, m, listedMemories, in.Cursor)
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if in.Holds != "" {
		limit = min(limit, maxHolders)
	}
	page, err := a.cfg.Cloud.Memories.List(ctx, m.Tenant, after, limit+1)
	if err != nil {
		return nil, err
	}
	out, last := &instancesAnswer{Memories: []instanceAnswer{}}, ""
	if len(page) > limit {
		page = page[:limit]
		last = page[limit-1].Memory.ID
	}
	all := make([]change.Memory, len(page))
	for i := range page {
		all[i] = page[i].Memory
	}
	fits, err := a.cfg.Inspect.Among(ctx, all, in.Attention, in.Holds)
	if err != nil {
		return nil, err
	}
	for i := range page {
		if fits[i] {
			out.Memories = append(out.Memories, *instanceShown(page[i]))
		}
	}
	out.Next, err = a.cursorOf(ctx, m, listedMemories, last)
	return out, err
}

func (a *API) readInstance(ctx context.Context, in *InMemory) (*instanceAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	i, err := a.cfg.Cloud.Memories.Get(ctx, m)
	return instanceShown(i), err
}

type changeInstanceInput struct {
	InMemory
	Body struct {
		Name        *string          `json:"name,omitempty" minLength:"1" maxLength:"256"`
		Description optional[string] `json:"description,omitempty" maxLength:"2048" doc:"null = none"`
		Policies    *[]string        `json:"policies,omitempty" maxItems:"32" doc:"All of them. After one is added, hooks with redaction_mode full deliver metadata_only until they acknowledge the risk"`
	}
}

func (a *API) changeInstance(ctx context.Context, in *changeInstanceInput) (*instanceAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	policies, err := policyNames(given(in.Body.Policies))
	if err != nil {
		return nil, err
	}
	for range writeAttempts {
		i, err := a.cfg.Cloud.Memories.Get(ctx, m)
		if err != nil {
			return nil, err
		}
		if in.Body.Name != nil {
			i.Name = *in.Body.Name
		}
		if in.Body.Description.Given {
			i.Description = given(in.Body.Description.Value)
		}
		if in.Body.Policies != nil {
			i.Policies = policies
		}
		i.Version++
		err = a.cfg.Cloud.Memories.Put(ctx, i)
		if fault.KindOf(err) != fault.Conflict {
			return instanceShown(i), err
		}
	}
	return nil, fault.New(fault.Unavailable, "too many callers change this memory at once: try again")
}

// writeAttempts bounds how often a lost race is run again.
const writeAttempts = 16

type instanceDeleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

func (a *API) deleteInstance(ctx context.Context, in *InMemory) (*instanceDeleted, error) {
	if in.ID == store.DefaultID {
		return nil, fault.New(fault.Conflict, "the memory %q always exists: forget its grains instead", store.DefaultID)
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &instanceDeleted{in.ID, true}, a.cfg.Memory.Remove(ctx, m)
}

type statsAnswer struct {
	Grains     int            `json:"total_grains" doc:"Current ones: neither superseded nor forgotten"`
	Types      map[string]int `json:"type_counts"`
	Namespaces []string       `json:"namespaces"`
	Bytes      int64          `json:"disk_space_bytes" doc:"Of the sealed grains"`
	Encrypted  bool           `json:"has_encryption" doc:"Always true: content is sealed from the first write on"`
	Policy     bool           `json:"has_policy"`
}

func (a *API) instanceStats(ctx context.Context, in *InMemory) (*statsAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	i, err := a.cfg.Cloud.Memories.Get(ctx, m)
	if err != nil {
		return nil, err
	}
	s, err := a.cfg.Cloud.Counter.Count(ctx, m)
	if s.Types == nil {
		s.Types = map[string]int{}
	}
	return &statsAnswer{s.Grains, s.Types, append([]string{}, s.Namespaces...), s.Bytes, true, i.DetectsPII()}, err
}

type keysRotatedAnswer struct {
	KeyID     string `json:"key_id" doc:"Names the new generation; no key material"`
	RotatedAt string `json:"rotated_at" format:"date-time"`
}

func (a *API) rotateKeys(ctx context.Context, in *InMemory) (*keysRotatedAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	id, at, err := a.cfg.Memory.Rotate(ctx, m, drawOf(ctx))
	return &keysRotatedAnswer{id, stamp(at.UnixMilli())}, err
}
