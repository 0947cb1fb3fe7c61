package embedded

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

func TestANewHookSeesExactlyWhatComesAfter(t *testing.T) {
	s := open(t)
	s.add("before")
	// In one transaction: a write, the hook, a write.
	errs := s.group(s.adding("just before"), func(t *tx) error {
		in, _ := t.draft(mem1)
		_, err := t.putHook(in, hook.Hook{ID: "hook-1", Memory: mem1, Mode: hook.CDC, Dialect: "areev", State: hook.Active})
		return err
	}, s.adding("just after"))
	if fmt.Sprint(errs) != "[<nil> <nil> <nil>]" {
		t.Fatal(errs)
	}
	// Among writers that never rest.
	var writers sync.WaitGroup
	var stop atomic.Bool
	first := make(chan struct{}, 8)
	for range 8 {
		writers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				s.add(s.fresh().Hash)
				if n == 5 {
					first <- struct{}{}
				}
			}
		})
	}
	for range 8 {
		<-first
	}
	h := s.addHook("hook-2")
	done, err := s.commit(put(stored("surely after"), ""))
	s.must(err)
	stop.Store(true)
	writers.Wait()
	for _, reopened := range []bool{false, true} {
		if reopened {
			s.again()
		}
		checkChains(t, s, map[string]int64{"hook-1": 2, "hook-2": h.Since})
	}
	if h.Since < 3 || done.Seq[0] <= h.Since {
		t.Errorf("since %d, written after it %d", h.Since, done.Seq[0])
	}
}

// checkChains holds that each hook sees all entries above its Since and no
// other, in an unbroken chain.
func checkChains(t *testing.T, s *bed, since map[string]int64) {
	t.Helper()
	var after int64
	last := map[string]int64{}
	for {
		entries, err := logs{s.db}.Read(bg, mem1, after, 100)
		s.must(err)
		if len(entries) == 0 {
			return
		}
		for i := range entries {
			e := &entries[i]
			if after++; e.Seq != after {
				t.Fatalf("seq %d stands at %d", e.Seq, after)
			}
			for id, from := range since {
				m, sees := e.For(id)
				if sees != (e.Seq > from) || sees && m.Prev != last[id] {
					t.Fatalf("seq %d, %s: sees %t, before it %d, want %d", e.Seq, id, sees, m.Prev, last[id])
				}
				if sees {
					last[id] = e.Seq
				}
			}
		}
	}
}

