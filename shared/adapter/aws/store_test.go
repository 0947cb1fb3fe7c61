package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

var stored = change.Memory{Tenant: "acme", ID: "default"}

const storedKey = "01JZ0000000000000000000KEY"

// shop is a memory with one live key, without a stream's trigger.
type shop struct {
	*testing.T
	*Adapter
	main, keys *awstest.Table
	before     func(ops []table.Op) error // of a write; an error stands for its answer
	now        time.Time
	drawn      int
}

// Write lets a test act before a write, or lose its answer.
func (s *shop) Write(ctx context.Context, ops ...table.Op) error {
	if s.before != nil {
		if err := s.before(ops); err != nil {
			return err
		}
	}
	return s.main.Write(ctx, ops...)
}

func (s *shop) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	return s.main.Get(ctx, keys...)
}

func (s *shop) Query(ctx context.Context, q table.Query) (table.Page, error) {
	return s.main.Query(ctx, q)
}

func newShop(t *testing.T) *shop {
	s := &shop{T: t, main: awstest.NewTable(0), keys: awstest.NewTable(0), now: time.UnixMilli(1_800_000_000_000)}
	s.Adapter = New(Config{
		Main: s, Keys: s.keys, Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler),
		Pause: func(context.Context, time.Duration) error { return nil },
	})
	s.must(registry{s.Adapter}.Put(t.Context(), store.Instance{Memory: stored, Name: "Default", CreatedAt: 1, Version: 1}))
	_, err := keys{s.Adapter}.CreateKey(t.Context(), seal.Vault{Tenant: stored.Tenant, Memory: stored.ID}, seal.KeyRecord{
		ID: storedKey, Pair: seal.Pair{Person: "ann", Scope: "work"}, Cell: "cell", Wrapped: []byte("wrapped"), State: seal.Live, CreatedAt: s.now,
	}, "")
	s.must(err)
	return s
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// hashNo is the hash of the n-th grain.
func hashNo(n int) string {
	return fmt.Sprintf("%02x", n*37%256) + strings.Repeat(fmt.Sprintf("%02x", n%256), 31)
}

func (s *shop) change(cause events.Cause, g store.Stored) change.Change {
	s.drawn++
	return change.Change{
		ID: fmt.Sprintf("%026d", s.drawn), Cause: cause, At: s.now.UnixMilli(), Lineage: g.Lineage, Hash: g.Hash,
		GrainType: g.Type, Namespace: g.Namespace, UserID: g.Person, ScopePath: g.ScopePath, CreatedAt: g.FirstAt,
	}
}

func (s *shop) grain(n int) store.Stored {
	return store.Stored{
		Hash: hashNo(n), Lineage: hashNo(n), Type: "belief", Namespace: "work", Person: "ann", CreatedAt: 1, FirstAt: 1, Version: 1,
		KeyID: storedKey, Box: []byte("sealed"),
	}
}

func (s *shop) commit(steps ...store.Step) (store.Committed, error) {
	return grains{s.Adapter}.Commit(s.Context(), store.Write{Memory: stored, Steps: steps})
}

func (s *shop) adding(g store.Stored) store.Step {
	return store.Step{Lineage: g.Lineage, Put: &g, Change: s.change(events.Created, g)}
}

func (s *shop) add(n int) store.Stored {
	s.Helper()
	g := s.grain(n)
	_, err := s.commit(s.adding(g))
	s.must(err)
	return g
}

func (s *shop) supersede(old store.Stored, n int) store.Stored {
	s.Helper()
	g := s.grain(n)
	g.Lineage, g.Version, g.Name = old.Lineage, old.Version+1, old.Name
	_, err := s.commit(store.Step{Lineage: g.Lineage, Expect: old.Hash, Put: &g, Change: s.change(events.Superseded, g)})
	s.must(err)
	return g
}

func (s *shop) forgetting(g store.Stored) store.Step {
	return store.Step{Lineage: g.Lineage, Expect: g.Hash, Forget: true, Change: s.change(events.Forgotten, g)}
}

