package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/local/listen"
	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
	"github.com/memhooks/memhooks/shared/sign"
)

type listenCommand struct {
	inMemory
	shape

	Hook    string `placeholder:"HOOK" help:"Follow this hook's events, by id or name; without it a hook is made, and deleted at the end."`
	From    string `placeholder:"PLACE" help:"With --hook: earliest, latest or a seq to go on after; latest by default."`
	Resume  string `placeholder:"NAME" help:"Keep the place under this name, and go on there the next time. Without --hook the hook is kept too."`
	Count   *int   `placeholder:"N" help:"End after so many events."`
	Forward string `placeholder:"URL" help:"Post each event there, as a delivery would be."`
	Retries int    `default:"3" help:"How often a failed post is tried again; then the event is passed over, named at the end, and sent again only with --from the seq before it."`
	Secret  string `env:"MEMHOOKS_SECRET" placeholder:"TEXT" help:"Sign what is forwarded with this secret."`
}

// Run follows until it is interrupted, --count is reached, or the hook is gone.
func (c listenCommand) Run(ctx context.Context, w world) error {
	if err := c.misused(); err != nil {
		return err
	}
	s := &session{listenCommand: c, w: w}
	// An interrupt meanwhile waits for it: what is half begun can't be ended.
	beginning, begun := context.WithTimeout(context.WithoutCancel(ctx), hello)
	defer begun()
	after, err := s.begin(beginning)
	defer s.end(ctx)
	if err != nil {
		return err
	}
	err = listen.Follower{
		Client: c.client(w), Hook: c.path("hooks", s.hook.ID),
		Handle: s.handle, Passed: s.passed, Lost: s.lost, Found: func() { s.say("connected again") },
	}.Follow(ctx, after)
	if errors.Is(err, errEnough) {
		return nil
	}
	return c.explain(ctx, err)
}

// hello is how long it may take to find or make the hook.
const hello = 10 * time.Second

// misused finds flags that contradict each other.
func (c listenCommand) misused() error {
	to, err := url.Parse(c.Forward)
	switch {
	case c.Hook != "" && c.given():
		return usagef("--events, --filter, --namespace, --dialect and --redaction shape a hook that listen makes; %s has its own", c.Hook)
	case c.From != "" && c.Hook == "":
		return usagef("--from needs --hook: a hook that is made now sees what comes from now on")
	case !isPlace(c.From):
		return usagef("--from is %q: give earliest, latest, or a seq to go on after", c.From)
	case c.Forward != "" && (err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == ""):
		return usagef("--forward is %q: give an address such as http://localhost:3000/hooks", c.Forward)
	case c.Count != nil && *c.Count < 1:
		return usagef("--count is %d: give 1 or more, or leave it out to follow until Ctrl-C", *c.Count)
	case c.Retries < 0:
		return usagef("--retries is %d: give 0 or more", c.Retries)
	}
	return c.check()
}

// isPlace says whether a text is a place of a log, or none.
func isPlace(text string) bool {
	_, err := strconv.ParseUint(text, 10, 63)
	return err == nil || slices.Contains([]string{"", "earliest", "latest"}, text)
}

// begin finds or makes the hook, and returns the place to read on from.
func (s *session) begin(ctx context.Context) (after string, err error) {
	fresh, err := s.find(ctx)
	if err != nil {
		return "", err
	}
	if s.Forward != "" {
		if err := s.prepare(); err != nil {
			return "", err
		}
	}
	after = s.From
	switch {
	case after == "" && fresh:
		after = "earliest"
	case after == "":
		after = "latest"
	}
	if s.Resume != "" {
		if after, err = s.resume(ctx, after); err != nil {
			return "", err
		}
	}
	s.say("listening to %s (%s) in memory %s; Ctrl-C ends", terminal.Clean(s.hook.Name), s.hook.ID, s.Memory)
	return after, nil
}

// resume is the place that is kept under the name, after where none is.
func (s *session) resume(ctx context.Context, after string) (string, error) {
	path := s.path("hooks", s.hook.ID, "consumers", s.Resume)
	if s.From != "" {
		raw, err := s.call(ctx, s.w, "GET", path, nil, nil)
		var refusal *client.Error
		switch {
		case errors.As(err, &refusal) && refusal.Status == http.StatusNotFound:
		case err != nil:
			return "", err
		default:
			place, err := client.Parse(raw)
			if err != nil {
				return "", err
			}
			s.say("%s stands at #%d; --from is not used", terminal.Clean(s.Resume), place.Int("acked_seq"))
		}
	}
	raw, err := s.call(ctx, s.w, "PUT", path, nil, map[string]any{"after": after})
	if err != nil {
		return "", err
	}
	place, err := client.Parse(raw)
	return place.Text("cursor"), err
}

// find is the hook that is named, or one that is made; fresh says that it is
// new.
func (s *session) find(ctx context.Context) (fresh bool, err error) {
	name := s.Hook
	if s.Resume != "" && name == "" {
		name = "listen-" + s.Resume
	}
	if name != "" {
		raw, err := s.call(ctx, s.w, "GET", s.path("hooks"), nil, nil)
		if err != nil {
			return false, err
		}
		id, err := named(raw, "hooks", name, s.hint("hooks list")+" shows them")
		switch {
		case err == nil && s.given():
			return false, fmt.Errorf("the hook %s is there already and has its own filter: delete it with %s, or leave the flags out", name, s.hint("hooks delete "+name))
		case err == nil:
			return false, s.show(ctx, id)
		case s.Hook != "":
			return false, err
		}
	}
	s.made = name == ""
	if name == "" {
		name = "listen"
	}
	raw, err := s.call(ctx, s.w, "POST", s.path("hooks"), nil, hooksCreateCommand{
		Name: name, Mode: "cdc", Description: "made by memhooks listen", shape: s.shape,
	})
	if err != nil {
		s.made = false
		return true, err
	}
	return true, json.Unmarshal(raw, &s.hook)
}

func (s *session) show(ctx context.Context, id string) error {
	raw, err := s.call(ctx, s.w, "GET", s.path("hooks", id), nil, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &s.hook)
}

// plainly is a transport that asks for no compression: a delivery does not
// either.
func plainly(t http.RoundTripper) http.RoundTripper {
	shared, ok := t.(*http.Transport)
	if !ok {
		return t
	}
	own := shared.Clone()
	own.DisableCompression = true
	return own
}

// prepare makes what forwards.
func (s *session) prepare() error {
	dialect, err := sign.ParseDialect(s.hook.Dialect)
	if err != nil {
		return err
	}
	s.to = &listen.Forwarder{
		To: s.Forward, Hook: s.hook.ID, Dialect: dialect, UserAgent: "memhooks/" + version,
		Retries: s.Retries, Transport: plainly(s.w.transport),
		Failed: func(attempt int, why string, again time.Duration) {
			s.say("%s: %s; attempt %d of %d, again in %s", s.Forward, terminal.Clean(why), attempt, s.Retries+1, again)
		},
	}
	if s.Secret != "" {
		s.to.Secret, err = sign.NewSecret(s.Secret)
	}
	return err
}
