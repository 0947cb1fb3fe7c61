package aws_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/seal"
)

// refusing is a receiver that keeps what it is sent and says that it failed.
// Attempts run side by side; got is read when they have ended.
type refusing struct {
	mu  sync.Mutex
	got []string
}

// RoundTrip answers 500.
func (r *refusing) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, string(body)+fmt.Sprint(q.Header))
	return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{}, Body: http.NoBody, Request: q}, err
}

// holdings is all that services hold, by the service; the stream is what it has
// ever told, which counts as done from here on.
func (c *account) holdings() map[string][]byte {
	all := map[string][]byte{}
	for name, rows := range map[string]*awstest.Table{"the main table": c.main, "the key table": c.keys} {
		for _, found := range rows.Dump() {
			all[name] = append(all[name], printed(found.Key, found.Row)...)
		}
	}
	stream := c.main.Stream()
	stream.Rewind(0, 1<<30)
	told := stream.Next(0, 1<<30)
	stream.Done(told, len(told.Records))
	for _, r := range told.Records {
		all["the stream"] = append(append(all["the stream"], printed(r.Key, r.Old)...), printed(r.Key, r.New)...)
	}
	for name, queue := range map[string]*awstest.Queue{"the queue": c.jobs, "the dead-letter queue": c.dead} {
		all[name] = []byte(strings.Join(queue.Bodies(), "\n"))
	}
	return all
}

// printed is a row with its values as they stand there.
func printed(key table.Key, row table.Row) (out []byte) {
	out = fmt.Append(out, key.Part, " ", key.Sort, "\n")
	for name, value := range row {
		if raw, ok := value.([]byte); ok {
			value = string(raw)
		}
		out = fmt.Append(out, name, "=", value, "\n")
	}
	return out
}

