// Package memory keeps what agents remember: grains, their lineages, who they
// are about, and how they are found, superseded, forgotten and erased. Every
// change it makes travels the road as a change.Change.
package memory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/grain"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/wire"
)

// Config is what a Service works with; all fields are required.
type Config struct {
	Registry store.Registry
	Remover  store.Remover
	Store    store.Store
	Eraser   store.Eraser
	Index    store.Index
	Keys     seal.Keys
	Sealer   *seal.Sealer
	Log      *slog.Logger
}

// Service is the memory stage. It is safe for concurrent use.
type Service struct {
	cfg      Config
	indexing sync.Mutex // held by who indexes: others would be at the same grains
}

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// attempts bounds how often a write that lost a race is planned again.
const attempts = 512

// Input is a grain as a caller gives it. Fields hold everything but type and
// namespace, tags and user_id and scope_path included; numbers are json.Number.
type Input struct {
	Type      string
	Namespace string
	Fields    map[string]any
	name      []byte // blind of the memory-set key
}

// Written answers an add or a supersede.
type Written struct {
	Grain    Grain
	Seq      int64 // 0 where the cloud does not know it yet
	Existing bool  // the very grain was there already; nothing was raised
}

// Grain is a stored grain with its content opened.
type Grain struct {
	store.Stored
	Fields map[string]any
}

// vault names the keys of a memory.
func vault(m change.Memory) seal.Vault { return seal.Vault{Tenant: m.Tenant, Memory: m.ID} }

// pair names the key that seals a grain.
func pair(s store.Stored) seal.Pair { return seal.Pair{Person: s.Person, Scope: s.Scope()} }

// Add stores a grain and raises Created. Adding the same grain twice answers
// like the first time and raises nothing.
func (s *Service) Add(ctx context.Context, m change.Memory, d change.Draw, in Input) (Written, error) {
	g, err := grain.New(in.Type, in.Namespace, in.Fields, d.At)
	if err != nil {
		return Written{}, err
	}
	draft, err := s.draft(m, d, g, in.name)
	if err != nil {
		return Written{}, err
	}
	return s.put(ctx, m, draft)
}

// draft is a grain that is ready to be sealed and committed.
type draft struct {
	stored store.Stored
	expect string
	fields map[string]any
	plain  []byte
	change change.Change
}

// draft plans the first grain of a lineage.
func (s *Service) draft(m change.Memory, d change.Draw, g grain.Grain, name []byte) (draft, error) {
	hash, err := g.Hash()
	if err != nil {
		return draft{}, err
	}
	st := store.Stored{
		Hash: hash, Lineage: hash, Type: g.Type, Namespace: g.Namespace,
		Person: text(g.Fields, "user_id"), ScopePath: text(g.Fields, "scope_path"),
		CreatedAt: g.CreatedAt, FirstAt: g.CreatedAt, Version: 1, Name: name,
	}
	dr := draft{stored: st, fields: g.Fields}
	return dr.finish(m, d, events.Created)
}

// finish adds the change and the bytes to seal, and checks what limits can be
// checked before anything is written.
func (dr draft) finish(m change.Memory, d change.Draw, cause events.Cause) (draft, error) {
	if err := checkNames(dr.stored); err != nil {
		return draft{}, err
	}
	var err error
	if dr.plain, err = wire.AppendExact(nil, dr.fields); err != nil {
		return draft{}, fmt.Errorf("memory: encode fields: %w", err)
	}
	dr.change = raised(m, d, cause, dr.stored)
	dr.change.Superseded = dr.expect
	return dr, checkSize(dr.change, dr.fields, len(dr.plain))
}

// raised is a change about a grain.
func raised(m change.Memory, d change.Draw, cause events.Cause, st store.Stored) change.Change {
	return change.Change{
		ID: d.ID(), Memory: m, Cause: cause, At: d.At.UnixMilli(),
		Lineage: st.Lineage, Hash: st.Hash, GrainType: st.Type, Namespace: st.Namespace,
		UserID: st.Person, ScopePath: st.ScopePath, CreatedAt: st.FirstAt,
	}
}

