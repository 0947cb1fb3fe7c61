package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/grain"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/redact/pii"
)

type recallGrainsInput struct {
	InMemory
	Body recallGrainsBody
}

// recallGrainsBody narrows a recall; all that is given must hold.
type recallGrainsBody struct {
	Query      string   `json:"query,omitempty" doc:"What to look for, at most 8,192 bytes; without it all that the other fields select, newest first"`
	Subject    string   `json:"subject,omitempty" doc:"Exactly"`
	Relation   string   `json:"relation,omitempty" doc:"Exactly"`
	Object     string   `json:"object,omitempty" doc:"Exactly"`
	Namespace  *string  `json:"namespace,omitempty" nullable:"true" minLength:"1" doc:"Exactly; all where absent"`
	Type       string   `json:"grain_type,omitempty"`
	Tags       []string `json:"tags,omitempty" nullable:"true" maxItems:"256" doc:"All of them"`
	Confidence float64  `json:"confidence_threshold,omitempty" minimum:"0" maximum:"1" doc:"The lowest confidence to return"`
	Limit      int      `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"10"`
	ScopePath  string   `json:"scope_path,omitempty" doc:"The path and all below it"`
	Siblings   bool     `json:"include_siblings,omitempty" doc:"With scope_path: what lies beside it too"`
}

// grainHit is one found grain.
type grainHit struct {
	Hash      string         `json:"hash"`
	Type      string         `json:"grain_type"`
	Score     float64        `json:"score" doc:"How well it fits, 0 to 1"`
	Namespace string         `json:"namespace"`
	CreatedAt int64          `json:"created_at" doc:"Epoch milliseconds"`
	Fields    map[string]any `json:"fields" doc:"All other fields, numbers as they were written"`
}

// hitsAnswer answers a recall.
type hitsAnswer struct {
	Hits  []grainHit `json:"hits" doc:"Best first; neither superseded nor forgotten ones"`
	Total int        `json:"total" doc:"How many fitted among what was looked at"`
	Cut   bool       `json:"truncated,omitempty" doc:"There was more to look at"`
}

func (h *hitsAnswer) strip() {
	for i := range h.Hits {
		h.Hits[i].Fields = map[string]any{}
	}
}

func (h *hitsAnswer) refill(ctx context.Context, a *API, m change.Memory) error {
	for i := range h.Hits {
		g, err := a.cfg.Memory.Get(ctx, m, store.Ref{Hash: h.Hits[i].Hash})
		switch {
		case err == nil:
			h.Hits[i].Fields = g.Fields
		case fault.KindOf(err) != fault.NotFound:
			return err
		}
	}
	return nil
}

func (a *API) recallGrains(ctx context.Context, in *recallGrainsInput) (*hitsAnswer, error) {
	q, err := in.Body.query()
	if err != nil {
		return nil, err
	}
	m, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Memory.Recall(ctx, m, drawOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &hitsAnswer{Hits: make([]grainHit, len(found.Hits)), Total: found.Total, Cut: found.Cut}
	for i, h := range found.Hits {
		out.Hits[i] = grainHit{h.Hash, h.Type, h.Score, h.Namespace, h.CreatedAt, h.Fields}
	}
	return out, nil
}

func (b recallGrainsBody) query() (memory.Query, error) {
	q := memory.Query{Text: b.Query, Confidence: b.Confidence, Siblings: b.Siblings, Limit: b.Limit}
	if len(b.Query) > maxQuery {
		return q, fault.New(fault.TooLarge, "query has %d bytes; at most %d are accepted: shorten it", len(b.Query), maxQuery)
	}
	if b.Siblings && b.ScopePath == "" {
		return q, fault.New(fault.InvalidField, "include_siblings needs a scope_path to be beside: send one, or leave it out")
	}
	if b.Type != "" {
		t, err := grain.Lookup(b.Type)
		if err != nil {
			return q, err
		}
		q.Type = t.Name()
	}
	var namespace string
	for _, text := range []struct {
		to         *string
		name, from string
	}{
		{&q.Subject, "subject", b.Subject}, {&q.Relation, "relation", b.Relation}, {&q.Object, "object", b.Object},
		{&q.Scope, "scope_path", b.ScopePath}, {&namespace, "namespace", given(b.Namespace)},
	} {
		var err error
		if *text.to, err = normal(text.name, text.from); err != nil {
			return q, err
		}
	}
	if b.Namespace != nil {
		q.Namespace = &namespace
	}
	for _, tag := range b.Tags {
		tag, err := normal("tags", tag)
		if err != nil {
			return q, err
		}
		q.Tags = append(q.Tags, tag)
	}
	return q, nil
}

type detectInput struct {
	InMemory
	Body struct {
		Content string `json:"content"`
	}
}

type detectAnswer struct {
	Detections []pii.Detection `json:"detections" doc:"In their order; offsets are UTF-8 bytes"`
}

func (a *API) detectPII(ctx context.Context, in *detectInput) (*detectAnswer, error) {
	if _, err := a.found(ctx, in.ID); err != nil {
		return nil, err
	}
	return &detectAnswer{pii.Detect(in.Body.Content)}, nil
}
