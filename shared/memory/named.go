package memory

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// The kinds of blind tokens: the same word is another token under each.
const (
	blindSubject = "subject"
	blindName    = "name"
	blindWord    = "word"
	blindSpace   = "namespace"
	blindType    = "type"
	blindTag     = "tag"
	blindScope   = "scope"
	blindNamed   = "named"
)

// nonceField keeps equal contents apart as grains of their own.
const nonceField = "nonce"

// nonceSize in bytes: as good as unique among all grains of a memory.
const nonceSize = 16

// Remember adds content as a memory of its own, even where equal content is
// stored already.
func (s *Service) Remember(ctx context.Context, m change.Memory, d change.Draw, in Input) (Written, error) {
	fields, err := withNonce(d, in.Fields)
	if err != nil {
		return Written{}, err
	}
	in.Fields = fields
	return s.Add(ctx, m, d, in)
}

func withNonce(d change.Draw, fields map[string]any) (map[string]any, error) {
	raw, err := d.Bytes(nonceSize)
	if err != nil {
		return nil, fmt.Errorf("memory: draw a nonce: %w", err)
	}
	fields = maps.Clone(fields)
	fields[nonceField] = hex.EncodeToString(raw)
	return fields, nil
}

// Set stores a value under a name in a namespace: a new memory where the name
// is free, else a newer version of the one that has it. Exactly one change is
// raised; a repetition with the same draw raises none.
func (s *Service) Set(ctx context.Context, m change.Memory, d change.Draw, name string, in Input) (Written, error) {
	blind, err := s.name(ctx, m, in.Namespace, name)
	if err != nil {
		return Written{}, err
	}
	fields, err := withNonce(d, in.Fields)
	if err != nil {
		return Written{}, err
	}
	fields["key"] = name
	in.Fields, in.name = fields, blind
	for range attempts {
		w, err := s.set(ctx, m, d, blind, in)
		if !lost(err) {
			return w, err
		}
	}
	return Written{}, errBusy
}

func (s *Service) set(ctx context.Context, m change.Memory, d change.Draw, blind []byte, in Input) (Written, error) {
	prior, err := s.Get(ctx, m, store.Ref{Name: blind})
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return s.Add(ctx, m, d, in)
	case err != nil:
		return Written{}, err
	case prior.Fields[nonceField] == in.Fields[nonceField]:
		return Written{Grain: prior, Existing: true}, nil
	}
	dr, err := s.next(m, d, prior, in)
	if err != nil {
		return Written{}, err
	}
	return s.supersede(ctx, m, prior, dr)
}

// Named returns the reference of a name in a namespace.
func (s *Service) Named(ctx context.Context, m change.Memory, namespace, name string) (store.Ref, error) {
	blind, err := s.name(ctx, m, namespace, name)
	return store.Ref{Name: blind}, err
}

func (s *Service) name(ctx context.Context, m change.Memory, namespace, name string) ([]byte, error) {
	namespace, err := normalName("namespace", namespace)
	if err != nil {
		return nil, err
	}
	if name, err = normal(name); err != nil {
		return nil, err
	}
	blind, err := s.cfg.Sealer.Blind(ctx, vault(m), blindName, fmt.Sprintf("%d:%s%s", len(namespace), namespace, name))
	if err != nil {
		return nil, fmt.Errorf("memory: blind a name: %w", err)
	}
	return blind, nil
}

// List pages the current grains that a filter selects, opened. A grain that is
// erased meanwhile is left out.
func (s *Service) List(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) ([]Grain, store.Page, error) {
	f, err := normalFilter(f)
	if err != nil {
		return nil, store.Page{}, err
	}
	page, err := s.cfg.Store.Scan(ctx, m, f, after, limit)
	if err != nil {
		return nil, page, err
	}
	out := make([]Grain, 0, len(page.Grains))
	for _, st := range page.Grains {
		switch g, err := s.open(ctx, m, st); {
		case err == nil:
			out = append(out, g)
		case fault.KindOf(err) != fault.NotFound:
			return nil, page, err
		}
	}
	return out, page, nil
}
