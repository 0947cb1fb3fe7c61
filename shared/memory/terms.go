package memory

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/rank"
	"github.com/memhooks/memhooks/shared/memory/store"
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

// maxDepth is how many levels of a scope path the index knows.
const maxDepth = 32

// ancestors are the paths that a scope stands at or below, the shortest first,
// of a deep one the first 32. It is empty for an empty scope only.
func ancestors(scope string) []string {
	var out []string
	for i := range len(scope) {
		if scope[i] == '/' && i > 0 && len(out) < maxDepth {
			out = append(out, scope[:i])
		}
	}
	if scope != "" && len(out) < maxDepth {
		out = append(out, scope)
	}
	return out
}

// isNamed is the word that a grain with a memory-set key has besides its own.
const isNamed = "yes"

// terms are what the index keeps of a grain.
func terms(b *seal.Blinder, g Grain) []string {
	out := blinded(b, blindWord, words(g.Fields)...)
	out = append(out, blinded(b, blindSpace, g.Namespace)...)
	out = append(out, blinded(b, blindType, g.Type)...)
	out = append(out, blinded(b, blindScope, ancestors(g.Scope())...)...)
	if subject := text(g.Fields, "subject"); subject != "" {
		out = append(out, blinded(b, blindSubject, subject)...)
	}
	if g.Name != nil {
		out = append(out, blinded(b, blindNamed, isNamed)...)
	}
	return append(out, blinded(b, blindTag, tagsOf(g.Fields)...)...)
}

// must are the terms that every grain has which passes a query's filters.
func (q Query) must(b *seal.Blinder) []string {
	out := blinded(b, blindTag, q.Tags...)
	if q.Namespace != nil {
		out = append(out, blinded(b, blindSpace, *q.Namespace)...)
	}
	if q.Type != "" {
		out = append(out, blinded(b, blindType, q.Type)...)
	}
	if at := ancestors(q.scopeRoot()); len(at) > 0 {
		out = append(out, blinded(b, blindScope, at[len(at)-1])...)
	}
	if q.Subject != "" {
		out = append(out, blinded(b, blindSubject, q.Subject)...)
	}
	if q.Named {
		out = append(out, blinded(b, blindNamed, isNamed)...)
	}
	return append(out, blinded(b, blindWord, distinct(slices.Concat(rank.Terms(q.Relation), rank.Terms(q.Object)))...)...)
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

// indexBite is how many grains the index is given at a time.
const indexBite = 16

// IndexSome indexes the oldest grains that the index does not hold yet, of one
// memory or (zero) of all, and answers how many it met; less than a full bite
// means that nothing is left, or that a recall is at it. A recall does not
// depend on it: it reads what is not indexed directly.
func (s *Service) IndexSome(ctx context.Context, m change.Memory) (met int, more bool, err error) {
	if !s.indexing.TryLock() {
		return 0, false, nil
	}
	defer s.indexing.Unlock()
	pending, err := s.cfg.Index.Pending(ctx, m, indexBite)
	if err != nil || len(pending) == 0 {
		return 0, false, err
	}
	return len(pending), len(pending) == indexBite, s.index(ctx, pending)
}

// index gives grains to the index. One that does not open is indexed without
// terms, so that it holds up no other.
func (s *Service) index(ctx context.Context, pending []store.Located) error {
	docs := make([]store.Document, 0, len(pending))
	for _, p := range pending {
		doc := store.Document{Memory: p.Memory, Hash: p.Grain.Hash}
		switch g, err := s.open(ctx, p.Memory, p.Grain); {
		case err == nil:
			b, err := s.cfg.Sealer.Blinder(ctx, vault(p.Memory))
			if err != nil {
				return fmt.Errorf("memory: index: %w", err)
			}
			doc.Terms = terms(b, g)
		case !s.passedOver(ctx, p.Memory, p.Grain, err):
			return err
		}
		docs = append(docs, doc)
	}
	return s.cfg.Index.Put(ctx, docs)
}
