package hook

import (
	"fmt"
	"net/url"

	"golang.org/x/text/unicode/norm"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/sign"
)

// The bounds of what a hook may ask for.
const (
	MaxRetries   = 20
	MaxHooks     = 1000 // of one memory
	maxNameBytes = 256
	maxTextBytes = 2048
)

// Settings are what a caller may say of a hook. Nil fields of a change leave
// what is there; at creation they take the default.
type Settings struct {
	Name        *string
	Description *string
	Mode        *Mode // at creation; a change can only repeat it
	URL         *string
	Dialect     string    // at creation only
	Events      *[]string // names of the dialect
	Namespace   **string  // points to nil for "all"
	Filter      *any      // a decoded JSON tree; points to nil for none
	Redaction   *string
	PIIRisk     *bool // only true acknowledges
	MaxRetries  *int
	Active      *bool
	Resume      string // with Active true: backlog (default) or latest

	Secret   *string // at creation; empty is refused
	Generate bool    // make a secret where none is given
}

// URLChecker refuses destinations that may never be posted to.
type URLChecker interface {
	CheckURL(raw string) (*url.URL, error)
}

// apply puts settings onto a hook and checks the result as a whole.
func (s Settings) apply(h *Hook, urls URLChecker) error {
	set(&h.Name, s.Name)
	set(&h.Description, s.Description)
	set(&h.Mode, s.Mode)
	set(&h.URL, s.URL)
	if s.Namespace != nil {
		h.Namespace = normal(*s.Namespace)
	}
	set(&h.MaxRetries, s.MaxRetries)
	if s.Events != nil {
		causes, err := dialect.Causes(h.Dialect, *s.Events)
		if err != nil {
			return err
		}
		h.Causes = unique(causes)
	}
	if s.Filter != nil {
		p, err := h.ParseFilter(*s.Filter)
		if err != nil {
			return fmt.Errorf("hook: filter: %w", err)
		}
		h.Pattern = p
	}
	if s.Redaction != nil {
		mode, err := redact.ParseMode(*s.Redaction)
		if err != nil {
			return err
		}
		h.Redaction = mode
	}
	return h.check(urls, s.URL != nil)
}

// normal is a namespace in the form that grains are stored in.
func normal(namespace *string) *string {
	if namespace == nil {
		return nil
	}
	s := norm.NFC.String(*namespace)
	return &s
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func unique(causes []events.Cause) []events.Cause {
	seen := map[events.Cause]bool{}
	out := make([]events.Cause, 0, len(causes))
	for _, c := range causes {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// check refuses a hook that could not work, naming the field and the way out.
func (h *Hook) check(urls URLChecker, newURL bool) error {
	switch {
	case len(h.Name) > maxNameBytes:
		return fault.New(fault.InvalidField, "name has %d bytes; at most %d are accepted", len(h.Name), maxNameBytes)
	case len(h.Description) > maxTextBytes:
		return fault.New(fault.InvalidField, "description has %d bytes; at most %d are accepted", len(h.Description), maxTextBytes)
	case h.MaxRetries < 0 || h.MaxRetries > MaxRetries:
		return fault.New(fault.InvalidField, "max_retries is %d; give 0 to %d", h.MaxRetries, MaxRetries)
	case h.Mode != Webhook && h.Mode != CDC:
		return fault.New(fault.InvalidField, "delivery_mode %q is not known; use %q or %q", h.Mode, Webhook, CDC)
	case h.Mode == CDC && h.URL != "":
		return fault.New(fault.InvalidField, "a %q hook is polled and has no url: leave url out, or use delivery_mode %q", CDC, Webhook)
	case h.Mode == Webhook && h.URL == "":
		return fault.New(fault.MissingField, "url is missing: a %q hook needs the address to post to", Webhook)
	}
	if h.Mode == CDC || !newURL {
		return nil
	}
	_, err := urls.CheckURL(h.URL)
	return err
}

// secret is the signing secret that settings ask for: none, the caller's, or a
// generated one.
func (s Settings) secret(generate func() (sign.Secret, error)) (*sign.Secret, error) {
	switch {
	case s.Secret != nil:
		secret, err := sign.NewSecret(*s.Secret)
		return &secret, err
	case s.Generate:
		secret, err := generate()
		return &secret, err
	}
	return nil, nil
}
