package httpapi

import (
	"context"
	"net/http"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/sign"
)

const (
	hookPrefix = "hook-"
	areevHook  = areevMemory + "/hooks/{hook}"
)

func (a *API) areevHookRoutes() []endpoint {
	return []endpoint{
		{
			Method: http.MethodPost, Path: areevMemory + "/hooks", ID: "create-hook", Scope: auth.Write, Status: http.StatusCreated, Tag: tagHooks,
			Summary: "Make a hook; its secret is shown this once",
			Example: `{"name":"sync-to-warehouse","delivery_mode":"webhook","url":"https://example.com/hooks/areev","event_filters":["grain_created","grain_superseded"],"generate_secret":true}`,
			Handler: handle(a.createHook),
		},
		{Method: http.MethodGet, Path: areevMemory + "/hooks", ID: "list-hooks", Scope: auth.Read, Tag: tagHooks, Summary: "List a memory's hooks, never their secrets", Handler: handle(a.listHooks)},
		{Method: http.MethodGet, Path: areevHook, ID: "get-hook", Scope: auth.Read, Tag: tagHooks, Summary: "Show a hook and how its deliveries stand", Handler: handle(a.getHook)},
		{
			Method: http.MethodPatch, Path: areevHook, ID: "change-hook", Scope: auth.Write, Tag: tagHooks,
			Summary: "Change, pause or resume a hook; what is not given stays", Example: `{"active":true,"resume":"backlog"}`, Handler: handle(a.changeHook),
		},
		{Method: http.MethodDelete, Path: areevHook, ID: "delete-hook", Scope: auth.Write, Tag: tagHooks, Summary: "Delete a hook, also one that does not exist; what is pending is not sent", Handler: handle(a.deleteHook)},
	}
}

// InHook is what every path below a hook names.
type InHook struct {
	InMemory
	Hook string `path:"hook" doc:"The hook's id" example:"hook-abc123"`
}

var errNoHook = fault.New(fault.NotFound, "no hook of this memory has that id: GET …/hooks lists them")

// hookOf is an existing hook of an existing memory.
func (a *API) hookOf(ctx context.Context, in InHook) (hook.Hook, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return hook.Hook{}, err
	}
	h, err := a.cfg.Hooks.Get(ctx, m, in.Hook)
	if fault.KindOf(err) == fault.NotFound {
		err = errNoHook
	}
	return h, err
}

type createHookInput struct {
	InMemory
	Body struct {
		Name        string         `json:"name" minLength:"1" maxLength:"256"`
		Mode        string         `json:"delivery_mode" enum:"webhook,cdc" doc:"webhook posts to url; cdc is polled"`
		URL         *string        `json:"url,omitempty" nullable:"true" doc:"Where a webhook posts to, http or https"`
		Events      []string       `json:"event_filters,omitempty" nullable:"true" doc:"grain_created, grain_forgotten, grain_superseded, crypto_erase, key_rotated (with dialect rem: its names); empty = all"`
		Redaction   *string        `json:"redaction_mode,omitempty" nullable:"true" enum:"full,metadata_only,hash_only" doc:"full where absent"`
		Generate    bool           `json:"generate_secret,omitempty" doc:"Make a signing secret; without one deliveries are unsigned"`
		Secret      *string        `json:"secret,omitempty" nullable:"true" doc:"Your own signing secret instead"`
		PIIRisk     *bool          `json:"acknowledge_pii_risk,omitempty" nullable:"true" doc:"true accepts full content from a memory with a policy (COMP-H1)"`
		MaxRetries  *int           `json:"max_retries,omitempty" nullable:"true" minimum:"0" maximum:"20" doc:"5 where absent"`
		Dialect     *string        `json:"dialect,omitempty" nullable:"true" enum:"areev,rem,standard" doc:"How events are named, shaped and signed; areev where absent"`
		Namespace   *string        `json:"namespace,omitempty" nullable:"true" minLength:"1" doc:"Only this namespace, exactly; all where absent"`
		Filter      map[string]any `json:"filter,omitempty" doc:"A pattern over the event's fields, such as {\"tags\":[\"urgent\"]}"`
		Description *string        `json:"description,omitempty" nullable:"true" maxLength:"2048"`
	}
}

