package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (a *API) memoryRoutes() []endpoint {
	const tag = "Memories"
	return []endpoint{
		{
			Method: http.MethodPost, Path: "/v1/remember", ID: "remember", Scope: auth.Write, Status: http.StatusCreated, Tag: tag,
			Summary: "Store a memory",
			Example: `{"content":"We decided to use Redis for caching","tags":["architecture","caching"],"namespace":"my-project"}`,
			Handler: handle(a.remember),
		},
		{
			Method: http.MethodGet, Path: "/v1/memories/{id}", ID: "get-memory", Scope: auth.Read, Tag: tag,
			Summary: "Read a memory", Handler: handle(a.getMemory),
		},
		{
			Method: http.MethodPatch, Path: "/v1/memories/{id}", ID: "change-memory", Scope: auth.Write, Tag: tag,
			Summary: "Change a memory; what is not given stays",
			Example: `{"content":"We decided to use Valkey for caching"}`,
			Handler: handle(a.changeMemory),
		},
		{
			Method: http.MethodDelete, Path: "/v1/memories/{id}", ID: "delete-memory", Scope: auth.Write, Tag: tag,
			Summary: "Forget a memory with all its versions", Handler: handle(a.deleteMemory),
		},
		{
			Method: http.MethodPost, Path: "/v1/recall", ID: "recall", Scope: auth.Read, Tag: tag,
			Summary: "Find memories, best first; raises memory.recalled",
			Example: `{"query":"caching","namespace":"my-project","limit":5}`,
			Handler: handle(a.recall),
		},
		{
			Method: http.MethodDelete, Path: "/v1/forget", ID: "forget", Scope: auth.Write, Tag: tag,
			Summary: "Forget one memory, or all of a namespace", Handler: handle(a.forget),
			Example: `{"namespace":"my-project"}`,
		},
	}
}

// maxContent is the longest content in bytes of UTF-8.
const maxContent = 32_768

func checkContent(field, text string) error {
	if text == "" {
		return fault.New(fault.MissingField, "%s is empty: send what is to be kept", field)
	}
	if len(text) > maxContent {
		return fault.New(fault.TooLarge, "%s has %d bytes; at most %d are accepted: split it", field, len(text), maxContent)
	}
	return nil
}

type rememberInput struct {
	Body struct {
		Content   string         `json:"content" doc:"What to remember, at most 32,768 bytes"`
		Tags      []string       `json:"tags,omitempty" maxItems:"256"`
		Namespace string         `json:"namespace,omitempty" minLength:"1" default:"default"`
		Metadata  map[string]any `json:"metadata,omitempty"`
		UserID    string         `json:"user_id,omitempty" minLength:"1" doc:"Whom it is about; erasing that person erases it"`
	}
}

// memoryAnswer is a memory as the REM API shows it.
type memoryAnswer struct {
	ID        string         `json:"id" example:"mem_6c1f0a9be0b2d7c4b0a1f3e5d7c9b1a3"`
	Content   string         `json:"content"`
	Tags      []string       `json:"tags"`
	Namespace string         `json:"namespace"`
	Metadata  map[string]any `json:"metadata,omitempty"`
	UserID    string         `json:"user_id,omitempty"`
	Version   int            `json:"version"`
	CreatedAt string         `json:"created_at"`
	UpdatedAt string         `json:"updated_at"`
}

func memoryShown(g memory.Grain) memoryAnswer {
	meta, _ := g.Fields["metadata"].(map[string]any)
	return memoryAnswer{
		ID: change.MemoryID(g.Lineage), Content: dialect.Content(g.Fields), Tags: tagsOf(g.Fields),
		Namespace: g.Namespace, Metadata: meta, UserID: g.Person, Version: g.Version,
		CreatedAt: stamp(g.FirstAt), UpdatedAt: stamp(g.CreatedAt),
	}
}

func (m *memoryAnswer) strip() { m.Content, m.Tags, m.Metadata, m.UserID = "", []string{}, nil, "" }

