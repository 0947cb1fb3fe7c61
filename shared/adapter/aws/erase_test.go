package aws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

const (
	forever   = int64(1) << 40
	fencing   = 3 * time.Second // how long an erasure waits for other processes
	answering = 4 * time.Second // what it leaves of its caller's time
)

var (
	errDead = errors.New("the process died")
	mem     = change.Memory{Tenant: "acme", ID: "home"}
	vault   = seal.Vault{Tenant: "acme", Memory: "home"}
	ofAnn   = seal.Selector{Person: "ann"}
)

// mortal is a table whose writes fail after so many of all tables.
type mortal struct {
	aws.Rows
	left *atomic.Int64
}

func (m mortal) Write(ctx context.Context, ops ...table.Op) error {
	if m.left.Add(-1) < 0 {
		return errDead
	}
	return m.Rows.Write(ctx, ops...)
}

// erasing is a memory with named grains of ann's in two scopes, and of bob's.
type erasing struct {
	t          *testing.T
	main, keys *awstest.Table
	drawn      int
}

func newErasing(t *testing.T) *erasing {
	h := &erasing{t: t, main: awstest.NewTable(1), keys: awstest.NewTable(0)}
	c := h.process(forever).Cloud()
	h.must(c.Memories.Put(t.Context(), store.Instance{Memory: mem, Version: 1}))
	for i, person := range []string{"ann", "ann", "bob"} {
		h.key(c, fmt.Sprint(person, i), seal.Pair{Person: person, Scope: fmt.Sprint(i)})
		for version := 1; version <= 2; version++ {
			h.must(h.write(c, i, version, person))
		}
	}
	return h
}

// process is an adapter that can write so often.
func (h *erasing) process(writes int64) *aws.Adapter {
	left := new(atomic.Int64)
	left.Store(writes)
	queue := awstest.NewQueue(time.Now, visible)
	return aws.New(aws.Config{
		Main: mortal{h.main, left}, Keys: mortal{h.keys, left}, Jobs: queue, Dead: queue, Now: time.Now, Pause: pause,
		Log: slog.New(slog.DiscardHandler),
	})
}

func (h *erasing) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *erasing) id() string { h.drawn++; return fmt.Sprintf("%026d", h.drawn) }

func (h *erasing) key(c *cloud.Cloud, id string, p seal.Pair) {
	h.t.Helper()
	k := seal.KeyRecord{ID: id, Pair: p, Cell: "c", Wrapped: []byte("key of " + p.Person), State: seal.Live, CreatedAt: time.Now().UTC()}
	_, err := c.Keys.CreateKey(h.t.Context(), vault, k, "")
	h.must(err)
}

// write stores a version of the lineage of a number.
func (h *erasing) write(c *cloud.Cloud, lineage, version int, person string) error {
	hash := func(version int) string { return strings.Repeat(fmt.Sprintf("%x%x", version, lineage), 32) }
	s := store.Stored{
		Hash: hash(version), Lineage: hash(1), Type: "t", Namespace: "n", Person: person, ScopePath: fmt.Sprint(lineage), Version: version,
		KeyID: fmt.Sprint(person, lineage), Name: []byte{byte(lineage)}, Box: []byte("box of " + person),
	}
	step := store.Step{Lineage: s.Lineage, Put: &s, Change: change.Change{ID: h.id(), Cause: events.Created, Lineage: s.Lineage, Hash: s.Hash}}
	if version > 1 {
		step.Expect = hash(version - 1)
	}
	_, err := c.Grains.Commit(h.t.Context(), store.Write{Memory: mem, Steps: []store.Step{step}})
	return err
}

// erase erases ann by a plan like the memory stage's.
func (h *erasing) erase(ctx context.Context, a *aws.Adapter) (change.Change, error) {
	return a.Cloud().Eraser.Erase(ctx, mem, ofAnn, h.plan)
}

func (h *erasing) plan(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
	if len(keys)+len(current) == 0 {
		return nil, nil
	}
	erased := change.Change{ID: h.id(), Cause: events.Erased, UserID: "ann", Count: len(current)}
	if len(keys) > 0 {
		erased.Fingerprint = fmt.Sprint(len(keys), " keys")
	}
	all := []change.Change{erased}
	for _, s := range current {
		all = append(all, change.Change{ID: h.id(), Cause: events.MemoryErased, Lineage: s.Lineage})
	}
	return all, nil
}

// proves fails unless told is the proof of all of ann's.
func (h *erasing) proves(what string, told change.Change, err error) {
	h.t.Helper()
	h.must(err)
	if told.Count != 2 || told.Fingerprint != "2 keys" {
		h.t.Errorf("%s: the proof is of %d lineages and %q", what, told.Count, told.Fingerprint)
	}
}

// told counts the changes that rows have told, by their cause.
func (h *erasing) told() map[string]int {
	told, seen := map[string]int{}, map[string]bool{}
	for stream := h.main.Stream(); ; {
		batch := stream.Next(0, 1000)
		if len(batch.Records) == 0 {
			return told
		}
		for _, r := range batch.Records {
			head := strings.Fields(string(r.New.Bytes("c")))
			if len(head) > 1 && !seen[head[0]] {
				seen[head[0]] = true
				told[head[1]]++
			}
		}
		stream.Done(batch, len(batch.Records))
	}
}

// holding counts the rows that hold some bytes.
func holding(rows []table.Found, what string) (n int) {
	for _, f := range rows {
		for name := range f.Row {
			if bytes.Contains(f.Row.Bytes(name), []byte(what)) {
				n++
			}
		}
	}
	return n
}

