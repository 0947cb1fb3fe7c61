package memory

import (
	"context"
	"errors"
	"github.com/memhooks/memhooks/shared/memory/store"
	"maps"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/grain"
)

// carried are the fields that a superseding grain takes over where it does not
// give them: whom the grain is about stays known, so that erasure finds it.
var carried = []string{"confidence", "tags", "user_id", "scope_path", "key"}

// Supersede replaces a current grain by a newer version and raises Superseded,
// exactly one. An empty Type or Namespace carries over. An unknown hash is
// fault.NotFound, one that was superseded already fault.Conflict.
func (s *Service) Supersede(ctx context.Context, m change.Memory, d change.Draw, old string, in Input) (Written, error) {
	st, err := s.cfg.Store.Load(ctx, m, store.Ref{Hash: old})
	if err != nil {
		return Written{}, err
	}
	if st.State == store.Superseded {
		return Written{}, fault.New(fault.Conflict, "grain %s was superseded already: supersede the current grain of its lineage instead", old)
	}
	prior, err := s.open(ctx, m, st)
	if err != nil {
		return Written{}, err
	}
	return s.replace(ctx, m, d, prior, func(map[string]any) Input { return in })
}

// Edit changes the current grain of a lineage: edit gets a copy of its fields
// and returns them changed. It is planned again when another writer was first.
func (s *Service) Edit(ctx context.Context, m change.Memory, d change.Draw, ref store.Ref, edit func(fields map[string]any)) (Written, error) {
	for range attempts {
		prior, err := s.Get(ctx, m, ref)
		if err != nil {
			return Written{}, err
		}
		w, err := s.replace(ctx, m, d, prior, func(fields map[string]any) Input {
			edit(fields)
			return Input{Fields: fields}
		})
		if !lost(err) {
			return w, err
		}
	}
	return Written{}, errBusy
}

// lost says that a commit met a newer version of what it planned on.
func lost(err error) bool {
	var conflict *store.ConflictError
	return errors.As(err, &conflict) && (conflict.Reason == store.Moved || conflict.Reason == store.Taken)
}

// replace commits the version after prior.
func (s *Service) replace(ctx context.Context, m change.Memory, d change.Draw, prior Grain, next func(map[string]any) Input) (Written, error) {
	in := next(maps.Clone(prior.Fields))
	fields := maps.Clone(in.Fields)
	if fields == nil {
		fields = map[string]any{}
	}
	for _, name := range carried {
		if v, ok := prior.Fields[name]; ok {
			if _, given := fields[name]; !given {
				fields[name] = v
			}
		}
	}
	fields["derived_from"] = []any{prior.Hash}
	if in.Type == "" {
		in.Type = prior.Type
	}
	if in.Namespace == "" {
		in.Namespace = prior.Namespace
	}
	g, err := grain.New(in.Type, in.Namespace, fields, d.At)
	if err != nil {
		return Written{}, err
	}
	dr, err := s.draft(m, d, g, prior.Name)
	if err != nil {
		return Written{}, err
	}
	if dr.stored.Hash == prior.Hash {
		return Written{Grain: prior, Existing: true}, nil
	}
	dr.stored.Lineage, dr.stored.FirstAt, dr.stored.Version = prior.Lineage, prior.FirstAt, prior.Version+1
	dr.expect = prior.Hash
	if dr, err = dr.finish(m, d, events.Superseded); err != nil {
		return Written{}, err
	}
	return s.put(ctx, m, dr)
}
