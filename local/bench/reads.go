package bench

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// stored is how many grains are read from where growth is not the question.
const stored = 10_000

// filled starts the system with grains, and a hook that sees them.
func filled(ctx context.Context, o Options, name string) (p *process, hook string, err error) {
	if p, err = serveProcess(ctx, o, name); err != nil {
		return nil, "", err
	}
	if hook, err = p.polled(ctx); err != nil {
		return nil, "", err
	}
	return p, hook, p.fill(ctx, 0, stored)
}

// bareAnswer starts a server that answers as many bytes as ours does, out of
// memory.
func bareAnswer(ctx context.Context, o Options, p *process, method, url string, body []byte) (*process, error) {
	var raw json.RawMessage
	if err := post(ctx, p.client, method, url, body, &raw); err != nil {
		return nil, err
	}
	return startProcess(ctx, o, nil, "bench-reference", "answer", strconv.Itoa(len(raw)))
}

// reads measures pages of the feed from many readers, beside a server that has
// the answer in memory.
func reads(ctx context.Context, o Options) ([]sample, error) {
	p, hook, err := filled(ctx, o, "feed")
	if err != nil {
		return nil, err
	}
	bare, err := bareAnswer(ctx, o, p, http.MethodGet, p.page(hook, 0), nil)
	if err != nil {
		return nil, err
	}
	rates, err := inTurns(o.For, []func(n int64) error{
		func(int64) error {
			return post(ctx, p.client, http.MethodGet, p.page(hook, rand.IntN(stored-pageSize)), nil, nil) //nolint:gosec // which one does not matter
		},
		func(int64) error { return post(ctx, bare.client, http.MethodGet, bare.url, nil, nil) },
	})
	if err != nil {
		return nil, err
	}
	return []sample{{
		name: "feed, pages of 100 events, 64 readers; reference: the bytes from memory", unit: "pages/s", value: rates[0], bare: rates[1],
	}}, stopAll(p, bare)
}

// recalls measures one caller's recalls among 10,000 grains, beside a server
// that has an answer in memory.
func recalls(ctx context.Context, o Options) ([]sample, error) {
	p, hook, err := filled(ctx, o, "recall")
	if err != nil {
		return nil, err
	}
	bare, err := bareAnswer(ctx, o, p, http.MethodPost, p.url+"/api/memories/default/recall", []byte(`{"query":"`+topic(0)+`"}`))
	if err != nil {
		return nil, err
	}
	least, err := p50(asked, func() error { return post(ctx, bare.client, http.MethodPost, bare.url, nil, nil) })
	if err != nil {
		return nil, err
	}
	var all []sample
	questions := p.questions(hook, stored)
	for _, name := range []string{byText, bySubject} {
		took, err := p50(asked, questions[name])
		if err != nil {
			return nil, err
		}
		all = append(all, sample{name: name + ", of 10,000 grains; reference: the bytes from memory", unit: "ms", value: took, bare: least})
	}
	return all, stopAll(p, bare)
}