// put seals and commits a draft; a key that was destroyed between the two is
// replaced by a new one.
func (s *Service) put(ctx context.Context, m change.Memory, dr draft) (Written, error) {
	for range attempts {
		step, err := s.step(ctx, m, dr)
		if err != nil {
			return Written{}, err
		}
		done, err := s.commit(ctx, m, step)
		var conflict *store.ConflictError
		switch {
		case err == nil:
			return Written{Grain: Grain{*step.Put, dr.fields}, Seq: done.Seq[0], Existing: done.Existing[0]}, nil
		case errors.As(err, &conflict) && conflict.Reason == store.KeyGone:
			s.cfg.Sealer.Forget(vault(m), step.Put.KeyID)
		default:
			return Written{}, err
		}
	}
	return Written{}, errBusy
}

// commit applies one step. A refusal is a fault that a caller may see, with
// the *ConflictError as its cause.
func (s *Service) commit(ctx context.Context, m change.Memory, step store.Step) (store.Committed, error) {
	done, err := s.cfg.Store.Commit(ctx, store.Write{Memory: m, Steps: []store.Step{step}})
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) {
		return done, err
	}
	switch conflict.Reason {
	case store.NoMemory:
		return done, fault.Wrap(fault.NotFound, err, "no memory of that id: make it first, or check the id")
	case store.Taken:
		return done, fault.Wrap(fault.Conflict, err, "the very grain is part of a lineage already: supersede the current grain of that lineage instead")
	case store.Moved:
		return done, fault.Wrap(fault.Conflict, err, "the grain was changed or forgotten meanwhile: read it again and repeat")
	default:
		return done, fault.Wrap(fault.Unavailable, err, "the content was erased while it was written: try again")
	}
}

var errBusy = fault.New(fault.Unavailable, "too many writers change this at once: try again")

// step seals a draft under its pair's current key.
func (s *Service) step(ctx context.Context, m change.Memory, dr draft) (store.Step, error) {
	st := dr.stored
	box, key, err := s.cfg.Sealer.Seal(ctx, vault(m), pair(st), dr.plain, []byte(st.Hash))
	if err != nil {
		return store.Step{}, fmt.Errorf("memory: seal: %w", err)
	}
	st.Box, st.KeyID = box, key
	if subject := text(dr.fields, "subject"); subject != "" {
		if st.Subject, err = s.cfg.Sealer.Blind(ctx, vault(m), blindSubject, subject); err != nil {
			return store.Step{}, fmt.Errorf("memory: blind subject: %w", err)
		}
	}
	return store.Step{Lineage: st.Lineage, Expect: dr.expect, Put: &st, Change: dr.change, View: dr.fields}, nil
}

// AddMany adds grains side by side; each succeeds or fails alone. The results
// stand in the order of the inputs.
func (s *Service) AddMany(ctx context.Context, m change.Memory, d change.Draw, in []Input) []Result {
	out := make([]Result, len(in))
	draws := make([]change.Draw, len(in))
	for i := range in {
		draws[i] = d.Split()
	}
	side(len(in), func(i int) {
		out[i].Written, out[i].Err = s.Add(ctx, m, draws[i], in[i])
	})
	return out
}

// Result is one of many: Err nil means that Written holds.
type Result struct {
	Written
	Err error
}

// Open reads a stored grain's content. A gone grain, or one whose key was
// destroyed, is fault.NotFound.
func (s *Service) open(ctx context.Context, m change.Memory, st store.Stored) (Grain, error) {
	if st.State == store.Gone || st.Box == nil {
		return Grain{}, errGone
	}
	plain, err := s.cfg.Sealer.Open(ctx, vault(m), st.Box, []byte(st.Hash))
	if errors.Is(err, seal.ErrErased) {
		return Grain{}, errGone
	}
	if err != nil {
		return Grain{}, fmt.Errorf("memory: open grain %s: %w", st.Hash, err)
	}
	fields, err := parseFields(plain)
	return Grain{st, fields}, err
}

var errGone = fault.New(fault.NotFound, "no such memory: it was forgotten or erased, or never existed")

// errFields says that what opened is no grain.
var errFields = fault.New(fault.Internal, "the stored fields are damaged: restore the store from a sound copy")

func parseFields(plain []byte) (map[string]any, error) {
	v, err := wire.Parse(plain)
	if err != nil {
		return nil, fmt.Errorf("memory: %w", errors.Join(errFields, err))
	}
	fields, _ := v.(map[string]any)
	return fields, nil
}

// Get opens the current grain that a reference leads to, fault.NotFound where
// there is none.
func (s *Service) Get(ctx context.Context, m change.Memory, ref store.Ref) (Grain, error) {
	st, err := s.cfg.Store.Load(ctx, m, ref)
	if err != nil {
		return Grain{}, err
	}
	return s.open(ctx, m, st)
}
