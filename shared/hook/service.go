package hook

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/sign"
)

// Policies says whether a memory's policies detect personal data;
// fault.NotFound where there is no such memory.
type Policies interface {
	DetectsPII(ctx context.Context, m change.Memory) (bool, error)
}

// Config is what a Service works with; all fields are required.
type Config struct {
	Store    Store
	Remover  Remover
	Mover    Mover
	Policies Policies
	URLs     URLChecker
	Sealer   *seal.Sealer
}

// Service makes and changes hooks. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg} }

// vault and pair name the keys that seal a hook's secrets: a scope that no
// grain can have, so that no erasure reaches them.
func vault(m change.Memory) seal.Vault { return seal.Vault{Tenant: m.Tenant, Memory: m.ID} }

var secretPair = seal.Pair{Scope: "\x00hooks"}

// Create makes a hook under an id that the caller chose and returns it with the
// secret that was made or given, which is shown this once. By is the caller's
// key id, kept with an acknowledgement. A refusal leaves nothing behind.
func (s *Service) Create(ctx context.Context, m change.Memory, d change.Draw, id, by string, set Settings) (Hook, *sign.Secret, error) {
	h := Hook{
		ID: id, Memory: m, Dialect: set.Dialect, Mode: Webhook, Redaction: redact.Full,
		State: Active, CreatedAt: d.At.UnixMilli(),
	}
	if _, err := sign.ParseDialect(h.Dialect); err != nil {
		return Hook{}, nil, err
	}
	if err := set.apply(&h, s.cfg.URLs); err != nil {
		return Hook{}, nil, err
	}
	if err := s.gate(ctx, &h, set, d.At, by); err != nil {
		return Hook{}, nil, err
	}
	if err := s.room(ctx, m); err != nil {
		return Hook{}, nil, err
	}
	secret, err := set.secret(func() (sign.Secret, error) { return sign.Generate(d.Rand) })
	if err != nil {
		return Hook{}, nil, err
	}
	if secret != nil {
		if h.Secret, err = s.sealSecret(ctx, h, *secret); err != nil {
			return Hook{}, nil, err
		}
	}
	made, err := s.cfg.Store.Put(ctx, h)
	return made, secret, err
}

// room refuses a hook of a memory that has MaxHooks already: every write is
// matched against all of them.
func (s *Service) room(ctx context.Context, m change.Memory) error {
	have, err := s.cfg.Store.List(ctx, m)
	if err == nil && len(have) >= MaxHooks {
		return fault.New(fault.Conflict, "the memory has %d hooks, which is the most: delete one, or use another memory", len(have))
	}
	return err
}

// gate holds COMP-H1 and records who acknowledged the risk.
func (s *Service) gate(ctx context.Context, h *Hook, set Settings, at time.Time, by string) error {
	if set.PIIRisk != nil && *set.PIIRisk {
		h.PIIRisk = &Acknowledgement{At: at.UnixMilli(), KeyID: by}
	}
	if set.PIIRisk != nil && !*set.PIIRisk {
		h.PIIRisk = nil
	}
	detects, err := s.cfg.Policies.DetectsPII(ctx, h.Memory)
	if err != nil {
		return err
	}
	return redact.Gate(h.Redaction, detects, h.PIIRisk != nil)
}

// Effective is the redaction that deliveries of a hook use at this moment.
func (s *Service) Effective(ctx context.Context, h Hook) (redact.Mode, error) {
	detects, err := s.cfg.Policies.DetectsPII(ctx, h.Memory)
	return redact.Effective(h.Redaction, detects, h.PIIRisk != nil), err
}

// Change applies settings to a hook, all of them or none. Active false pauses;
// active true resumes a paused, held or disabled hook, from its backlog or from
// the log's end. COMP-H1 holds where the redaction or the acknowledgement is
// given. Another delivery mode is refused with fault.Conflict.
func (s *Service) Change(ctx context.Context, m change.Memory, d change.Draw, id, by string, set Settings) (Hook, error) {
	if set.Resume != "" && set.Resume != "backlog" && set.Resume != "latest" {
		return Hook{}, fault.New(fault.InvalidField, "resume %q is not known; use \"backlog\" or \"latest\"", set.Resume)
	}
	edit := func(h *Hook) error {
		if set.Mode != nil && *set.Mode != h.Mode && (*set.Mode == Webhook || *set.Mode == CDC) {
			return fault.New(fault.Conflict, "delivery_mode is fixed at a hook's creation, here %q: make another hook", h.Mode)
		}
		if err := set.apply(h, s.cfg.URLs); err != nil {
			return err
		}
		h.turn(set.Active)
		if set.Redaction != nil || set.PIIRisk != nil {
			return s.gate(ctx, h, set, d.At, by)
		}
		return nil
	}
	if set.Active != nil && *set.Active && set.Resume == "latest" {
		if err := s.skip(ctx, m, id, edit); err != nil {
			return Hook{}, err
		}
	}
	return s.update(ctx, m, id, edit)
}

// turn pauses a hook or resumes it. A disabled one stays disabled until then.
func (h *Hook) turn(active *bool) {
	switch {
	case active == nil:
	case *active:
		h.State = Active
	case h.State != Disabled:
		h.State = Paused
	}
}

// skip moves a hook to the log's end, once it is known that what is to follow
// will not be refused.
func (s *Service) skip(ctx context.Context, m change.Memory, id string, edit func(*Hook) error) error {
	h, err := s.cfg.Store.Get(ctx, m, id)
	if err != nil {
		return err
	}
	if h.Mode != Webhook {
		return fault.New(fault.InvalidField, "resume \"latest\" is for %q hooks: read a %q hook's events after \"latest\" instead", Webhook, CDC)
	}
	if err := edit(&h); err != nil {
		return err
	}
	if _, err := s.cfg.Mover.SkipToHead(ctx, m, id); err != nil {
		return fmt.Errorf("hook: skip to the log's end: %w", err)
	}
	return nil
}

// update reads, changes and puts a hook, again where another was first.
func (s *Service) update(ctx context.Context, m change.Memory, id string, edit func(*Hook) error) (Hook, error) {
	for range 16 {
		h, err := s.cfg.Store.Get(ctx, m, id)
		if err != nil {
			return Hook{}, err
		}
		if err := edit(&h); err != nil {
			return Hook{}, err
		}
		put, err := s.cfg.Store.Put(ctx, h)
		if fault.KindOf(err) != fault.Conflict {
			return put, err
		}
	}
	return Hook{}, fault.New(fault.Unavailable, "too many callers change this hook at once: try again")
}

// Remove deletes a hook; deleting what is not there is no error.
func (s *Service) Remove(ctx context.Context, m change.Memory, id string) error {
	return s.cfg.Remover.Remove(ctx, m, id)
}

// Get returns one hook, fault.NotFound where there is none.
func (s *Service) Get(ctx context.Context, m change.Memory, id string) (Hook, error) {
	return s.cfg.Store.Get(ctx, m, id)
}

// List returns a memory's hooks in the order of their making.
func (s *Service) List(ctx context.Context, m change.Memory) ([]Hook, error) {
	return s.cfg.Store.List(ctx, m)
}
