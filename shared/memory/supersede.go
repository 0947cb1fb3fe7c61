package memory

import (
	"context"
	"errors"
	"maps"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/grain"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// carried are the fields that a superseding grain takes over where it does not
// give them: whom the grain is about stays known, so that erasure finds it.
var carried = []string{"confidence", "tags", "user_id", "scope_path", "key"}

// Supersede replaces a current grain by a newer version and raises Superseded,
// exactly one. An empty Type or Namespace carries over. An unknown hash is
// fault.NotFound, one that was superseded already fault.Conflict; but a
// repetition with the same draw answers like the first time and raises nothing.
func (s *Service) Supersede(ctx context.Context, m change.Memory, d change.Draw, old string, in Input) (Written, error) {
	st, err := s.cfg.Store.Load(ctx, m, store.Ref{Hash: old})
	if err != nil {
		return Written{}, err
	}
	prior, err := s.open(ctx, m, st)
	if err != nil {
		return Written{}, err
	}
	dr, err := s.next(m, d, prior, in)
	switch {
	case st.State == store.Superseded:
		return s.again(ctx, m, prior, dr)
	case err != nil:
		return Written{}, err
	}
	return s.supersede(ctx, m, prior, dr)
}

// again answers for a version that prior has had already, fault.Conflict where
// it was another than the draft, or the draft is none.
func (s *Service) again(ctx context.Context, m change.Memory, prior Grain, dr draft) (Written, error) {
	if dr.stored.Hash != "" {
		st, err := s.cfg.Store.Load(ctx, m, store.Ref{Hash: dr.stored.Hash})
		switch {
		case err == nil && st.Lineage == prior.Lineage && st.State != store.Gone:
			return Written{Grain: Grain{st, dr.fields}, Seq: st.Seq, Existing: true}, nil
		case err != nil && fault.KindOf(err) != fault.NotFound:
			return Written{}, err
		}
	}
	return Written{}, fault.New(fault.Conflict, "grain %s was superseded already: supersede the current grain of its lineage instead", prior.Hash)
}

// Edit changes the current grain of a lineage: edit gets a copy of its fields
// and returns them changed. It is planned again when another writer was first.
// A repetition with the same draw answers like the first time.
func (s *Service) Edit(ctx context.Context, m change.Memory, d change.Draw, ref store.Ref, edit func(fields map[string]any)) (Written, error) {
	for range attempts {
		prior, err := s.Get(ctx, m, ref)
		if err != nil {
			return Written{}, err
		}
		if s.edited(ctx, m, d, prior, edit) {
			return Written{Grain: prior, Seq: prior.Seq, Existing: true}, nil
		}
		dr, err := s.edit(m, d, prior, edit)
		if err != nil {
			return Written{}, err
		}
		w, err := s.supersede(ctx, m, prior, dr)
		if !lost(err) {
			return w, err
		}
	}
	return Written{}, errBusy
}

func (s *Service) edit(m change.Memory, d change.Draw, prior Grain, edit func(map[string]any)) (draft, error) {
	fields := maps.Clone(prior.Fields)
	edit(fields)
	return s.next(m, d, prior, Input{Fields: fields})
}

// edited says whether a grain is what this very draw made of the one before it.
func (s *Service) edited(ctx context.Context, m change.Memory, d change.Draw, g Grain, edit func(map[string]any)) bool {
	from, _ := g.Fields["derived_from"].([]any)
	if g.CreatedAt != d.At.UnixMilli() || len(from) != 1 {
		return false
	}
	hash, _ := from[0].(string)
	st, err := s.cfg.Store.Load(ctx, m, store.Ref{Hash: hash})
	if err != nil || st.Lineage != g.Lineage {
		return false
	}
	before, err := s.open(ctx, m, st)
	if err != nil {
		return false
	}
	dr, err := s.edit(m, d, before, edit)
	return err == nil && dr.stored.Hash == g.Hash
}

// lost says that a commit met a newer version of what it planned on.
func lost(err error) bool {
	var conflict *store.ConflictError
	return errors.As(err, &conflict) && (conflict.Reason == store.Moved || conflict.Reason == store.Taken)
}

// supersede commits the version after prior, unless it is prior itself.
func (s *Service) supersede(ctx context.Context, m change.Memory, prior Grain, dr draft) (Written, error) {
	if dr.stored.Hash == prior.Hash {
		return Written{Grain: prior, Existing: true}, nil
	}
	return s.put(ctx, m, dr)
}

// next drafts the version after prior.
func (s *Service) next(m change.Memory, d change.Draw, prior Grain, in Input) (draft, error) {
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
		return draft{}, err
	}
	dr, err := s.draft(m, d, g, prior.Name)
	if err != nil {
		return draft{}, err
	}
	dr.stored.Lineage, dr.stored.FirstAt, dr.stored.Version = prior.Lineage, prior.FirstAt, prior.Version+1
	dr.expect = prior.Hash
	return dr.finish(m, d, events.Superseded)
}
