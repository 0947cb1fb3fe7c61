package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
)

// maxQuery is the longest query in bytes of UTF-8.
const maxQuery = 8_192

type recallInput struct {
	Body struct {
		Query     string   `json:"query" minLength:"1" doc:"What to look for, at most 8,192 bytes"`
		Namespace *string  `json:"namespace,omitempty" minLength:"1" doc:"All when absent"`
		Limit     int      `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10"`
		Tags      []string `json:"tags,omitempty" maxItems:"256" doc:"All of them"`
		Threshold float64  `json:"threshold,omitempty" minimum:"0" maximum:"1" doc:"The lowest score to return"`
	}
}

// hitAnswer is one found memory. Key is that of memory-set.
type hitAnswer struct {
	ID        string   `json:"id"`
	Key       string   `json:"key,omitempty"`
	Content   string   `json:"content"`
	Tags      []string `json:"tags"`
	Namespace string   `json:"namespace"`
	Score     *float64 `json:"score,omitempty" doc:"How well it fits, 0 to 1"`
	CreatedAt string   `json:"created_at"`
}

func hitShown(g memory.Grain, keyed bool) hitAnswer {
	h := hitAnswer{
		ID: change.MemoryID(g.Lineage), Content: dialect.Content(g.Fields), Tags: tagsOf(g.Fields),
		Namespace: g.Namespace, CreatedAt: stamp(g.FirstAt),
	}
	if keyed {
		h.Key, _ = g.Fields["key"].(string)
	}
	return h
}

// foundAnswer answers a recall or a list.
type foundAnswer struct {
	Memories []hitAnswer `json:"memories"`
	Total    *int        `json:"total,omitempty" doc:"How many there are, where that is known; of a recall, how many fitted among what was looked at"`
	TookMS   *int64      `json:"query_time_ms,omitempty"`
	Cut      bool        `json:"truncated,omitempty" doc:"Of a recall: there was more to look at"`
	Next     string      `json:"next_cursor,omitempty"`
}

// keptKey marks, in a receipt, a hit whose key is to be told again.
const keptKey = "kept"

func (f *foundAnswer) strip() {
	for i := range f.Memories {
		h := &f.Memories[i]
		if h.Content, h.Tags = "", []string{}; h.Key != "" {
			h.Key = keptKey
		}
	}
}

func (f *foundAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	for i := range f.Memories {
		h := &f.Memories[i]
		keyed := h.Key != ""
		h.Key = ""
		g, err := a.still(ctx, m, h.ID)
		if err != nil {
			return err
		}
		if g != nil {
			now := hitShown(*g, keyed)
			h.Content, h.Tags, h.Key = now.Content, now.Tags, now.Key
		}
	}
	return nil
}

func (a *API) recall(ctx context.Context, in *recallInput) (*foundAnswer, error) {
	b := in.Body
	return a.recalled(ctx, memory.Query{Text: b.Query, Namespace: b.Namespace, Limit: b.Limit, Tags: b.Tags, Threshold: b.Threshold})
}

// recalled is one recall by a caller.
func (a *API) recalled(ctx context.Context, q memory.Query) (*foundAnswer, error) {
	if len(q.Text) > maxQuery {
		return nil, fault.New(fault.TooLarge, "query has %d bytes; at most %d are accepted: shorten it", len(q.Text), maxQuery)
	}
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	begun := a.cfg.Draw().At
	hits, err := a.cfg.Memory.Recall(ctx, m, drawOf(ctx), q)
	if err != nil {
		return nil, err
	}
	took := a.cfg.Draw().At.Sub(begun).Milliseconds()
	out := &foundAnswer{Memories: make([]hitAnswer, len(hits.Hits)), Total: &hits.Total, TookMS: &took, Cut: hits.Cut}
	for i, h := range hits.Hits {
		out.Memories[i] = hitShown(h.Grain, q.Named)
		out.Memories[i].Score = &h.Score
	}
	return out, nil
}
