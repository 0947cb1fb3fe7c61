package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
)

func (a *API) keyRoutes() []endpoint {
	return []endpoint{
		{
			Method: http.MethodPost, Path: "/v1/keys", ID: "create-key", Scope: auth.Admin, Status: http.StatusCreated, Tag: "Keys",
			Summary: "Make a key; its raw form is shown this once",
			Example: `{"name":"my agent","scopes":["read","write"]}`,
			Handler: handle(a.createKey),
		},
		{
			Method: http.MethodGet, Path: "/v1/keys", ID: "list-keys", Scope: auth.Admin, Tag: "Keys",
			Summary: "List keys, never their raw form", Handler: handle(a.listKeys),
		},
		{
			Method: http.MethodGet, Path: "/v1/keys/me", ID: "show-own-key", Scope: auth.Read, Tag: "Keys",
			Summary: "Show what the key of this call is and may do", Handler: handle(a.showOwnKey),
		},
		{
			Method: http.MethodDelete, Path: "/v1/keys/{id}", ID: "revoke-key", Scope: auth.Admin, Tag: "Keys",
			Summary: "Revoke a key", Handler: handle(a.revokeKey),
		},
	}
}

type createKeyInput struct {
	Body struct {
		Name   string       `json:"name,omitempty" maxLength:"256" doc:"What you call the key"`
		Scopes []auth.Scope `json:"scopes,omitempty" minItems:"1" enum:"read,write,admin" doc:"What the key may do; read and write when absent"`
		Tenant string       `json:"tenant,omitempty" doc:"For the operator's first key only: whose key it is; a new name makes a new tenant"`
	}
}

type keyAnswer struct {
	Key          string       `json:"key,omitempty" doc:"The raw key, shown this once"`
	AlreadyShown bool         `json:"already_shown,omitempty" doc:"Stands for the raw key in a repeated answer"`
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Scopes       []auth.Scope `json:"scopes"`
	Tenant       string       `json:"tenant"`
	CreatedAt    string       `json:"created_at"`
}

func keyShown(k auth.Key, raw string) keyAnswer {
	return keyAnswer{Key: raw, ID: k.ID, Name: k.Name, Scopes: k.Scopes, Tenant: k.Tenant, CreatedAt: stamp(k.CreatedAt)}
}

func (k *keyAnswer) strip() { k.Key, k.AlreadyShown = "", true }

func (k *keyAnswer) refill(context.Context, *API, change.Memory) error { return nil }

func (a *API) createKey(ctx context.Context, in *createKeyInput) (*keyAnswer, error) {
	wish := auth.Wish{Name: in.Body.Name, Scopes: in.Body.Scopes, Tenant: in.Body.Tenant}
	k, raw, err := a.cfg.Keys.Create(ctx, callOf(ctx).caller, drawOf(ctx), wish)
	if err != nil {
		return nil, err
	}
	shown := keyShown(k, raw)
	return &shown, nil
}

type listKeysInput struct {
	Tenant string `query:"tenant" doc:"For the operator's first key only: whose keys"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"100"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

type keysAnswer struct {
	Keys []keyAnswer `json:"keys"`
	Next string      `json:"next_cursor,omitempty"`
}

func (a *API) listKeys(ctx context.Context, in *listKeysInput) (*keysAnswer, error) {
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	listing := listedKeys + cmp.Or(in.Tenant, m.Tenant)
	after, err := a.placeOf(ctx, m, listing, in.Cursor)
	if err != nil {
		return nil, err
	}
	keys, err := a.cfg.Keys.List(ctx, callOf(ctx).caller, in.Tenant, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &keysAnswer{Keys: make([]keyAnswer, len(keys))}
	for i, k := range keys {
		out.Keys[i] = keyShown(k, "")
	}
	last := ""
	if len(keys) == in.Limit {
		last = keys[len(keys)-1].ID
	}
	out.Next, err = a.cursorOf(ctx, m, listing, last)
	return out, err
}

// callerAnswer is who calls, as the API knows it.
type callerAnswer struct {
	ID     string       `json:"id,omitempty" doc:"Absent where no key is needed"`
	Name   string       `json:"name,omitempty"`
	Scopes []auth.Scope `json:"scopes" doc:"What the call's key may do; admin holds read and write"`
	Tenant string       `json:"tenant"`
}

func (a *API) showOwnKey(ctx context.Context, _ *struct{}) (*callerAnswer, error) {
	k := callOf(ctx).caller
	return &callerAnswer{k.ID, k.Name, k.Scopes, k.Tenant}, nil
}

type revokeKeyInput struct {
	ID     string `path:"id"`
	Tenant string `query:"tenant" doc:"For the operator's first key only: whose key"`
}

type deletedAnswer struct {
	Deleted int `json:"deleted" doc:"How many went"`
}

func (a *API) revokeKey(ctx context.Context, in *revokeKeyInput) (*deletedAnswer, error) {
	if err := a.cfg.Keys.Revoke(ctx, callOf(ctx).caller, in.Tenant, in.ID); err != nil {
		return nil, err
	}
	return &deletedAnswer{1}, nil
}