func (s *shop) state(hash string) string {
	g, err := grains{s.Adapter}.Load(s.Context(), stored, store.Ref{Hash: hash})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return "none"
	}
	s.must(err)
	return fmt.Sprintf("%s %d %v", [...]string{"current", "superseded", "gone"}[g.State], g.Version, g.Box != nil)
}

func TestAnAddIsOneReadAndOneWriteUnit(t *testing.T) {
	s := newShop(t)
	s.add(1)
	g := s.grain(2)
	g.Box, g.Subject, g.ScopePath = bytes.Repeat([]byte{7}, 560), bytes.Repeat([]byte{8}, 32), "acme/support/eu"
	s.main.Meter().Reset()
	s.keys.Meter().Reset()
	_, err := s.commit(s.adding(g))
	s.must(err)
	used := s.main.Meter().Usage()
	if used["PutItem"] != (awstest.Usage{Requests: 1, Units: 1}) || used["BatchGetItem"].Requests != 1 || len(used) != 2 {
		t.Errorf("a memory of 500 bytes takes %+v", used)
	}
	if more := s.keys.Meter().Sum(); more.Requests != 0 {
		t.Errorf("and %+v of the key table", more)
	}
}

func TestAGrainAndItsChangeAreReadBackFromTheirRow(t *testing.T) {
	s := newShop(t)
	full := s.grain(1)
	full.Lineage, full.ScopePath, full.FirstAt, full.Version, full.Subject, full.Name = hashNo(9), "a/b", 0, 7, []byte{1}, []byte{2}
	for _, g := range []store.Stored{full, s.grain(2), {Hash: "no hash", Lineage: "no hash", Version: 1, CreatedAt: 5, FirstAt: 5}} {
		if got := storedOf(rowOf(g)); !reflect.DeepEqual(got, g) {
			t.Errorf("%+v became %+v", g, got)
		}
		c := s.change(events.Superseded, g)
		c.Memory, c.Superseded, c.Content = stored, hashNo(3), []byte("x\ny")
		if got, told, err := changeOf(stored, changeAttrs(c, s.now)); !told || err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v became %+v, %v, %v", c, got, told, err)
		}
	}
	if _, told, err := changeOf(stored, rowOf(full)); told || err != nil {
		t.Errorf("a row without a change tells one: %v", err)
	}
	for _, damaged := range []string{"", "id created\n", "id created x\n", "id created 1\n\x01"} {
		if _, _, err := changeOf(stored, table.Row{attrTells: tellsChange, attrChange: []byte(damaged)}); err == nil {
			t.Errorf("the change %q was read", damaged)
		}
	}
}

func TestAWriteWhoseAnswerWasLostIsItsOwn(t *testing.T) {
	s := newShop(t)
	g := s.grain(1)
	s.before = func(ops []table.Op) error { // the client sends it, loses the answer and sends it again
		s.before = nil
		s.must(s.main.Write(t.Context(), ops...))
		return nil
	}
	done, err := s.commit(s.adding(g))
	if err != nil || done.Existing[0] {
		t.Errorf("its repetition was answered with %+v, %v", done, err)
	}
	s.before = func(ops []table.Op) error {
		s.before = nil
		return s.main.Write(t.Context(), ops...)
	}
	if _, err := s.commit(s.forgetting(g)); err != nil {
		t.Errorf("a repeated forget was answered with %v", err)
	}
}

func TestAnUnfinishedForgetIsEndedByWhoeverMeetsIt(t *testing.T) {
	for _, meets := range []string{"load by lineage", "load by hash", "add"} {
		s := newShop(t)
		g := s.grain(1)
		g.Name = []byte("name")
		_, err := s.commit(s.adding(g))
		s.must(err)
		now := s.supersede(s.supersede(g, 2), 3)
		crash := errors.New("the process died")
		var writes atomic.Int64 // some are side by side
		s.before = func([]table.Op) error {
			if writes.Add(1) > 1 {
				return crash
			}
			return nil
		}
		if _, err := s.commit(s.forgetting(now)); !errors.Is(err, crash) {
			t.Fatalf("a forget whose end failed was answered with %v", err)
		}
		s.before = nil
		switch meets {
		case "add":
			s.add(1)
		case "load by hash":
			s.state(now.Hash)
		default:
			_, err := grains{s.Adapter}.Load(t.Context(), stored, store.Ref{Lineage: g.Lineage})
			s.must(err)
		}
		for _, f := range s.main.Dump() {
			again := meets == "add" && f.Sort == sortLineage+g.Lineage
			if !again && (f.Row.Bytes(grainBox) != nil || f.Row.Bytes(grainName) != nil || strings.HasPrefix(f.Sort, sortName)) {
				t.Errorf("%s leaves %s as %v", meets, f.Sort, f.Row)
			}
		}
	}
}