// defaultRetries is what an Areev hook has where nothing is said.
const defaultRetries = 5

func (in *createHookInput) settings() hook.Settings {
	b := in.Body
	mode, retries := hook.Mode(b.Mode), defaultRetries
	set := hook.Settings{
		Name: &b.Name, Mode: &mode, URL: b.URL, Dialect: dialect.Areev, Events: &b.Events, Redaction: b.Redaction, PIIRisk: b.PIIRisk,
		MaxRetries: &retries, Description: b.Description, Secret: b.Secret, Generate: b.Generate,
	}
	if b.MaxRetries != nil {
		retries = *b.MaxRetries
	}
	if b.Dialect != nil {
		set.Dialect = *b.Dialect
	}
	if b.Namespace != nil {
		set.Namespace = &b.Namespace
	}
	if b.Filter != nil {
		filter := any(b.Filter)
		set.Filter = &filter
	}
	return set
}

func (a *API) createHook(ctx context.Context, in *createHookInput) (*hookAnswer, error) {
	set := in.settings()
	if set.Secret != nil {
		if _, err := sign.NewSecret(*set.Secret); err != nil {
			return nil, err
		}
	}
	type made struct {
		hook   hook.Hook
		secret string
	}
	done, err := intoMemory(ctx, a, in.ID, func(m change.Memory) (made, error) {
		h, secret, err := a.makeHook(ctx, m, hookPrefix, set)
		return made{h, secret}, err
	})
	if err != nil {
		return nil, err
	}
	out, err := a.hookShown(ctx, done.hook)
	out.Secret = done.secret
	return out, err
}

// hookAnswer is a hook as the Areev API shows it: the whole configuration.
type hookAnswer struct {
	ID          string          `json:"id" example:"hook-abc123"`
	Name        string          `json:"name"`
	Mode        string          `json:"delivery_mode" enum:"webhook,cdc"`
	URL         string          `json:"url,omitempty"`
	Events      []string        `json:"event_filters" doc:"Empty = all"`
	Redaction   string          `json:"redaction_mode" enum:"full,metadata_only,hash_only"`
	Effective   string          `json:"effective_redaction_mode,omitempty" doc:"What deliveries use now, where it differs: a policy that came later tightens full until it is acknowledged"`
	PIIRisk     bool            `json:"acknowledge_pii_risk"`
	Accepted    *acknowledgment `json:"pii_risk_acknowledged,omitempty"`
	MaxRetries  int             `json:"max_retries"`
	Dialect     string          `json:"dialect" enum:"areev,rem,standard"`
	Namespace   *string         `json:"namespace,omitempty"`
	Filter      any             `json:"filter,omitempty"`
	Description string          `json:"description,omitempty"`
	State       string          `json:"state" enum:"active,paused,held,disabled"`
	Active      bool            `json:"active"`
	HasSecret   bool            `json:"has_secret"`
	CreatedAt   string          `json:"created_at" format:"date-time"`
	Deliveries  map[string]int  `json:"deliveries,omitempty" doc:"How many events are in each state; shown of one webhook"`
	Secret      string          `json:"secret,omitempty" doc:"Shown this once"`

	print string // of the secret
}

func (h *hookAnswer) sealed() *string { return &h.print }

func (a *API) hookShown(ctx context.Context, h hook.Hook) (*hookAnswer, error) {
	effective, err := a.cfg.Hooks.Effective(ctx, h)
	out := &hookAnswer{
		ID: h.ID, Name: h.Name, Mode: string(h.Mode), URL: h.URL, Events: namesOf(h.Dialect, h.Causes),
		Redaction: string(h.Redaction), PIIRisk: h.PIIRisk != nil, Accepted: acknowledged(h), MaxRetries: h.MaxRetries,
		Dialect: h.Dialect, Namespace: h.Namespace, Filter: h.Pattern.JSON(), Description: h.Description,
		State: string(h.State), Active: h.State == hook.Active, HasSecret: h.Secret != nil, CreatedAt: stamp(h.CreatedAt),
		print: secretPrint(h),
	}
	if effective != h.Redaction {
		out.Effective = string(effective)
	}
	return out, err
}

