package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// webhookPrefix begins the ids of hooks that the REM API made; it shows no
// others.
const webhookPrefix = "wh_"

func (a *API) webhookRoutes() []endpoint {
	const tag = "Webhooks"
	return []endpoint{
		{
			Method: http.MethodPost, Path: "/v1/webhooks", ID: "create-webhook", Scope: auth.Write, Status: http.StatusCreated, Tag: tag,
			Summary: "Make a webhook; a generated secret is shown this once",
			Example: `{"url":"https://example.com/webhooks/memories","events":["memory.created","memory.updated","memory.deleted"],"namespace":"my-project","secret":"your-webhook-secret"}`,
			Handler: handle(a.createWebhook),
		},
		{
			Method: http.MethodGet, Path: "/v1/webhooks", ID: "list-webhooks", Scope: auth.Read, Tag: tag,
			Summary: "List webhooks, never their secrets", Handler: handle(a.listWebhooks),
		},
		{
			Method: http.MethodGet, Path: "/v1/webhooks/{id}", ID: "get-webhook", Scope: auth.Read, Tag: tag,
			Summary: "Show a webhook, never its secret", Handler: handle(a.getWebhook),
		},
		{
			Method: http.MethodPatch, Path: "/v1/webhooks/{id}", ID: "change-webhook", Scope: auth.Write, Tag: tag,
			Summary: "Change, pause or resume a webhook; what is not given stays",
			Example: `{"active":true,"resume":"backlog"}`, Handler: handle(a.changeWebhook),
		},
		{
			Method: http.MethodDelete, Path: "/v1/webhooks/{id}", ID: "delete-webhook", Scope: auth.Write, Tag: tag,
			Summary: "Delete a webhook; what is pending is not sent", Handler: handle(a.deleteWebhook),
		},
		{
			Method: http.MethodPost, Path: "/v1/webhooks/{id}/test", ID: "test-webhook", Scope: auth.Write, Tag: tag,
			Summary: "Send one marked sample; it counts nowhere", Handler: handle(a.testWebhook),
		},
		{
			Method: http.MethodPost, Path: "/v1/webhooks/{id}/rotate-secret", ID: "rotate-webhook-secret", Scope: auth.Write, Tag: tag,
			Summary: "Give a webhook a new secret; both sign for the overlap",
			Example: `{"overlap_seconds":3600}`, Handler: handle(a.rotateWebhook),
		},
		{
			Method: http.MethodGet, Path: "/v1/webhooks/{id}/deliveries", ID: "list-webhook-deliveries", Scope: auth.Read, Tag: tag,
			Summary: "List deliveries, newest first", Handler: handle(a.webhookDeliveries),
		},
		{
			Method: http.MethodPost, Path: "/v1/webhooks/{id}/deliveries/{delivery}/redeliver", ID: "redeliver", Scope: auth.Write, Tag: tag,
			Summary: "Send an event again, under the same event id and a new delivery id", Handler: handle(a.redeliver),
		},
	}
}

type createWebhookInput struct {
	Body struct {
		URL         string         `json:"url" doc:"Where to post to, http or https"`
		Events      []string       `json:"events" minItems:"1" doc:"memory.created, memory.updated, memory.deleted, memory.recalled, or * for all"`
		Namespace   *string        `json:"namespace,omitempty" minLength:"1" doc:"Only this namespace, exactly; all when absent"`
		Secret      *string        `json:"secret,omitempty" doc:"What signs; made and shown once when absent"`
		MaxRetries  *int           `json:"max_retries,omitempty" minimum:"0" maximum:"20" default:"3"`
		Filter      map[string]any `json:"filter,omitempty" doc:"A pattern over the event's fields"`
		Description string         `json:"description,omitempty"`
		Redaction   string         `json:"redaction_mode,omitempty" enum:"full,metadata_only,hash_only" default:"full"`
		PIIRisk     *bool          `json:"acknowledge_pii_risk,omitempty" doc:"true accepts full content from a memory with a privacy policy"`
	}
}

func (a *API) createWebhook(ctx context.Context, in *createWebhookInput) (*webhookAnswer, error) {
	b := in.Body
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	set := hook.Settings{
		Dialect: dialect.REM, URL: &b.URL, Events: &b.Events, MaxRetries: b.MaxRetries, Description: &b.Description,
		Redaction: &b.Redaction, PIIRisk: b.PIIRisk, Secret: b.Secret, Generate: b.Secret == nil,
	}
	if b.Namespace != nil {
		set.Namespace = &b.Namespace
	}
	if b.Filter != nil {
		filter := any(b.Filter)
		set.Filter = &filter
	}
	h, secret, err := a.makeHook(ctx, m, webhookPrefix, set)
	if err != nil {
		return nil, err
	}
	out, err := a.webhookShown(ctx, h)
	if b.Secret == nil {
		out.Secret = secret
	}
	return out, err
}

// webhookAnswer is a hook as the REM API shows it.
type webhookAnswer struct {
	ID          string          `json:"id"`
	URL         string          `json:"url"`
	Events      []string        `json:"events"`
	Namespace   *string         `json:"namespace" doc:"null = all"`
	Active      bool            `json:"active"`
	State       string          `json:"state" enum:"active,paused,held,disabled"`
	MaxRetries  int             `json:"max_retries"`
	Filter      any             `json:"filter,omitempty"`
	Description string          `json:"description,omitempty"`
	Redaction   string          `json:"redaction_mode"`
	Effective   string          `json:"effective_redaction_mode" doc:"What deliveries use now: a policy that came later tightens full"`
	PIIRisk     *acknowledgment `json:"pii_risk_acknowledged,omitempty"`
	CreatedAt   string          `json:"created_at"`
	Secret      string          `json:"secret,omitempty" doc:"A generated secret, shown this once"`

	print string // of the secret
}

