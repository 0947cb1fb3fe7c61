package memory_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/redact"
)

func TestAnAddedGrainIsThereAndRaisesOneChange(t *testing.T) {
	h := open(t)
	d := h.draw()
	w, err := h.Add(h.ctx, home, d, memory.Input{Type: "fact", Namespace: "work", Fields: fields{
		"subject": "Ada", "relation": "prefers", "object": "tea", "user_id": "ann", "scope_path": "acme/prod",
		"tags": []any{"a"}, "big": number("9007199254740993"),
	}})
	h.must(err)
	g, err := h.get(w.Grain.Hash)
	h.must(err)
	if !reflect.DeepEqual(g.Fields, w.Grain.Fields) || g.Fields["big"] != number("9007199254740993") {
		t.Errorf("read back as %v", g.Fields)
	}
	if g.Type != "belief" || g.Namespace != "work" || g.Person != "ann" || g.ScopePath != "acme/prod" || g.Version != 1 || g.Lineage != g.Hash {
		t.Errorf("stored as %+v", g.Stored)
	}
	c := h.raised(0, events.Created)[0]
	want := change.Change{
		ID: c.ID, Memory: home, Cause: events.Created, At: d.At.UnixMilli(), Lineage: g.Hash, Hash: g.Hash, GrainType: "belief",
		Namespace: "work", UserID: "ann", ScopePath: "acme/prod", CreatedAt: d.At.UnixMilli(),
	}
	if !reflect.DeepEqual(c, want) || len(c.ID) != 26 || w.Seq != 1 {
		t.Errorf("raised %+v at %d, want %+v", c, w.Seq, want)
	}
}

func TestTheSameGrainTwiceIsOneGrainAndOneChange(t *testing.T) {
	h := open(t)
	in := fields{"content": "once", "created_at": number("1767000000000")}
	first := h.add("n", in)
	again := h.add("n", in)
	if !again.Existing || first.Existing || again.Grain.Hash != first.Grain.Hash {
		t.Errorf("the second add answers %+v", again)
	}
	h.raised(0, events.Created)
}

func TestEqualContentIsRememberedAsMemoriesOfTheirOwn(t *testing.T) {
	h := open(t)
	in := memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "same", "created_at": number("1767000000000")}}
	a, err := h.Remember(h.ctx, home, h.draw(), in)
	h.must(err)
	b, err := h.Remember(h.ctx, home, h.draw(), in)
	h.must(err)
	if a.Grain.Hash == b.Grain.Hash || change.MemoryID(a.Grain.Lineage) == change.MemoryID(b.Grain.Lineage) {
		t.Error("two memories are one")
	}
	if _, mine := in.Fields["nonce"]; mine {
		t.Error("the caller's fields were changed")
	}
	h.raised(0, events.Created, events.Created)
}

