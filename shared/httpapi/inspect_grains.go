package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory/store"
)

type findGrainsInput struct {
	InMemory
	Query     string `query:"q" doc:"What to look for, at most 8,192 bytes; without it the newest"`
	Namespace string `query:"namespace" doc:"Exactly; all where absent"`
	Type      string `query:"grain_type" maxLength:"64"`
	Tag       string `query:"tag" doc:"Exactly"`
	Limit     int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// foundGrain is one found grain with what identifies it.
type foundGrain struct {
	Hash      string         `json:"hash"`
	MemoryID  string         `json:"memory_id" doc:"mem_…"`
	Type      string         `json:"grain_type"`
	Score     float64        `json:"score" doc:"How well it fits, 0 to 1"`
	Namespace string         `json:"namespace"`
	UserID    string         `json:"user_id,omitempty"`
	CreatedAt string         `json:"created_at" format:"date-time"`
	Version   int            `json:"version"`
	Fields    map[string]any `json:"fields" doc:"All other fields, numbers as they were written"`
}

type foundGrains struct {
	Hits  []foundGrain `json:"hits" doc:"Best first, without q newest first; neither superseded nor forgotten ones"`
	Total int          `json:"total" doc:"How many fitted among what was looked at"`
	Cut   bool         `json:"truncated" doc:"There was more to look at"`
}

// maxBrowsed bounds how many grains are opened to find those of a tag.
const maxBrowsed = 10_000

func (a *API) findGrains(ctx context.Context, in *findGrainsInput) (*foundGrains, error) {
	body := recallGrainsBody{Query: in.Query, Type: in.Type, Limit: in.Limit}
	if in.Namespace != "" {
		body.Namespace = &in.Namespace
	}
	if in.Tag != "" {
		body.Tags = []string{in.Tag}
	}
	q, err := body.query()
	if err != nil {
		return nil, err
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	q.Look = maxBrowsed
	found, err := a.cfg.Memory.Search(ctx, m, q)
	if err != nil {
		return nil, err
	}
	out := &foundGrains{Hits: make([]foundGrain, len(found.Hits)), Total: found.Total, Cut: found.Cut}
	for i, h := range found.Hits {
		out.Hits[i] = foundGrain{h.Hash, change.MemoryID(h.Lineage), h.Type, h.Score, h.Namespace, h.Person, stamp(h.CreatedAt), h.Version, h.Fields}
	}
	return out, nil
}

type showGrainInput struct {
	InMemory
	Ref string `path:"ref" maxLength:"128" doc:"The hash of any version, or mem_…"`
}

// historyAnswer is a grain's lineage.
type historyAnswer struct {
	Lineage   string         `json:"lineage" doc:"The hash of the first version"`
	MemoryID  string         `json:"memory_id" doc:"mem_…"`
	State     string         `json:"state" enum:"current,gone"`
	Versions  []grainVersion `json:"versions" doc:"Newest first, at most 100"`
	Truncated bool           `json:"truncated,omitempty" doc:"There are more: the log that leads to them is compacted, they are too many, or fields are left out"`
}

type grainVersion struct {
	Hash      string         `json:"hash"`
	Version   int            `json:"version" doc:"From 1"`
	State     string         `json:"state" enum:"current,superseded,gone"`
	Type      string         `json:"grain_type"`
	Namespace string         `json:"namespace"`
	UserID    string         `json:"user_id,omitempty"`
	ScopePath string         `json:"scope_path,omitempty"`
	CreatedAt string         `json:"created_at" format:"date-time"`
	Seq       int64          `json:"seq,omitempty" doc:"Of the event that made it, where that is known"`
	Withheld  string         `json:"withheld,omitempty" enum:"forgotten,erased" doc:"Why there are no fields"`
	Truncated bool           `json:"truncated,omitempty" doc:"The fields are left out, those of one history hold 1 MiB at most: ask for this hash, which then comes first"`
	Fields    map[string]any `json:"fields,omitempty"`
}

func (a *API) showGrain(ctx context.Context, in *showGrainInput) (*historyAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	h, err := a.cfg.Inspect.History(ctx, m, in.Ref)
	if err != nil {
		return nil, err
	}
	out := &historyAnswer{
		Lineage: h.Lineage, MemoryID: change.MemoryID(h.Lineage), State: stateNames[store.Current],
		Versions: make([]grainVersion, len(h.Versions)), Truncated: h.Truncated,
	}
	if h.Gone {
		out.State = stateNames[store.Gone]
	}
	for i := range h.Versions {
		out.Versions[i] = versionShown(&h.Versions[i])
	}
	return out, nil
}

var stateNames = [...]string{store.Current: "current", store.Superseded: "superseded", store.Gone: "gone"}

func versionShown(v *inspect.Version) grainVersion {
	out := grainVersion{
		Hash: v.Hash, Version: v.Version, State: stateNames[v.State], Type: v.Type, Namespace: v.Namespace, UserID: v.Person,
		ScopePath: v.ScopePath, CreatedAt: stamp(v.CreatedAt), Seq: v.Seq, Withheld: string(v.Gone), Truncated: v.Cut, Fields: v.Fields,
	}
	if v.Gone != "" {
		out.State = stateNames[store.Gone]
	}
	return out
}
