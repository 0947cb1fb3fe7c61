package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type hooksCommand struct {
	inMemory

	List         hooksListCommand   `cmd:"" help:"List a memory's hooks, never their secrets."`
	Show         hooksShowCommand   `cmd:"" help:"Show a hook, and how its deliveries stand."`
	Create       hooksCreateCommand `cmd:"" help:"Make a hook. A generated secret is shown this once."`
	Pause        hooksPauseCommand  `cmd:"" help:"Keep a hook's events back until it is resumed."`
	Resume       hooksResumeCommand `cmd:"" help:"Let a paused, held or disabled hook go on."`
	Delete       hooksDeleteCommand `cmd:"" help:"Delete a hook; what is pending is not sent."`
	Test         hooksTestCommand   `cmd:"" help:"Send a hook one marked sample."`
	RotateSecret hooksRotateCommand `cmd:"" help:"Give a hook a new secret; for the overlap webhook-signature carries both, the product header the old one."`
}

// oneHook names a hook.
type oneHook struct {
	Hook string `arg:"" help:"The hook's id, or its name."`
}

// call makes a request about the hook and prints the answer.
func (o oneHook) call(ctx context.Context, w world, m *inMemory, method, what string, body any) error {
	id, err := m.hookID(ctx, w, o.Hook)
	if err != nil {
		return err
	}
	path := m.path("hooks", id)
	if what != "" {
		path = m.path("hooks", id, what)
	}
	return m.change(ctx, w, method, path, nil, body)
}

type hooksListCommand struct{}

// Run prints the table.
func (hooksListCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return m.list(ctx, w, "hooks", map[string]string{"memory": m.Memory}, nil, 0)
}

type hooksShowCommand struct{ oneHook }

// Run prints the hook.
func (c hooksShowCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return c.call(ctx, w, m, "GET", "", nil)
}

// pattern is JSON that is sent as it was written.
type pattern string

// MarshalJSON returns the text.
func (p pattern) MarshalJSON() ([]byte, error) { return []byte(p), nil }

// shape is what a new hook is told, and how.
type shape struct {
	Events    []string `json:"event_filters,omitempty" placeholder:"NAME" help:"Only these events; all by default."`
	Filter    pattern  `json:"filter,omitempty" placeholder:"JSON" help:"A pattern over the event's fields, as in {\"tags\":[\"urgent\"]}."`
	Namespace string   `json:"namespace,omitempty" placeholder:"NAME" help:"Only this namespace, exactly."`
	Dialect   string   `json:"dialect,omitempty" enum:",areev,rem,standard" default:"" placeholder:"NAME" help:"How events are named, shaped and signed: areev, rem or standard."`
	Redaction string   `json:"redaction_mode,omitempty" enum:",full,metadata_only,hash_only" default:"" placeholder:"MODE" help:"What is told: full, metadata_only or hash_only."`
	PIIRisk   bool     `json:"acknowledge_pii_risk,omitempty" name:"acknowledge-pii-risk" help:"Accept full content from a memory with a policy."`
}

// given says whether anything of a shape was asked for.
func (s shape) given() bool {
	return len(s.Events) > 0 || s.Filter != "" || s.Namespace != "" || s.Dialect != "" || s.Redaction != "" || s.PIIRisk
}

// check refuses what is no JSON before it is sent.
func (s shape) check() error {
	if s.Filter != "" && !json.Valid([]byte(s.Filter)) {
		return usagef(`--filter is no JSON: quote it for the shell, as in --filter '{"tags":["urgent"]}'`)
	}
	return nil
}

// hooksCreateCommand is the request's body too.
type hooksCreateCommand struct {
	Name        string  `arg:"" json:"name" help:"What you call it."`
	URL         string  `name:"to" json:"url,omitempty" placeholder:"URL" help:"Where to post to; without it the hook is polled."`
	Mode        string  `kong:"-" json:"delivery_mode"`
	Generate    bool    `name:"generate-secret" xor:"secret" json:"generate_secret,omitempty" help:"Make a signing secret."`
	Secret      *string `xor:"secret" json:"secret,omitempty" placeholder:"TEXT" help:"Your own signing secret instead."`
	MaxRetries  *int    `json:"max_retries,omitempty" placeholder:"N" help:"How often a failed delivery is tried again; 5 by default."`
	Description string  `json:"description,omitempty" placeholder:"TEXT" help:"What it is for."`

	shape
}

