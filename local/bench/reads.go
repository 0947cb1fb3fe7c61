package bench

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// stored is how many grains are read from where growth is not the question.
const stored = 10_000

// filled fills the system with grains that a hook sees, and waits until all are
// indexed. It answers the hook's id.
func (b *bed) filled(ctx context.Context) (hook string, err error) {
	if hook, err = b.polled(ctx); err != nil {
		return "", err
	}
	if err = b.fill(ctx, 0, stored); err == nil {
		_, err = b.indexed(ctx)
	}
	return hook, err
}

// bareAnswer starts a server that answers as many bytes as ours does, out of
// memory.
func (b *bed) bareAnswer(ctx context.Context, method, url string, body []byte) (*process, error) {
	var raw json.RawMessage
	if err := post(ctx, b.client, method, url, body, &raw); err != nil {
		return nil, err
	}
	return b.refer(ctx, "answer", strconv.Itoa(len(raw)))
}

// reads measures pages of the feed from many readers, beside a server that has
// the answer in memory.
func reads(ctx context.Context, b *bed) ([]sample, error) {
	hook, err := b.filled(ctx)
	if err != nil {
		return nil, err
	}
	bare, err := b.bareAnswer(ctx, http.MethodGet, b.page(hook, 0), nil)
	if err != nil {
		return nil, err
	}
	rates, err := inTurns(b.For, []func(n int64) error{
		func(int64) error {
			return post(ctx, b.client, http.MethodGet, b.page(hook, rand.IntN(stored-pageSize)), nil, nil) //nolint:gosec // which one does not matter
		},
		func(int64) error { return post(ctx, bare.client, http.MethodGet, bare.url, nil, nil) },
	})
	if err != nil {
		return nil, err
	}
	return []sample{{
		name: "feed, pages of 100 events, 64 readers; reference: the bytes from memory", unit: "pages/s", value: rates[0], bare: rates[1],
	}}, nil
}

// recalls measures the first recall after an import of 10,000 grains, which has
// to index most of them, and then one caller's recalls among them, beside a
// server that has an answer in memory.
func recalls(ctx context.Context, b *bed) ([]sample, error) {
	begin := time.Now()
	if err := b.fill(ctx, 0, stored); err != nil {
		return nil, err
	}
	imported := time.Now()
	questions := b.questions("", stored)
	if err := questions[byText](); err != nil {
		return nil, err
	}
	all := []sample{{
		name: "first recall by text, right after an import of 10,000 grains; reference: the import", unit: "s",
		value: time.Since(imported).Seconds(), bare: imported.Sub(begin).Seconds(),
	}}
	if _, err := b.indexed(ctx); err != nil {
		return all, err
	}
	bare, err := b.bareAnswer(ctx, http.MethodPost, b.url+"/api/memories/default/recall", []byte(`{"query":"`+topic(0)+`"}`))
	if err != nil {
		return all, err
	}
	least, err := p50(func() error { return post(ctx, bare.client, http.MethodPost, bare.url, nil, nil) })
	if err != nil {
		return all, err
	}
	for _, name := range []string{byText, bySubject} {
		took, err := p50(questions[name])
		if err != nil {
			return all, err
		}
		all = append(all, sample{name: name + ", of 10,000 grains; reference: the bytes from memory", unit: "ms", value: took, bare: least})
	}
	return all, nil
}