func (w *webhookAnswer) sealed() *string { return &w.print }

func (a *API) webhookShown(ctx context.Context, h hook.Hook) (*webhookAnswer, error) {
	effective, err := a.cfg.Hooks.Effective(ctx, h)
	w := &webhookAnswer{
		ID: h.ID, URL: h.URL, Events: eventNames(h), Namespace: h.Namespace, Active: h.State == hook.Active, State: string(h.State),
		MaxRetries: h.MaxRetries, Filter: h.Pattern.JSON(), Description: h.Description,
		Redaction: string(h.Redaction), Effective: string(effective), PIIRisk: acknowledged(h), CreatedAt: stamp(h.CreatedAt),
		print: secretPrint(h),
	}
	return w, err
}

func (w *webhookAnswer) strip() {
	if w.Secret != "" {
		w.Secret = w.print
	}
}

func (w *webhookAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	var err error
	w.Secret, err = a.retellSecret(ctx, m, w.ID, w.Secret)
	return err
}

type webhooksAnswer struct {
	Webhooks []webhookAnswer `json:"webhooks"`
}

func (a *API) listWebhooks(ctx context.Context, _ *nothing) (*webhooksAnswer, error) {
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	hooks, err := a.cfg.Hooks.List(ctx, m)
	if err != nil {
		return nil, err
	}
	out := &webhooksAnswer{Webhooks: []webhookAnswer{}}
	for _, h := range hooks {
		if !strings.HasPrefix(h.ID, webhookPrefix) {
			continue
		}
		shown, err := a.webhookShown(ctx, h)
		if err != nil {
			return nil, err
		}
		out.Webhooks = append(out.Webhooks, *shown)
	}
	return out, nil
}

type webhookInput struct {
	ID string `path:"id" doc:"wh_…"`
}

func (a *API) getWebhook(ctx context.Context, in *webhookInput) (*webhookAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.webhookShown(ctx, h)
}

var errNoWebhook = fault.New(fault.NotFound, "no webhook has this id: GET /v1/webhooks lists yours")

func (a *API) webhook(ctx context.Context, id string) (hook.Hook, error) {
	if !strings.HasPrefix(id, webhookPrefix) {
		return hook.Hook{}, errNoWebhook
	}
	m, err := a.own(ctx)
	if err != nil {
		return hook.Hook{}, err
	}
	h, err := a.cfg.Hooks.Get(ctx, m, id)
	if fault.KindOf(err) == fault.NotFound {
		err = errNoWebhook
	}
	return h, err
}

type changeWebhookInput struct {
	ID   string `path:"id" doc:"wh_…"`
	Body struct {
		URL         *string                  `json:"url,omitempty"`
		Events      *[]string                `json:"events,omitempty" minItems:"1"`
		Namespace   optional[string]         `json:"namespace,omitempty" minLength:"1" doc:"null = all"`
		MaxRetries  *int                     `json:"max_retries,omitempty" minimum:"0" maximum:"20"`
		Filter      optional[map[string]any] `json:"filter,omitempty" doc:"null = none"`
		Description optional[string]         `json:"description,omitempty" doc:"null = none"`
		Redaction   *string                  `json:"redaction_mode,omitempty" enum:"full,metadata_only,hash_only"`
		PIIRisk     *bool                    `json:"acknowledge_pii_risk,omitempty"`
		Active      *bool                    `json:"active,omitempty" doc:"false pauses, true resumes"`
		Resume      string                   `json:"resume,omitempty" enum:"backlog,latest" doc:"With active true: from where it stopped (the default), or only what comes from now on"`
	}
}

func (a *API) changeWebhook(ctx context.Context, in *changeWebhookInput) (*webhookAnswer, error) {
	b := in.Body
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	set := hook.Settings{
		URL: b.URL, Events: b.Events, MaxRetries: b.MaxRetries, Description: textOf(b.Description), Redaction: b.Redaction,
		PIIRisk: b.PIIRisk, Active: b.Active, Resume: b.Resume, Filter: filterOf(b.Filter),
	}
	if b.Namespace.Given {
		set.Namespace = &b.Namespace.Value
	}
	h, err = a.alter(ctx, h, set)
	if err != nil {
		return nil, err
	}
	return a.webhookShown(ctx, h)
}

// filterOf is a changed filter as settings take it: nil leaves what is there.
func filterOf(o optional[map[string]any]) *any {
	if !o.Given {
		return nil
	}
	var filter any
	if o.Value != nil {
		filter = *o.Value
	}
	return &filter
}

// textOf is a changed text as settings take it: nil leaves what is there, "" is
// none.
func textOf(o optional[string]) *string {
	if !o.Given {
		return nil
	}
	text := given(o.Value)
	return &text
}

func (a *API) deleteWebhook(ctx context.Context, in *webhookInput) (*deletedAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &deletedAnswer{1}, a.cfg.Hooks.Remove(ctx, h.Memory, h.ID)
}

func (a *API) testWebhook(ctx context.Context, in *webhookInput) (*testAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.testHook(ctx, h)
}

type rotateWebhookInput struct {
	ID   string `path:"id" doc:"wh_…"`
	Body *rotateBody
}

func (a *API) rotateWebhook(ctx context.Context, in *rotateWebhookInput) (*rotatedAnswer, error) {
	h, err := a.webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.rotateHook(ctx, h, in.Body)
}
