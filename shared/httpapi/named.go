package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (a *API) namedRoutes() []endpoint {
	const tag = "Values by key"
	return []endpoint{
		{
			Method: http.MethodPost, Path: "/v1/memory-set", ID: "memory-set", Scope: auth.Write, Tag: tag,
			Summary: "Store a value under a key; a known key keeps its id and gets a new version",
			Example: `{"key":"theme","value":"dark","tags":["settings"]}`,
			Handler: handle(a.memorySet),
		},
		{
			Method: http.MethodPost, Path: "/v1/memory-get", ID: "memory-get", Scope: auth.Read, Tag: tag,
			Summary: "Read the value of a key", Example: `{"key":"theme"}`, Handler: handle(a.memoryGet),
		},
		{
			Method: http.MethodPost, Path: "/v1/memory-search", ID: "memory-search", Scope: auth.Read, Tag: tag,
			Summary: "Find values, best first; raises memory.recalled", Example: `{"query":"dark","limit":5}`, Handler: handle(a.memorySearch),
		},
		{
			Method: http.MethodPost, Path: "/v1/memory-list", ID: "memory-list", Scope: auth.Read, Tag: tag,
			Summary: "List values, page by page", Example: `{"namespace":"default","limit":20}`, Handler: handle(a.memoryList),
		},
		{
			Method: http.MethodPost, Path: "/v1/memory-delete", ID: "memory-delete", Scope: auth.Write, Tag: tag,
			Summary: "Forget the value of a key", Example: `{"key":"theme"}`, Handler: handle(a.memoryDelete),
		},
	}
}

type memorySetInput struct {
	Body struct {
		Key       string          `json:"key" minLength:"1" maxLength:"1024"`
		Value     json.RawMessage `json:"value" doc:"A string, at most 32,768 bytes; anything else is stored as its JSON text"`
		Namespace string          `json:"namespace,omitempty" minLength:"1" default:"default"`
		Tags      []string        `json:"tags,omitempty" maxItems:"256"`
		Metadata  map[string]any  `json:"metadata,omitempty"`
	}
}

// setAnswer answers memory-set.
type setAnswer struct {
	Success   bool   `json:"success"`
	Key       string `json:"key"`
	ID        string `json:"id"`
	Namespace string `json:"namespace"`
	Version   int    `json:"version"`
}

func (s *setAnswer) strip() { s.Key = "" }

func (s *setAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	g, err := a.still(ctx, m, s.ID)
	if g != nil {
		s.Key, _ = g.Fields["key"].(string)
	}
	return err
}

// valueText is a value as it is stored: a string's text, or the JSON text as it
// was written, without white space around it.
func valueText(raw json.RawMessage) (string, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := decode(raw, &s)
		return s, err
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, raw)
	return compact.String(), err
}

func (a *API) memorySet(ctx context.Context, in *memorySetInput) (*setAnswer, error) {
	b := in.Body
	value, err := valueText(b.Value)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidField, err, "value can't be read: send a JSON value")
	}
	if value == "" {
		return nil, fault.New(fault.InvalidField, "value is empty: give at least one character, or take the key away with /v1/memory-delete")
	}
	if err := checkContent("value", value); err != nil {
		return nil, err
	}
	fields := map[string]any{"content": value}
	addFields(fields, b.Tags, b.Metadata, "")
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	w, err := a.cfg.Memory.Set(ctx, m, drawOf(ctx), b.Key, memory.Input{Type: "event", Namespace: b.Namespace, Fields: fields})
	if err != nil {
		return nil, err
	}
	return &setAnswer{Success: true, Key: b.Key, ID: change.MemoryID(w.Grain.Lineage), Namespace: w.Grain.Namespace, Version: w.Grain.Version}, nil
}

type memoryKeyInput struct {
	Body struct {
		Key       string `json:"key" minLength:"1" maxLength:"1024"`
		Namespace string `json:"namespace,omitempty" minLength:"1" default:"default"`
	}
}

// valueAnswer answers memory-get; Found alone where there is nothing.
type valueAnswer struct {
	Found     bool           `json:"found"`
	Key       string         `json:"key,omitempty"`
	Value     *string        `json:"value,omitempty"`
	ID        string         `json:"id,omitempty"`
	Namespace string         `json:"namespace,omitempty"`
	Tags      []string       `json:"tags,omitzero"`
	Metadata  map[string]any `json:"metadata,omitzero"`
	Version   int            `json:"version,omitempty"`
	CreatedAt string         `json:"created_at,omitempty"`
	UpdatedAt string         `json:"updated_at,omitempty"`
}

