package memory

import (
	"context"
	"encoding/hex"
	"fmt"
	"github.com/memhooks/memhooks/shared/memory/store"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/rank"
	"github.com/memhooks/memhooks/shared/seal"
)

// tokenSize is how much of a blind token the index gets, in bytes: two words
// of one memory share a token about never, and what is found is scored again
// on its real words anyway.
const tokenSize = 8

// notSearched are fields whose text is bookkeeping, not memory.
var notSearched = []string{nonceField, "user_id", "scope_path", "derived_from", "source_type"}

// words lists a grain's words: of every string in its fields, keys left out.
func words(fields map[string]any) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		if !slices.Contains(notSearched, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		out = gather(out, fields[name])
	}
	return out
}

func gather(out []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(out, rank.Terms(v)...)
	case []any:
		for _, e := range v {
			out = gather(out, e)
		}
	case map[string]any:
		return append(out, words(v)...)
	}
	return out
}

// blinded turns words of a kind into index terms.
func blinded(b *seal.Blinder, kind string, words ...string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		token := b.Blind(kind, w)
		out[i] = hex.EncodeToString(token[:tokenSize])
	}
	return out
}

// terms are what the index keeps of a grain.
func terms(b *seal.Blinder, g Grain) []string {
	out := blinded(b, blindWord, words(g.Fields)...)
	out = append(out, blinded(b, blindSpace, g.Namespace)...)
	out = append(out, blinded(b, blindType, g.Type)...)
	return append(out, blinded(b, blindTag, tagsOf(g.Fields)...)...)
}

// tagsOf lists a grain's tags.
func tagsOf(fields map[string]any) []string {
	var out []string
	list, _ := fields["tags"].([]any)
	for _, t := range list {
		if s, ok := t.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// indexBite is how many grains are indexed in one go.
const indexBite = 16

// IndexSome indexes the oldest grains that the index does not hold yet, of one
// memory or (zero) of all, and answers how many it met; less than a full bite
// means that nothing is left. A recall does not depend on it: it reads what is
// not indexed directly.
func (s *Service) IndexSome(ctx context.Context, m change.Memory) (met int, more bool, err error) {
	pending, err := s.cfg.Index.Pending(ctx, m, indexBite)
	if err != nil || len(pending) == 0 {
		return 0, false, err
	}
	docs := make([]store.Document, 0, len(pending))
	for _, p := range pending {
		doc := store.Document{Memory: p.Memory, Hash: p.Grain.Hash}
		switch g, err := s.open(ctx, p.Memory, p.Grain); {
		case err == nil:
			b, err := s.cfg.Sealer.Blinder(ctx, vault(p.Memory))
			if err != nil {
				return 0, false, fmt.Errorf("memory: index: %w", err)
			}
			doc.Terms = terms(b, g)
		case fault.KindOf(err) != fault.NotFound:
			return 0, false, err
		}
		docs = append(docs, doc)
	}
	return len(docs), len(docs) == indexBite, s.cfg.Index.Put(ctx, docs)
}