func TestALineageThatCameAgainDoesNotRaiseItsDead(t *testing.T) {
	s := newShop(t)
	_, err := s.commit(s.forgetting(s.supersede(s.supersede(s.add(1), 2), 3)))
	s.must(err)
	again := s.add(1)
	want := func(when string, states ...string) {
		t.Helper()
		for n, state := range states {
			if got := s.state(hashNo(n + 1)); got != state {
				t.Errorf("%s: grain %d is %q, not %q", when, n+1, got, state)
			}
		}
	}
	want("added again", "current 1 true", "gone 2 false", "gone 3 false", "none")
	now := s.supersede(again, 3)
	want("superseded by what it was", "superseded 1 true", "gone 2 false", "current 2 true", "none")
	s.supersede(now, 4)
	want("superseded", "superseded 1 true", "gone 2 false", "superseded 2 true", "current 3 true")
	s.add(2) // of a hash that another lineage no longer holds
	want("another lineage took a hash", "superseded 1 true", "current 1 true")
}

func TestAWriteThatTookTooLongLooksAgain(t *testing.T) {
	for _, c := range []struct {
		what  string
		while func(s *shop) error
		want  string
	}{
		{"nothing", func(*shop) error { return nil }, "current 1 true"},
		{"an erasure", func(s *shop) error {
			return s.keys.Write(s.Context(), table.Op{
				Action: table.Update, Key: keyKey(stored, storedKey), Set: table.Row{keyState: string(seal.Destroyed)},
			})
		}, "gone 1 false"},
		{"a removal", func(s *shop) error {
			return s.main.Write(s.Context(), table.Op{Action: table.Delete, Key: memoryKey(stored)})
		}, "none"},
	} {
		s := newShop(t)
		s.before = func([]table.Op) error {
			s.before = nil
			s.now = s.now.Add(writeFor + time.Millisecond)
			return c.while(s)
		}
		g := s.grain(1)
		_, err := s.commit(s.adding(g))
		var conflict *store.ConflictError
		if refused := errors.As(err, &conflict) && conflict.Reason == store.NoMemory; refused != (c.want == "none") || err != nil && !refused {
			t.Errorf("a slow write beside %s was answered with %v", c.what, err)
		}
		if got := s.state(g.Hash); got != c.want {
			t.Errorf("a slow write beside %s left %q, not %q", c.what, got, c.want)
		}
	}
}