func TestHooks(t *testing.T) {
	s := open(t)
	p, err := pattern.Parse(map[string]any{"namespace": []any{"default"}})
	s.must(err)
	space := "x"
	h := hook.Hook{ID: "hook-1", Memory: mem1, Name: "n", Description: "d", Mode: hook.Webhook, URL: "https://e.example", Dialect: "rem",
		Causes: []events.Cause{events.Created}, Namespace: &space, Pattern: p, Redaction: "full", MaxRetries: 3, State: hook.Active,
		PIIRisk: &hook.Acknowledgement{At: 1, KeyID: "k"}, Secret: &hook.SealedSecret{Box: []byte{1}, Previous: []byte{2}, Until: 3}, CreatedAt: 9}
	made, err := hooks{s.db}.Put(bg, h)
	if err != nil || made.Version != 1 {
		t.Fatal(made, err)
	}
	s.again()
	got, err := hooks{s.db}.Get(bg, mem1, "hook-1")
	if err != nil || got.Pattern.JSON() == nil {
		t.Fatal(got, err)
	}
	made.Pattern, got.Pattern = pattern.Pattern{}, pattern.Pattern{}
	if !reflect.DeepEqual(got, made) {
		t.Errorf("\n%+v\n%+v", got, made)
	}
	if _, err := (hooks{s.db}).Put(bg, h); fault.KindOf(err) != fault.Conflict {
		t.Error("a second making:", err)
	}
	row, err := s.hookByID(bg, mem1, "hook-1")
	s.must(err)
	s.must(s.writer.do(bg, func(t *tx) error { return t.setHookState(row.n, hook.Held) }))
	if _, err := (hooks{s.db}).Put(bg, made); fault.KindOf(err) != fault.Conflict {
		t.Error("a put over a newer state:", err)
	}
	if now, err := s.hookByN(bg, row.n); err != nil || now.State != hook.Held || now.Version != 2 {
		t.Error(now, err)
	}
	dropped := int64(0)
	s.dropHook = func(_ *tx, n int64) error { dropped = n; return nil }
	for range 2 {
		s.must(hooks{s.db}.Remove(bg, mem1, "hook-1"))
	}
	if now, err := s.hookByN(bg, row.n); err != nil || now != nil || dropped != row.n {
		t.Error(now, err, dropped)
	}
	if _, err := (hooks{s.db}).Get(bg, mem1, "hook-1"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestCompactionKeepsWhatMustNotBeLost(t *testing.T) {
	s := open(t)
	var steps []events.Cause
	for i := range 10 {
		steps = append(steps, [...]events.Cause{events.Recalled, events.Erased, events.Rotated}[i%3])
	}
	for i, cause := range steps {
		s.must(s.writer.do(bg, func(t *tx) error {
			in, err := t.draft(mem1)
			t.raise(in, fanout.Item{Change: change.Change{ID: fmt.Sprint(i), Memory: mem1, Cause: cause, At: int64(100 + i)}})
			return err
		}))
	}
	var expired int64
	s.expire = func(_ *tx, _, floor int64) error { expired = floor; return nil }
	s.addHook("hook-1")
	_, err := consumers{s.db}.Put(bg, mem1, feed.Consumer{Hook: "hook-1", Name: "c", Acked: 4, At: noon})
	s.must(err)
	for range 2 {
		ages, err := logs{s.db}.Ages(bg, 105)
		if err != nil || len(ages) != 1 || ages[0].OldSeq != 5 || ages[0].Needed != 5 {
			t.Fatal(ages, err)
		}
		s.must(logs{s.db}.Compact(bg, mem1, 4))
		s.must(logs{s.db}.Compact(bg, mem1, 2)) // never down
		s.again()
		s.expire = func(_ *tx, _, floor int64) error { expired = floor; return nil }
	}
	if b, err := (logs{s.db}).Bounds(bg, mem1); err != nil || b != (feed.Bounds{Head: 10, Floor: 4}) || expired != 4 {
		t.Error(b, err, expired)
	}
	if _, err := (logs{s.db}).Read(bg, mem1, 2, 10); fault.KindOf(err) != fault.Compacted {
		t.Error(err)
	}
	if got, err := (logs{s.db}).Read(bg, mem1, 3, 10); err != nil || len(got) != 7 || got[0].Seq != 4 {
		t.Error(got, err)
	}
	s.add("in the tail")
	if got, err := s.readLog(bg, 1, 0, 99); err != nil || len(got) != 8 || got[0].Seq != 4 {
		t.Error("entries below the floor are handed out:", len(got), err)
	}
	s.must(logs{s.db}.Compact(bg, mem1, 99))
	if got, err := s.readLog(bg, 1, 0, 99); err != nil || len(got) != 0 {
		t.Error("entries below the floor are handed out of the tail:", len(got), err)
	}
	if b, _ := (logs{s.db}).Bounds(bg, mem1); b.Floor != 12 {
		t.Error(b)
	}
	kept, err := logs{s.db}.Kept(bg, mem1, 2, 3)
	if err != nil || len(kept) != 3 || kept[0].Seq != 3 || kept[1].Seq != 5 || kept[2].Seq != 6 {
		t.Error(kept, err)
	}
}

func TestWait(t *testing.T) {
	s := open(t)
	s.must(logs{s.db}.Wait(bg, mem1, -1))
	waited := make(chan error)
	go func() { waited <- logs{s.db}.Wait(bg, mem1, 1) }()
	s.add("a", "b")
	s.must(<-waited)
	ctx, cancel := context.WithCancel(bg)
	go func() { waited <- logs{s.db}.Wait(ctx, mem1, 2) }()
	cancel()
	s.must(<-waited)
	if err := (logs{s.db}).Wait(bg, change.Memory{Tenant: "t", ID: "none"}, 0); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestTheTailIsBounded(t *testing.T) {
	s := open(t)
	const many = 2*maxTail + 100
	for n := 0; n < many; n += 100 {
		s.must(s.writer.do(bg, func(t *tx) error {
			in, err := t.draft(mem1)
			for i := range 100 {
				t.raise(in, fanout.Item{Change: change.Change{ID: fmt.Sprint(n + i), Memory: mem1, Cause: events.Recalled}})
			}
			return err
		}))
	}
	if tail := s.rooms.peek(mem1).tail; len(tail) > 2*maxTail || sizeOf(tail) != s.rooms.bytes {
		t.Errorf("%d entries are held of %d bytes, %d are counted", len(tail), sizeOf(tail), s.rooms.bytes)
	}
	checkChains(t, s, nil)
}

func TestConsumersNeverGoBack(t *testing.T) {
	s := open(t)
	s.addHook("hook-1")
	c := feed.Consumer{Hook: "hook-1", Name: "c", Acked: 5, At: noon}
	if _, err := (consumers{s.db}).Ack(bg, mem1, c); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	_, err := consumers{s.db}.Put(bg, mem1, c)
	s.must(err)
	if again, err := (consumers{s.db}).Put(bg, mem1, feed.Consumer{Hook: "hook-1", Name: "c", Acked: 9, At: noon}); err != nil || again.Acked != 5 {
		t.Error(again, err)
	}
	for acked, want := range map[int64]int64{3: 5, 5: 5} {
		if got, err := (consumers{s.db}).Ack(bg, mem1, feed.Consumer{Hook: "hook-1", Name: "c", Acked: acked, At: noon}); err != nil || got.Acked != want {
			t.Error(got, err)
		}
	}
	if all, err := (consumers{s.db}).List(bg, mem1, "hook-1"); err != nil || !reflect.DeepEqual(all, []feed.Consumer{c}) {
		t.Error(all, err)
	}
}