// gone fails unless nothing of ann's is left, and all of bob's.
func (h *erasing) gone(what string) {
	h.t.Helper()
	main, keys := h.main.Dump(), h.keys.Dump()
	for want, got := range map[string]int{
		"0 of ann's boxes": holding(main, "box of ann"), "2 of bob's boxes": holding(main, "box of bob"),
		"0 of ann's keys": holding(keys, "key of ann"), "2 of bob's keys": holding(keys, "key of bob"),
	} {
		if !strings.HasPrefix(want, fmt.Sprint(got)) {
			h.t.Errorf("%s: %d are left, not %s", what, got, want)
		}
	}
	names, fences := 0, 0
	for _, f := range append(main, keys...) {
		if strings.HasPrefix(f.Sort, "k#0") {
			names++
		}
		if f.Sort == "fence" {
			fences += len(f.Row)
		}
	}
	if told := h.told(); names != 1 || fences != 0 || told["erased"] != 1 || told[string(events.MemoryErased)] != 2 {
		h.t.Errorf("%s: %d names and %d fences stand, told are %v", what, names, fences, told)
	}
}

func TestAnErasureThatDiedAnywhereIsEndedByItsRepetition(t *testing.T) {
	for dies, done := int64(0), false; !done; dies++ {
		synctest.Test(t, func(t *testing.T) {
			h, what := newErasing(t), fmt.Sprint("after ", dies, " writes")
			told, err := h.erase(t.Context(), h.process(dies))
			if done = err == nil; done && dies < 10 {
				t.Errorf("an erasure ends %s", what)
			}
			if !done {
				told, err = h.erase(t.Context(), h.process(forever))
			}
			h.proves(what, told, err)
			h.gone(what)
		})
	}
}

func TestUpkeepEndsAnErasureThatNobodyRepeats(t *testing.T) {
	for dies, done := int64(0), false; !done; dies++ {
		synctest.Test(t, func(t *testing.T) {
			h, what := newErasing(t), fmt.Sprint("after ", dies, " writes and upkeep")
			_, err := h.erase(t.Context(), h.process(dies))
			done = err == nil
			destroyed := func() bool {
				k, _, err := h.process(0).Cloud().Keys.KeyByID(t.Context(), vault, "ann0")
				return err == nil && k.State == seal.Destroyed
			}
			begun := destroyed()
			time.Sleep(3 * time.Minute)
			_, err = h.process(forever).Upkeep(t.Context())
			h.must(err)
			if destroyed() != begun {
				t.Errorf("%s: upkeep destroyed keys of its own accord", what)
			}
			told, err := h.erase(t.Context(), h.process(forever))
			if !done {
				h.proves(what, told, err)
			}
			h.gone(what)
		})
	}
}

func TestAnErasureWithoutTimeLeavesEverythingAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newErasing(t)
		a := h.process(forever)
		ctx, cancel := context.WithTimeout(t.Context(), answering+fencing/2)
		defer cancel()
		_, err := h.erase(ctx, a)
		if fault.KindOf(err) != fault.Unavailable || errors.Is(err, seal.ErrContinuing) || ctx.Err() != nil {
			t.Errorf("it answers %v, the caller's time: %v", err, ctx.Err())
		}
		k, live, err := a.Cloud().Keys.CurrentKey(t.Context(), vault, seal.Pair{Person: "ann", Scope: "0"})
		if err != nil || !live || k.ID != "ann0" || len(h.told()) != 1 {
			t.Errorf("the key is %+v, %v, %v", k, live, err)
		}
	})
}

func TestAnErasureWhoseTimeEndsAfterItsKeysSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newErasing(t)
		a := h.process(forever)
		ctx, cancel := context.WithTimeout(t.Context(), answering+fencing+time.Second)
		defer cancel()
		told, err := a.Cloud().Eraser.Erase(ctx, mem, ofAnn, func(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
			if current != nil {
				time.Sleep(2 * time.Second) // reading a large memory
			}
			return h.plan(keys, current)
		})
		if !errors.Is(err, seal.ErrContinuing) || fault.KindOf(err) != fault.Unavailable || told.Fingerprint != "2 keys" {
			t.Errorf("it answers %+v, %v", told, err)
		}
		h.key(a.Cloud(), "new", seal.Pair{Person: "ann", Scope: "0"}) // writing goes on, until the call is repeated
		told, err = h.erase(t.Context(), a)
		if err != nil || told.Fingerprint != "1 keys" {
			t.Errorf("repeated, it proves %+v, %v", told, err)
		}
		k, _, err := a.Cloud().Keys.KeyByID(t.Context(), vault, "new")
		if err != nil || k.State != seal.Destroyed {
			t.Errorf("a newer key is %+v, %v", k, err)
		}
	})
}

func TestAFenceKeepsCoveredKeysFromUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newErasing(t)
		c, ended := h.process(forever).Cloud(), make(chan error, 1)
		go func() { _, err := h.erase(t.Context(), h.process(forever)); ended <- err }()
		time.Sleep(fencing / 2)
		_, _, read := c.Keys.CurrentKey(t.Context(), vault, seal.Pair{Person: "ann", Scope: "0"})
		_, _, known := c.Keys.KeyByID(t.Context(), vault, "ann1")
		_, made := c.Keys.CreateKey(t.Context(), vault, seal.KeyRecord{ID: "k", Pair: seal.Pair{Person: "ann", Scope: "new"}}, "")
		for what, err := range map[string]error{"reading": read, "opening": known, "making": made} {
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("%s a covered key: %v", what, err)
			}
		}
		var conflict *store.ConflictError
		if err := h.write(c, 0, 3, "ann"); !errors.As(err, &conflict) || conflict.Reason != store.KeyGone {
			t.Errorf("a write under a covered key: %v", err)
		}
		h.must(h.write(c, 2, 3, "bob"))
		h.must(<-ended)
		h.key(c, "again", seal.Pair{Person: "ann", Scope: "0"})
	})
}