func TestARefusedWriteLeavesNothing(t *testing.T) {
	h := open(t)
	long := strings.Repeat("x", memory.MaxName+1)
	for name, in := range map[string]memory.Input{
		"unknown type":     {Type: "wish", Fields: fields{"content": "x"}},
		"missing field":    {Type: "belief", Fields: fields{"subject": "a"}},
		"long namespace":   {Type: "event", Namespace: long, Fields: fields{"content": "x"}},
		"long person":      {Type: "event", Fields: fields{"content": "x", "user_id": long}},
		"long scope":       {Type: "event", Fields: fields{"content": "x", "scope_path": long}},
		"the house's own":  {Type: "event", Fields: fields{"content": "x", "scope_path": "\x00hooks"}},
		"as a namespace":   {Type: "event", Namespace: "\x00hooks", Fields: fields{"content": "x"}},
		"more than a body": {Type: "event", Fields: fields{"content": strings.Repeat("x", memory.MaxBody)}},
	} {
		_, err := h.Add(h.ctx, home, h.draw(), in)
		if k := fault.KindOf(err); k != fault.InvalidField && k != fault.MissingField && k != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.raised(0)
	grains, _, err := h.List(h.ctx, home, store.Filter{}, "", 10)
	if err != nil || len(grains) > 0 {
		t.Errorf("%d grains stand, %v", len(grains), err)
	}
}

func TestNothingIsWrittenToAMemoryThatIsNotThere(t *testing.T) {
	h := open(t)
	nowhere := change.Memory{Tenant: "main", ID: "nowhere"}
	_, err := h.Add(h.ctx, nowhere, h.draw(), memory.Input{Type: "event", Fields: fields{"content": "x"}})
	h.refused(err, fault.NotFound)
	_, err = h.Recall(h.ctx, nowhere, h.draw(), memory.Query{Text: "x"})
	h.refused(err, fault.NotFound)
	_, _, err = h.Rotate(h.ctx, nowhere, h.draw())
	h.refused(err, fault.NotFound)
	_, err = h.Erase(h.ctx, nowhere, h.draw(), personSelector("ann"))
	h.refused(err, fault.NotFound)
}

func TestOfManyEachSucceedsOrFailsAlone(t *testing.T) {
	h := open(t)
	in := make([]memory.Input, 200)
	for i := range in {
		in[i] = memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": strings.Repeat("x", i+1)}}
	}
	in[7].Fields = nil
	in[99].Type = "wish"
	results := h.AddMany(h.ctx, home, h.draw(), in)
	for i, r := range results {
		if bad := i == 7 || i == 99; (r.Err != nil) != bad {
			t.Errorf("input %d: %v", i, r.Err)
		} else if !bad && r.Grain.Fields["content"] != in[i].Fields["content"] {
			t.Errorf("result %d is another input's", i)
		}
	}
	if h.head() != 198 {
		t.Errorf("%d changes", h.head())
	}
}

// The limit is met by the largest body that any event of the grain can have.
func TestTheLargestEventBodyIsExactlyTheLimit(t *testing.T) {
	h := open(t)
	try := func(n int) (memory.Written, error) {
		return h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": strings.Repeat("x", n), "user_id": "ann"}})
	}
	low, high := 0, memory.MaxBody // low fits, high doesn't
	for high-low > 1 {
		if _, err := try((low + high) / 2); err == nil {
			low = (low + high) / 2
		} else {
			h.refused(err, fault.TooLarge)
			high = (low + high) / 2
		}
	}
	w, err := try(low)
	h.must(err)
	next, err := h.Supersede(h.ctx, home, h.draw(), w.Grain.Hash, memory.Input{Fields: fields{"content": "short"}})
	h.must(err)
	largest := 0
	for _, e := range h.log(w.Seq) {
		told, err := h.Tell(h.ctx, e.Change)
		h.must(err)
		told.Fields, told.Change.Superseded = w.Grain.Fields, next.Grain.Hash
		told.Change.Cause = events.Superseded
		for _, name := range dialect.Names() {
			body, err := dialect.Body(name, told, redact.Full)
			h.must(err)
			largest = max(largest, len(body))
		}
	}
	if largest != memory.MaxBody {
		t.Errorf("the largest content that is taken makes a body of %d bytes, want %d", largest, memory.MaxBody)
	}
	_, err = h.Supersede(h.ctx, home, h.draw(), next.Grain.Hash, memory.Input{Fields: fields{"content": strings.Repeat("x", high+100)}})
	h.refused(err, fault.TooLarge)
}

// Sizes that are passed unlooked at must be small for certain.
func TestNoGrainPassesTheLimitByTheFormOfItsNumbers(t *testing.T) {
	h := open(t)
	for _, literal := range []string{"1e20", "1e-6", "9e20", "0.1", "1E20"} {
		list := make([]any, 9000/(len(literal)+1))
		for i := range list {
			list[i] = number(literal)
		}
		w := h.add("n", fields{"numbers": list})
		for _, name := range dialect.Names() {
			body, err := dialect.Body(name, dialect.Event{Change: h.log(w.Seq - 1)[0].Change, Fields: w.Grain.Fields}, redact.Full)
			if err != nil || len(body) > memory.MaxBody {
				t.Errorf("numbers like %s make a body of %d bytes, %v", literal, len(body), err)
			}
		}
	}
}

func TestAWriteWhoseKeyIsErasedMeanwhileLandsUnderANewKey(t *testing.T) {
	h := open(t)
	old := h.add("n", fields{"content": "before", "user_id": "ann"})
	var underOld string
	h.on(&before{h.cloud.Grains, func(w store.Write) {
		underOld = w.Steps[0].Put.KeyID
		_, err := h.Erase(context.WithoutCancel(h.ctx), home, h.draw(), personSelector("ann"))
		h.must(err)
	}})
	w := h.add("n", fields{"content": "meanwhile", "user_id": "ann"})
	if w.Grain.KeyID == underOld || underOld != old.Grain.KeyID {
		t.Errorf("sealed under %s, the destroyed key is %s", w.Grain.KeyID, underOld)
	}
	g, err := h.get(w.Grain.Hash)
	if err != nil || g.Fields["content"] != "meanwhile" {
		t.Errorf("it reads %v, %v", g.Fields, err)
	}
	_, err = h.get(old.Grain.Hash)
	h.refused(err, fault.NotFound)
	h.raised(0, events.Created, events.Erased, events.MemoryErased, events.Created)
}

func TestConcurrentAddsOfOneGrainRaiseOneChange(t *testing.T) {
	h := open(t)
	var all sync.WaitGroup
	fresh := make(chan bool, 32)
	for range 32 {
		all.Go(func() {
			w, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Fields: fields{"content": "x", "created_at": number("1767000000000")}})
			if err != nil {
				t.Error(err)
			}
			fresh <- !w.Existing
		})
	}
	all.Wait()
	close(fresh)
	n := 0
	for f := range fresh {
		if f {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of 32 say that they made it", n)
	}
	h.raised(0, events.Created)
}