func (m *memoryAnswer) refill(ctx context.Context, a *API, in change.Memory) error {
	g, err := a.still(ctx, in, m.ID)
	if g == nil {
		return err
	}
	first, err := a.cfg.Memory.Get(ctx, in, store.Ref{Hash: g.Lineage}) // as it was told then, whatever it is now
	if fault.KindOf(err) == fault.NotFound {
		return nil // erased, while a later version is somebody else's
	}
	if err != nil {
		return err
	}
	then := memoryShown(first)
	m.Content, m.Tags, m.Metadata, m.UserID = then.Content, then.Tags, then.Metadata, then.UserID
	return nil
}

// still is the grain that a memory id leads to, nil where it is gone.
func (a *API) still(ctx context.Context, m change.Memory, id string) (*memory.Grain, error) {
	ref, err := refOf(id)
	if err != nil {
		return nil, nil
	}
	g, err := a.cfg.Memory.Get(ctx, m, ref)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &g, nil
}

func (a *API) remember(ctx context.Context, in *rememberInput) (*memoryAnswer, error) {
	b := in.Body
	if err := checkContent("content", b.Content); err != nil {
		return nil, err
	}
	fields := map[string]any{"content": b.Content}
	addFields(fields, b.Tags, b.Metadata, b.UserID)
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	w, err := a.cfg.Memory.Remember(ctx, m, drawOf(ctx), memory.Input{Type: "event", Namespace: b.Namespace, Fields: fields})
	if err != nil {
		return nil, err
	}
	shown := memoryShown(w.Grain)
	return &shown, nil
}

// addFields adds what is given of a memory besides its content.
func addFields(fields map[string]any, tags []string, metadata map[string]any, user string) {
	if tags != nil {
		fields["tags"] = listOf(tags)
	}
	if metadata != nil {
		fields["metadata"] = metadata
	}
	if user != "" {
		fields["user_id"] = user
	}
}

type memoryInput struct {
	ID string `path:"id" doc:"mem_…"`
}

func (a *API) getMemory(ctx context.Context, in *memoryInput) (*memoryAnswer, error) {
	m, ref, err := a.memoryRef(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	g, err := a.cfg.Memory.Get(ctx, m, ref)
	shown := memoryShown(g)
	return &shown, err
}

func (a *API) memoryRef(ctx context.Context, id string) (change.Memory, store.Ref, error) {
	ref, err := refOf(id)
	if err != nil {
		return change.Memory{}, ref, err
	}
	m, err := a.own(ctx)
	return m, ref, err
}

var errNoSuchID = fault.New(fault.NotFound, "no memory has this id: it was forgotten, or never existed")

func refOf(id string) (store.Ref, error) {
	prefix, ok := change.LineagePrefix(id)
	if !ok {
		return store.Ref{}, errNoSuchID
	}
	return store.Ref{Prefix: prefix}, nil
}

type changeMemoryInput struct {
	ID   string `path:"id" doc:"mem_…"`
	Body struct {
		Content  *string         `json:"content,omitempty" doc:"At most 32,768 bytes"`
		Tags     *[]string       `json:"tags,omitempty" maxItems:"256"`
		Metadata *map[string]any `json:"metadata,omitempty" doc:"Replaces what was there"`
	}
}

func (a *API) changeMemory(ctx context.Context, in *changeMemoryInput) (*memoryAnswer, error) {
	b := in.Body
	if b.Content == nil && b.Tags == nil && b.Metadata == nil {
		return nil, fault.New(fault.MissingField, "nothing to change: send content, tags or metadata")
	}
	if b.Content != nil {
		if err := checkContent("content", *b.Content); err != nil {
			return nil, err
		}
	}
	m, ref, err := a.memoryRef(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := a.cfg.Memory.Edit(ctx, m, drawOf(ctx), ref, func(fields map[string]any) {
		if b.Content != nil {
			fields["content"] = *b.Content
		}
		if b.Tags != nil {
			fields["tags"] = listOf(*b.Tags)
		}
		if b.Metadata != nil {
			fields["metadata"] = *b.Metadata
		}
	})
	shown := memoryShown(w.Grain)
	return &shown, err
}

// stamp is a time as API answers show it.
func stamp(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func listOf(tags []string) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = t
	}
	return out
}

// tagsOf is never nil.
func tagsOf(fields map[string]any) []string {
	list, _ := fields["tags"].([]any)
	out := make([]string, 0, len(list))
	for _, t := range list {
		if s, ok := t.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
