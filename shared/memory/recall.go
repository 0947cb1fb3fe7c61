package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/rank"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Query says what to recall. Zero fields do not narrow; an empty Text takes
// what the other fields select, the newest written. Of a longer Text the first
// 32 different terms count. A Limit of 0, or above 1000, is 1000.
type Query struct {
	Text       string
	Namespace  *string
	Type       string
	Subject    string
	Relation   string
	Object     string
	Tags       []string // all of them
	Confidence float64  // at least
	Scope      string   // the path and everything below it
	Siblings   bool     // and what lies beside it
	Threshold  float64  // of the score, 0 to 1
	Named      bool     // only grains with a memory-set key
	Limit      int
	Look       int // without Text: at most so many grains are opened, 0 = 20,000
}

// Hit is one grain and how well it fits, 0 to 1.
type Hit struct {
	Grain
	Score float64
}

// Hits answers a recall. Total counts all that fitted among what was looked
// at; Cut says that there was more to look at.
type Hits struct {
	Hits  []Hit
	Total int
	Cut   bool
}

// candidates bounds how many of the grains that the index finds one recall
// opens, and how many hits it gives.
const candidates = 1000

// maxTerms bounds how many terms of a query are looked for.
const maxTerms = 32

// distinct are a query's first terms without repeats.
func distinct(terms []string) []string {
	var out []string
	for _, t := range terms {
		if len(out) == maxTerms {
			break
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// averageLength is the document length that scores are measured against: a
// fixed one, so that a corpus ranks alike in every cloud.
const averageLength = 40

// Search finds current grains, best first, and raises nothing.
func (s *Service) Search(ctx context.Context, m change.Memory, q Query) (Hits, error) {
	q, err := q.normal()
	if err != nil {
		return Hits{}, err
	}
	if q.Text == "" {
		return s.browse(ctx, m, q)
	}
	query := distinct(rank.Terms(q.Text))
	if len(query) == 0 {
		return Hits{}, nil
	}
	pool, corpus, cut, err := s.pool(ctx, m, q, query)
	if err != nil {
		return Hits{}, err
	}
	out := Hits{Cut: cut}
	for _, g := range pool {
		score := rank.Score(query, words(g.Fields), corpus)
		if score > 0 && score >= q.Threshold && q.fits(g) {
			out.Hits = append(out.Hits, Hit{g, score})
		}
	}
	out.finish(q.Limit)
	return out, nil
}

// Recall is Search for a caller: it raises Recalled, one per call, hits or not.
func (s *Service) Recall(ctx context.Context, m change.Memory, d change.Draw, q Query) (Hits, error) {
	q, err := q.normal()
	if err != nil {
		return Hits{}, err
	}
	hits, err := s.Search(ctx, m, q)
	if err != nil {
		return hits, err
	}
	c := change.Change{ID: d.ID(), Memory: m, Cause: events.Recalled, At: d.At.UnixMilli(), Count: hits.Total}
	if q.Namespace != nil {
		c.Namespace = *q.Namespace
	}
	at := store.Stored{Namespace: c.Namespace, ScopePath: strings.TrimRight(q.Scope, "/")} // erased with its scope
	ids := make([]any, len(hits.Hits))
	for i, h := range hits.Hits {
		ids[i] = change.MemoryID(h.Lineage)
	}
	for range attempts {
		var key string
		c.Content, key, err = s.sealFields(ctx, m, c, at, map[string]any{"query": q.Text, "memory_ids": ids})
		if err != nil {
			return hits, err
		}
		_, err = s.commit(ctx, m, store.Step{Change: c})
		if !keyGone(err) {
			return hits, err
		}
		s.cfg.Sealer.Forget(vault(m), key)
	}
	return hits, errBusy
}

// finish orders the hits, best and newest first, and cuts them to the limit.
func (h *Hits) finish(limit int) {
	slices.SortFunc(h.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(a.Hash, b.Hash))
	})
	h.Total = max(h.Total, len(h.Hits))
	h.Hits = h.Hits[:min(limit, len(h.Hits))]
}

// scopeRoot is the path whose subtree a query reads: with siblings, its parent.
func (q Query) scopeRoot() string {
	root := strings.TrimRight(q.Scope, "/")
	if !q.Siblings {
		return root
	}
	parent, _, nested := cutLast(root)
	if !nested {
		return ""
	}
	return parent
}

func cutLast(path string) (parent, last string, nested bool) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

// fits says whether a grain passes all of the query's filters.
func (q Query) fits(g Grain) bool {
	return q.stands(g.Stored) &&
		(q.Subject == "" || text(g.Fields, "subject") == q.Subject) &&
		(q.Relation == "" || text(g.Fields, "relation") == q.Relation) &&
		(q.Object == "" || text(g.Fields, "object") == q.Object) &&
		q.tagged(g) && confidence(g) >= q.Confidence
}

// stands says whether a grain passes the filters that need not open it.
func (q Query) stands(g store.Stored) bool {
	return (q.Namespace == nil || g.Namespace == *q.Namespace) &&
		(q.Type == "" || g.Type == q.Type) &&
		(!q.Named || g.Name != nil) && q.inScope(g.Scope())
}

// inScope: the subtree, and with siblings the subtrees beside it, but not what
// stands at the parent itself.
func (q Query) inScope(scope string) bool {
	if q.Scope == "" {
		return true
	}
	root := q.scopeRoot()
	if q.Siblings {
		return root == "" && scope != "" || strings.HasPrefix(scope, root+"/")
	}
	return scope == root || strings.HasPrefix(scope, root+"/")
}

func (q Query) tagged(g Grain) bool {
	have := tagsOf(g.Fields)
	return !slices.ContainsFunc(q.Tags, func(t string) bool { return !slices.Contains(have, t) })
}

// confidence of a grain; 1 where it says nothing.
func confidence(g Grain) float64 {
	n, ok := g.Fields["confidence"].(json.Number)
	if !ok {
		return 1
	}
	f, err := n.Float64()
	if err != nil {
		return 1
	}
	return f
}