func TestALargeMemoryIsReadWhole(t *testing.T) {
	s := newShop(t)
	const n = 60
	for i := range n {
		g := s.grain(i)
		g.Box = make([]byte, 90_000)
		_, err := s.commit(s.adding(g))
		s.must(err)
	}
	seen := map[string]bool{}
	s.must(s.lineages(t.Context(), stored, func(rows []table.Found) error {
		for _, r := range rows {
			if seen[r.Sort] {
				t.Errorf("%s was read twice", r.Sort)
			}
			seen[r.Sort] = true
		}
		return nil
	}))
	var newest []string
	for after := ""; ; {
		page, err := grains{s.Adapter}.Scan(t.Context(), stored, store.Filter{Newest: true}, after, 7)
		s.must(err)
		for _, g := range page.Grains {
			newest = append(newest, g.Hash)
		}
		if page.Total != n {
			t.Errorf("the total of %d is %d", n, page.Total)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != n || len(newest) != n || newest[0] != hashNo(n-1) || newest[n-1] != hashNo(0) {
		t.Errorf("%d lineages were read, %d in their order", len(seen), len(newest))
	}
	for _, cursor := range []string{"x", "1.", "1.zz", strings.Repeat("a", 65)} {
		for _, f := range []store.Filter{{}, {Newest: true}} {
			if _, err := (grains{s.Adapter}).Scan(t.Context(), stored, f, cursor, 1); fault.KindOf(err) != fault.InvalidField {
				t.Errorf("the cursor %q was answered with %v", cursor, err)
			}
		}
	}
}

func TestAListOfKeysSaysHowManyThereAre(t *testing.T) {
	s := newShop(t)
	const n = 5
	for i := range 2 * n {
		g := s.grain(i)
		if i%2 == 0 {
			g.Name = []byte{byte(i)}
		}
		_, err := s.commit(s.adding(g))
		s.must(err)
	}
	seen := map[string]bool{}
	for after := ""; ; {
		page, err := grains{s.Adapter}.Scan(t.Context(), stored, store.Filter{Named: true}, after, 2)
		s.must(err)
		if page.Total != n {
			t.Errorf("behind %q the total of %d is %d", after, n, page.Total)
		}
		for _, g := range page.Grains {
			seen[g.Hash] = g.Name != nil
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d keys are listed: %v", len(seen), n, seen)
	}
}

func TestAWornSegmentIsMended(t *testing.T) {
	s := newShop(t)
	var docs []store.Document
	var all []store.Stored
	for i := range 8 {
		all = append(all, s.add(i))
		docs = append(docs, store.Document{Memory: stored, Hash: all[i].Hash, Terms: []string{"0123456789abcdef", "odd", "odd"}})
	}
	in := index{s.Adapter}
	s.must(in.Put(t.Context(), docs))
	for _, g := range all[:3] {
		_, err := s.commit(s.forgetting(g))
		s.must(err)
	}
	if pending, err := in.Pending(t.Context(), stored, 10); err != nil || len(pending) != 0 {
		t.Errorf("pending are %v, %v", pending, err)
	}
	g := s.add(20)
	s.must(in.Put(t.Context(), []store.Document{{Memory: stored, Hash: g.Hash, Terms: []string{"odd"}}}))
	found, err := in.Find(t.Context(), stored, []string{"odd", "0123456789abcdef"}, nil, 2)
	want := map[string]int{"odd": 6, "0123456789abcdef": 5}
	if err != nil || found.Docs != 6 || !reflect.DeepEqual(found.Frequency, want) || len(found.Grains) != 2 || !found.Cut {
		t.Errorf("found %+v, %v", found, err)
	}
	s.must(s.unindex(t.Context(), stored, map[string]bool{g.Lineage: true}))
	segments := 0
	s.must(s.segments(t.Context(), stored, func(seg segment) error { segments++; return nil }))
	if segments != 1 {
		t.Errorf("an empty segment stays: there are %d", segments)
	}
}

func FuzzUnpackSegment(f *testing.F) {
	f.Add(packSegment([]document{{hash: hashNo(1), lineage: hashNo(2), terms: []uint64{1, 2}}, {hash: "odd", lineage: "odd"}}))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := unpackSegment(data)
		if err != nil {
			return
		}
		again, err := unpackSegment(packSegment(docs))
		if err != nil || !slices.EqualFunc(docs, again, func(a, b document) bool {
			return a.hash == b.hash && a.lineage == b.lineage && slices.Equal(a.terms, b.terms)
		}) {
			t.Fatalf("%v became %v, %v", docs, again, err)
		}
	})
}

func TestALargeDocumentFitsIntoARow(t *testing.T) {
	var terms []string
	for i := range 100_000 {
		terms = append(terms, fmt.Sprintf("%016x", i))
	}
	doc := document{hash: hashNo(1), lineage: hashNo(2), terms: sortedTerms(terms)}
	packed := packSegments([]document{doc, doc, {hash: hashNo(3), lineage: hashNo(3)}})
	if len(packed) != 2 || len(packed[0]) > maxSegment || len(packed[1]) > maxSegment {
		t.Errorf("%d segments", len(packed))
	}
}
