package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How the grains of a filled memory hang together: as many share a topic, and
// a subject, however many there are, so that a recall has always as much to
// answer.
const (
	sharing  = 10
	ofABatch = 500
	words    = 2000 // from which texts are made
	common   = "everywhere"
)

// fill adds grains of the numbers from to below to.
func (p *process) fill(ctx context.Context, from, to int) error {
	batches := (to - from + ofABatch - 1) / ofABatch
	return together(4, batches, func(i int64) error {
		first := from + int(i)*ofABatch
		last := min(first+ofABatch, to)
		grains := make([]map[string]any, 0, last-first)
		for n := first; n < last; n++ {
			grains = append(grains, map[string]any{"grain_type": "belief", "fields": map[string]any{
				"subject": subject(n), "relation": "wrote", "object": strconv.Itoa(n), "content": text(n),
			}})
		}
		var answer struct {
			Failed int `json:"failed"`
		}
		err := p.call(ctx, http.MethodPost, "/api/memories/default/batch-add", map[string]any{"grains": grains, "namespace": "filled"}, &answer)
		if err == nil && answer.Failed > 0 {
			err = fmt.Errorf("%d of %d grains were refused", answer.Failed, len(grains))
		}
		return err
	})
}

func subject(n int) string { return "person-" + strconv.Itoa(n/sharing) }
func topic(n int) string   { return "topic" + strconv.Itoa(n/sharing) }

// text is some forty words, one of them its topic, and one common to all.
func text(n int) string {
	all := make([]string, 40)
	for i := range all {
		all[i] = "word" + strconv.Itoa(rand.IntN(words)) //nolint:gosec // which one does not matter
	}
	all[n%len(all)], all[(n+1)%len(all)] = topic(n), common
	return strings.Join(all, " ")
}

// questions are the calls that read a filled memory. Each answers sharing grains,
// or a page of events.
func (p *process) questions(hook string, grains int) map[string]func() error {
	recall := func(body func(n int) string) func() error {
		return func() error {
			var answer struct {
				Hits []json.RawMessage `json:"hits"`
			}
			err := post(context.Background(), p.client, http.MethodPost, p.url+"/api/memories/default/recall", []byte(body(rand.IntN(grains))), &answer) //nolint:gosec // which one does not matter
			if err == nil && len(answer.Hits) != sharing {
				err = fmt.Errorf("a recall has %d hits, not %d", len(answer.Hits), sharing)
			}
			return err
		}
	}
	return map[string]func() error{
		byCommon:  recall(func(int) string { return fmt.Sprintf(`{"query":"%s","limit":%d}`, common, sharing) }),
		byText:    recall(func(n int) string { return `{"query":"` + topic(n) + `"}` }),
		bySubject: recall(func(n int) string { return `{"subject":"` + subject(n) + `"}` }),
		byPage: func() error {
			// Of the newer half: the oldest events of a very long log are compacted.
			after := grains - pageSize - rand.IntN(grains/2) //nolint:gosec // which one does not matter
			return post(context.Background(), p.client, http.MethodGet, p.page(hook, after), nil, nil)
		},
	}
}

// The names of those calls.
const (
	byCommon  = "recall by a word that all grains hold, 10 hits, p50"
	byText    = "recall by text, 10 hits, p50"
	bySubject = "recall by subject, 10 hits, p50"
	byPage    = "feed, a page of 100 events, p50"
)

const pageSize = 100

// page is the address of a page of events after a seq.
func (p *process) page(hook string, after int) string {
	return fmt.Sprintf("%s/api/memories/default/hooks/%s/events?limit=%d&after=%d", p.url, hook, pageSize, after)
}

// polled makes a hook that is polled, and answers its id.
func (p *process) polled(ctx context.Context) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := p.call(ctx, http.MethodPost, "/api/memories/default/hooks", map[string]any{"name": "polled", "delivery_mode": "cdc"}, &made)
	return made.ID, err
}

// How long p50 asks, and how often at least, when it has asked a few times.
const (
	asking   = 500 * time.Millisecond
	asked    = 20
	unheeded = 20
)

// p50 calls one after another and answers the median in milliseconds.
func p50(call func() error) (float64, error) {
	for range unheeded {
		if err := call(); err != nil {
			return 0, err
		}
	}
	var took []float64
	for begin := time.Now(); len(took) < asked || time.Since(begin) < asking; {
		sent := time.Now()
		if err := call(); err != nil {
			return 0, err
		}
		took = append(took, milliseconds(time.Since(sent)))
	}
	return spreadOf(took).Median, nil
}