// Run makes the hook and prints it.
func (c hooksCreateCommand) Run(ctx context.Context, w world, m *inMemory) error {
	c.Mode = "webhook"
	if c.URL == "" {
		c.Mode = "cdc"
	}
	if err := c.check(); err != nil {
		return err
	}
	raw, err := m.call(ctx, w, "POST", m.path("hooks"), nil, c)
	if err != nil {
		return err
	}
	if err := m.print(w, raw); err != nil {
		return err
	}
	made, err := client.Parse(raw)
	m.tellNamesakes(ctx, w, made)
	return err
}

// tellNamesakes says that a hook's name stands for others too. Who may not list
// hooks is not told: the hook is made all the same.
func (m *inMemory) tellNamesakes(ctx context.Context, w world, made client.Doc) {
	raw, err := m.call(ctx, w, "GET", m.path("hooks"), nil, nil)
	if err != nil {
		return
	}
	var others []string
	answer, _ := client.Parse(raw) // what does not parse lists none
	for _, h := range answer.List("hooks") {
		if h.Text("name") == made.Text("name") && h.Text("id") != made.Text("id") {
			others = append(others, h.Text("id"))
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(w.screen.Err, "another hook has this name: %s; use its id in commands\n", terminal.Clean(strings.Join(others, " ")))
	}
}

type hooksPauseCommand struct{ oneHook }

// Run pauses the hook.
func (c hooksPauseCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return c.call(ctx, w, m, "PATCH", "", map[string]any{"active": false})
}

type hooksResumeCommand struct {
	oneHook

	From string `enum:"backlog,latest" default:"backlog" help:"backlog = where it stopped; latest = only what comes from now on."`
}

// Run resumes the hook.
func (c hooksResumeCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return c.call(ctx, w, m, "PATCH", "", map[string]any{"active": true, "resume": c.From})
}

type hooksDeleteCommand struct{ oneHook }

// Run deletes the hook.
func (c hooksDeleteCommand) Run(ctx context.Context, w world, m *inMemory) error {
	return c.call(ctx, w, m, "DELETE", "", nil)
}

type hooksTestCommand struct{ oneHook }

// Run sends the sample; a receiver that does not take it is a failure.
func (c hooksTestCommand) Run(ctx context.Context, w world, m *inMemory) error {
	id, err := m.hookID(ctx, w, c.Hook)
	if err != nil {
		return err
	}
	raw, err := m.call(ctx, w, "POST", m.path("hooks", id, "test"), nil, nil)
	if err != nil {
		return err
	}
	var outcome struct{ Delivered bool }
	if err := json.Unmarshal(raw, &outcome); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if err := m.print(w, raw); err != nil || outcome.Delivered {
		return err
	}
	return errTold
}

type hooksRotateCommand struct {
	oneHook

	Secret  *string       `placeholder:"TEXT" help:"The new secret; made and shown this once when absent."`
	Overlap time.Duration `default:"24h" help:"How long the old secret signs too; 0 = not at all."`
}

// mostOverlap is how long two secrets may sign.
const mostOverlap = 720 * time.Hour

// Run rotates the secret.
func (c hooksRotateCommand) Run(ctx context.Context, w world, m *inMemory) error {
	if c.Overlap < 0 || c.Overlap > mostOverlap {
		return usagef("--overlap is %s: give 0 to %s", c.Overlap, mostOverlap)
	}
	body := map[string]any{"overlap_seconds": int(c.Overlap / time.Second)}
	if c.Secret != nil {
		body["secret"] = *c.Secret
	}
	return c.call(ctx, w, m, "POST", "rotate-secret", body)
}