func valueShown(g memory.Grain) valueAnswer {
	value := dialect.Content(g.Fields)
	v := valueAnswer{
		Found: true, Value: &value, ID: change.MemoryID(g.Lineage), Namespace: g.Namespace, Tags: tagsOf(g.Fields),
		Version: g.Version, CreatedAt: stamp(g.FirstAt), UpdatedAt: stamp(g.CreatedAt),
	}
	v.Key, _ = g.Fields["key"].(string)
	if v.Metadata, _ = g.Fields["metadata"].(map[string]any); v.Metadata == nil {
		v.Metadata = map[string]any{}
	}
	return v
}

func (v *valueAnswer) strip() {
	if v.Found {
		none := ""
		v.Key, v.Value, v.Tags, v.Metadata = "", &none, []string{}, map[string]any{}
	}
}

func (v *valueAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	g, err := a.still(ctx, m, v.ID)
	if g != nil {
		now := valueShown(*g)
		v.Key, v.Value, v.Tags, v.Metadata = now.Key, now.Value, now.Tags, now.Metadata
	}
	return err
}

func (a *API) memoryGet(ctx context.Context, in *memoryKeyInput) (*valueAnswer, error) {
	m, ref, err := a.keyRef(ctx, in)
	if err != nil {
		return nil, err
	}
	g, err := a.cfg.Memory.Get(ctx, m, ref)
	if fault.KindOf(err) == fault.NotFound {
		return &valueAnswer{}, nil
	}
	if err != nil {
		return nil, err
	}
	shown := valueShown(g)
	return &shown, nil
}

func (a *API) keyRef(ctx context.Context, in *memoryKeyInput) (change.Memory, store.Ref, error) {
	m, err := a.own(ctx)
	if err != nil {
		return m, store.Ref{}, err
	}
	ref, err := a.cfg.Memory.Named(ctx, m, in.Body.Namespace, in.Body.Key)
	return m, ref, err
}

type memorySearchInput struct {
	Body struct {
		Query     string  `json:"query" minLength:"1" doc:"What to look for, at most 8,192 bytes"`
		Namespace *string `json:"namespace,omitempty" minLength:"1" doc:"All when absent"`
		Limit     int     `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10"`
	}
}

func (a *API) memorySearch(ctx context.Context, in *memorySearchInput) (*foundAnswer, error) {
	return a.recalled(ctx, memory.Query{Text: in.Body.Query, Namespace: in.Body.Namespace, Limit: in.Body.Limit, Named: true})
}

type memoryListInput struct {
	Body struct {
		Namespace *string `json:"namespace,omitempty" minLength:"1" doc:"All when absent"`
		Limit     int     `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10"`
		Cursor    string  `json:"cursor,omitempty" maxLength:"1024" doc:"next_cursor of the page before"`
	}
}

func (a *API) memoryList(ctx context.Context, in *memoryListInput) (*foundAnswer, error) {
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	listing := listedValues
	if in.Body.Namespace != nil {
		listing += *in.Body.Namespace
	}
	after, err := a.placeOf(ctx, m, listing, in.Body.Cursor)
	if err != nil {
		return nil, err
	}
	grains, page, err := a.cfg.Memory.List(ctx, m, store.Filter{Namespace: in.Body.Namespace, Named: true}, after, in.Body.Limit)
	if err != nil {
		return nil, err
	}
	out := &foundAnswer{Memories: make([]hitAnswer, len(grains))}
	if page.Total >= 0 {
		out.Total = &page.Total
	}
	for i, g := range grains {
		out.Memories[i] = hitShown(g, true)
	}
	out.Next, err = a.cursorOf(ctx, m, listing, page.Next)
	return out, err
}

// removedAnswer answers memory-delete.
type removedAnswer struct {
	Success bool `json:"success"`
	Deleted int  `json:"deleted" doc:"1, or 0 where the key was not there"`
}

func (a *API) memoryDelete(ctx context.Context, in *memoryKeyInput) (*removedAnswer, error) {
	m, ref, err := a.keyRef(ctx, in)
	if err != nil {
		return nil, err
	}
	n, err := a.cfg.Memory.Forget(ctx, m, drawOf(ctx), []store.Ref{ref})
	return &removedAnswer{true, n}, err
}