func (h *hookAnswer) strip() {
	if h.Secret != "" {
		h.Secret = h.print
	}
}

func (h *hookAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	var err error
	h.Secret, err = a.retellSecret(ctx, m, h.ID, h.Secret)
	return err
}

type hooksAnswer struct {
	Hooks []hookAnswer `json:"hooks" doc:"In the order of their making"`
}

func (a *API) listHooks(ctx context.Context, in *InMemory) (*hooksAnswer, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	hooks, err := a.cfg.Hooks.List(ctx, m)
	if err != nil {
		return nil, err
	}
	out := &hooksAnswer{Hooks: make([]hookAnswer, len(hooks))}
	for i, h := range hooks {
		shown, err := a.hookShown(ctx, h)
		if err != nil {
			return nil, err
		}
		out.Hooks[i] = *shown
	}
	return out, nil
}

func (a *API) getHook(ctx context.Context, in *InHook) (*hookAnswer, error) {
	h, err := a.hookOf(ctx, *in)
	if err != nil {
		return nil, err
	}
	out, err := a.hookShown(ctx, h)
	if err != nil || h.Mode != hook.Webhook {
		return out, err
	}
	counts, err := a.cfg.Cloud.Ledger.Counts(ctx, h.Memory, h.ID)
	out.Deliveries = make(map[string]int, len(counts))
	for status, n := range counts {
		out.Deliveries[string(status)] = n
	}
	return out, err
}

type changeHookInput struct {
	InHook
	Body struct {
		Name        *string                  `json:"name,omitempty" minLength:"1" maxLength:"256"`
		Mode        *string                  `json:"delivery_mode,omitempty" enum:"webhook,cdc"`
		URL         *string                  `json:"url,omitempty"`
		Events      *[]string                `json:"event_filters,omitempty"`
		Redaction   *string                  `json:"redaction_mode,omitempty" enum:"full,metadata_only,hash_only"`
		PIIRisk     *bool                    `json:"acknowledge_pii_risk,omitempty"`
		MaxRetries  *int                     `json:"max_retries,omitempty" minimum:"0" maximum:"20"`
		Namespace   optional[string]         `json:"namespace,omitempty" minLength:"1" doc:"null = all"`
		Filter      optional[map[string]any] `json:"filter,omitempty" doc:"null = none"`
		Description optional[string]         `json:"description,omitempty" maxLength:"2048" doc:"null = none"`
		Active      *bool                    `json:"active,omitempty" doc:"false pauses, true resumes"`
		Resume      string                   `json:"resume,omitempty" enum:"backlog,latest" doc:"With active true: from where it stopped (the default), or only what comes from now on"`
	}
}

func (in *changeHookInput) settings() hook.Settings {
	b := in.Body
	set := hook.Settings{
		Name: b.Name, URL: b.URL, Events: b.Events, Redaction: b.Redaction, PIIRisk: b.PIIRisk, MaxRetries: b.MaxRetries,
		Filter: filterOf(b.Filter), Description: textOf(b.Description), Active: b.Active, Resume: b.Resume,
	}
	if b.Mode != nil {
		mode := hook.Mode(*b.Mode)
		set.Mode = &mode
		if mode == hook.CDC && b.URL == nil { // what is polled posts nowhere
			set.URL = new(string)
		}
	}
	if b.Namespace.Given {
		set.Namespace = &b.Namespace.Value
	}
	return set
}

func (a *API) changeHook(ctx context.Context, in *changeHookInput) (*hookAnswer, error) {
	h, err := a.hookOf(ctx, in.InHook)
	if err != nil {
		return nil, err
	}
	h, err = a.alter(ctx, h, in.settings())
	if err != nil {
		return nil, err
	}
	return a.hookShown(ctx, h)
}

type hookDeleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted" doc:"Always true: no hook has this id any more"`
}

func (a *API) deleteHook(ctx context.Context, in *InHook) (*hookDeleted, error) {
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &hookDeleted{in.Hook, true}, a.cfg.Hooks.Remove(ctx, m, in.Hook)
}