// betrayed names the services that hold a word: as it is, in hex, or in Base64
// at one of its three offsets.
func betrayed(all map[string][]byte, word string) (names []string) {
	forms := [][]byte{[]byte(word), []byte(hex.EncodeToString([]byte(word)))}
	for offset := range 3 {
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), word...))
		forms = append(forms, []byte(code[(offset*8+5)/6:(offset+len(word))*8/6]))
	}
	for name, text := range all {
		for _, form := range forms {
			if bytes.Contains(text, form) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// written puts a word of its own into each place that takes text, and returns
// them by the place.
func (s *system) written(person, scope string, words map[string]string) {
	t, m := s.t, s.memories.stages.Memory
	add := func(fields map[string]any) memory.Written {
		t.Helper()
		done, err := m.Add(t.Context(), s.mem, change.NewDraw(time.Now()), memory.Input{Type: "event", Namespace: "default", Fields: fields})
		s.must(err)
		return done
	}
	word := func(place string) string {
		words[place] = "q" + strings.ToLower(rand.Text())
		return words[place]
	}
	add(map[string]any{"content": "the " + word("content") + " in a text", "user_id": person})
	add(map[string]any{"content": "x", "tags": []any{word("a tag")}, "user_id": person})
	add(map[string]any{"content": "x", "note": map[string]any{"deep": word("deep in a field")}, "user_id": person})
	first := add(map[string]any{"content": word("a version that was replaced"), "user_id": person})
	_, err := m.Supersede(t.Context(), s.mem, change.NewDraw(time.Now()), first.Grain.Hash,
		memory.Input{Type: "event", Namespace: "default", Fields: map[string]any{"content": word("a version that replaced"), "user_id": person}})
	s.must(err)
	_, err = m.Set(t.Context(), s.mem, change.NewDraw(time.Now()), "key", memory.Input{Type: "event", Namespace: scope, Fields: map[string]any{"content": word("a value")}})
	s.must(err)
	_, err = m.Recall(t.Context(), s.mem, change.NewDraw(time.Now()), memory.Query{Text: word("a recall's query"), Scope: scope})
	s.must(err)
}

// TestErasureLeavesNothingInServices writes words for a person and a scope, has
// them told to a receiver that fails, erases, and looks for the words and the
// keys in rows, stream, queues and what is posted later. Others' stay.
func TestErasureLeavesNothingInServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(newAccount(t))
		receiver := new(refusing)
		s.deliver.sender = delivery.New(delivery.Config{
			Hooks: s.deliver.stages.Cloud.Hooks.Get, Teller: s.deliver.stages.Memory, Secrets: s.deliver.stages.Hooks, Modes: s.deliver.stages.Hooks,
			Now: time.Now, Transport: receiver, Settings: delivery.Settings{Base: time.Second, Factor: 2, Timeout: time.Second, Version: "test"},
		})
		name, url, none := "refused", "https://receiver.example/", 0
		_, _, err := s.memories.stages.Hooks.Create(t.Context(), s.mem, change.NewDraw(time.Now()), "hook_01K0PROBE000000000000000000", "key_probe",
			hook.Settings{Name: &name, URL: &url, Dialect: "areev", MaxRetries: &none})
		s.must(err)
		gone, stay, pending := map[string]string{}, map[string]string{}, map[string]string{}
		s.written("erased-person", "erased/scope", gone)
		s.written("erased-person-2", "erased/scopes", stay)
		s.drain()
		told := strings.Join(receiver.got, "\n")
		before := s.holdings()
		for place, w := range gone {
			if !strings.Contains(told, w) && place != "a version that was replaced" && place != "a recall's query" { // areev names no recall
				t.Errorf("before the erasure the receiver was not sent the word of %s", place)
			}
			if at := betrayed(before, w); len(at) != 0 {
				t.Errorf("the word of %s stands unsealed in %v", place, at)
			}
		}
		if at := betrayed(before, "erased/scopes"); len(at) < 2 {
			t.Fatalf("a scope's name, which stands in the open, is found only in %v", at)
		}
		s.written("erased-person", "erased/scope", pending) // not told yet
		keys, entries := s.wrapped(), s.indexed()
		receiver.got = nil
		for _, selector := range []seal.Selector{{Person: "erased-person"}, {Scope: "erased/scope"}} {
			_, err := s.memories.stages.Memory.Erase(t.Context(), s.mem, change.NewDraw(time.Now()), selector)
			s.must(err)
		}
		s.drain()
		s.pass(time.Minute)
		s.keep()
		s.drain()
		after, posted := s.holdings(), strings.Join(receiver.got, "\n")
		if len(receiver.got) == 0 {
			t.Error("nothing was posted after the erasure")
		}
		for _, words := range []map[string]string{gone, pending} {
			for place, w := range words {
				if at := betrayed(after, w); len(at) != 0 || strings.Contains(posted, w) {
					t.Errorf("after the erasure the word of %s is in %v, posted: %v", place, at, strings.Contains(posted, w))
				}
			}
		}
		s.destroyed(keys, after)
		s.unindexed(entries, after)
		if hits, err := s.memories.stages.Memory.Search(t.Context(), s.mem, memory.Query{Text: stay["content"], Limit: 1}); err != nil || len(hits.Hits) != 1 {
			t.Errorf("another person's word is not found: %v, %v", hits, err)
		}
	})
}

// wrapped is one key as the key table keeps it.
type wrapped struct {
	at     string
	raw    []byte
	erased bool // of the person or the scope that are erased
}

// wrapped are all keys, each as often as it stands there.
func (c *account) wrapped() (all []wrapped) {
	for _, found := range c.keys.Dump() {
		whose := false
		for _, value := range found.Row {
			whose = whose || value == "erased-person" || value == "erased/scope"
		}
		if raw := found.Row.Bytes("wrapped"); raw != nil {
			all = append(all, wrapped{found.Part + " " + found.Sort, raw, whose})
		}
	}
	return all
}

// destroyed checks that of these keys those of the erased stand nowhere, and
// that the others do.
func (s *system) destroyed(keys []wrapped, after map[string][]byte) {
	s.t.Helper()
	count := map[bool]int{}
	for _, k := range keys {
		count[k.erased]++
		there := false
		for _, text := range after {
			there = there || bytes.Contains(text, k.raw)
		}
		if there == k.erased {
			s.t.Errorf("the key at %s, of the erased %v: in the services after the erasure %v", k.at, k.erased, there)
		}
	}
	if count[true] < 2 || count[false] < 2 {
		s.t.Errorf("%d keys of the erased, %d of others", count[true], count[false])
	}
}
