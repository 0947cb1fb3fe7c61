package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// group runs functions in one transaction, as if all had waited together.
func (s *bed) group(fns ...func(*tx) error) []error {
	all := make([]*request, len(fns))
	for i, fn := range fns {
		all[i] = &request{ctx: bg, fn: fn, done: make(chan error, 1)}
	}
	s.must(s.writer.between(bg, func(conn *sql.Conn) error {
		s.writer.commit(all)
		return nil
	}))
	errs := make([]error, len(fns))
	for i := range all {
		errs[i] = <-all[i].done
	}
	return errs
}

func (s *bed) adding(name string) func(*tx) error {
	return func(t *tx) error {
		in, err := t.draft(mem1)
		if err != nil {
			return err
		}
		step := put(stored(name), "")
		return t.step(in, &store.Write{Memory: mem1, Steps: []store.Step{step}}, 0, &store.Committed{Seq: make([]int64, 1), Existing: make([]bool, 1)})
	}
}

func TestAConflictHarmsNoNeighbour(t *testing.T) {
	s := open(t)
	runs := 0
	errs := s.group(s.adding("a"), func(*tx) error {
		runs++
		return fault.New(fault.Conflict, "no")
	}, s.adding("b"))
	if errs[0] != nil || fault.KindOf(errs[1]) != fault.Conflict || errs[2] != nil {
		t.Fatal(errs)
	}
	if runs != 1 || s.head() != 2 {
		t.Fatalf("the refused one ran %d times, the head is %d", runs, s.head())
	}
}

func TestAFailureAfterAChangeLeavesNothingOfItself(t *testing.T) {
	s := open(t)
	broken := errors.New("broken")
	errs := s.group(s.adding("a"), func(t *tx) error {
		in, _ := t.draft(mem1)
		if err := t.endLineage(in, hashOf("a")); err != nil {
			return err
		}
		if err := s.adding("half")(t); err != nil {
			return err
		}
		return broken
	}, s.adding("b"))
	if errs[0] != nil || !errors.Is(errs[1], broken) || errs[2] != nil {
		t.Fatal(errs)
	}
	if s.head() != 2 {
		t.Fatalf("head is %d", s.head())
	}
	for name, want := range map[string]fault.Kind{"a": fault.Internal, "b": fault.Internal, "half": fault.NotFound} {
		got, err := grains{s.db}.Load(bg, mem1, store.Ref{Hash: hashOf(name)})
		if fault.KindOf(err) != want || err == nil && got.State != store.Current {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestAWriteOfManyStepsIsAllOrNothing(t *testing.T) {
	s := open(t)
	s.add("a")
	_, err := s.commit(put(stored("b"), ""), put(newer(stored("b"), "b2"), hashOf("b")), put(newer(stored("a"), "a2"), hashOf("other")))
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) || conflict.Step != 2 || conflict.Reason != store.Moved || conflict.Current.Hash != hashOf("a") {
		t.Fatal(err)
	}
	if s.head() != 1 {
		t.Fatalf("head is %d", s.head())
	}
	done, err := s.commit(put(stored("b"), ""), put(newer(stored("b"), "b2"), hashOf("b")))
	if err != nil || !slices.Equal(done.Seq, []int64{2, 3}) {
		t.Fatal(done, err)
	}
}

func TestSeqsHaveNoGapsUnderManyWriters(t *testing.T) {
	s := open(t)
	var told []int64 // on the writer's goroutine
	s.onCommit(func(_ memoryRow, entries []feed.Entry) {
		for _, e := range entries {
			told = append(told, e.Seq)
		}
	})
	const each = 20
	seqs := make(chan int64, callers*each)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range each {
				name := fmt.Sprint(c, " ", i)
				if i%5 == 4 { // a refusal in between takes no seq
					_, err := s.commit(put(newer(stored(name), name+"x"), hashOf("nothing")))
					if err == nil {
						t.Error("a supersede of nothing went through")
					}
				}
				done, err := s.commit(put(stored(name), ""))
				if err != nil {
					t.Error(err)
					return
				}
				seqs <- done.Seq[0]
			}
		})
	}
	all.Wait()
	s.again() // the writer has ended, so all is told
	close(seqs)
	var got []int64
	for n := range seqs {
		got = append(got, n)
	}
	slices.Sort(got)
	for _, list := range [][]int64{got, told} {
		if len(list) != callers*each {
			t.Fatalf("%d seqs", len(list))
		}
		for i, n := range list {
			if n != int64(i+1) {
				t.Fatalf("seq %d stands at %d", n, i+1)
			}
		}
	}
	entries, err := logs{s.db}.Read(bg, mem1, 0, 10_000)
	if err != nil || len(entries) != callers*each || entries[len(entries)-1].Seq != callers*each {
		t.Fatal(len(entries), err)
	}
}

func TestAnAnswerIsFoundAfterReopening(t *testing.T) {
	s := open(t)
	h := s.addHook("hook-1")
	s.add("a", "b")
	done, err := s.commit(put(newer(stored("a"), "a2"), hashOf("a")))
	s.must(err)
	before, err := logs{s.db}.Read(bg, mem1, 0, 10)
	s.must(err)
	s.again()
	after, err := logs{s.db}.Read(bg, mem1, 0, 10)
	s.must(err)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("the log was\n%v\nand is\n%v", before, after)
	}
	if m, ok := after[2].For(h.ID); done.Seq[0] != 3 || !ok || m.Prev != 2 {
		t.Errorf("%v, %v", done, after[2])
	}
	got, err := grains{s.db}.Load(bg, mem1, store.Ref{Lineage: hashOf("a")})
	if err != nil || got.Hash != hashOf("a2") || string(got.Box) != "box of a2" {
		t.Error(got, err)
	}
	s.add("c")
	if last, err := (logs{s.db}).Read(bg, mem1, 3, 10); err != nil || len(last) != 1 || last[0].Matches[0].Prev != 3 {
		t.Error(last, err)
	}
}

func TestAFullDiskIsUnavailableAndLeavesNothing(t *testing.T) {
	s := open(t)
	s.add("a")
	s.must(s.writer.between(bg, func(conn *sql.Conn) error {
		_, err := conn.ExecContext(bg, "PRAGMA max_page_count=1")
		return err
	}))
	big := stored("big")
	big.Box = make([]byte, 100_000)
	if _, err := s.commit(put(big, "")); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	for range 2 { // a probe is small enough for what room there is
		if err := s.ready(bg); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("ready after a write was refused: %v", err)
		}
	}
	s.must(s.writer.between(bg, func(conn *sql.Conn) error {
		_, err := conn.ExecContext(bg, "PRAGMA max_page_count=1000000")
		return err
	}))
	if s.head() != 1 {
		t.Fatalf("head is %d", s.head())
	}
	if err := s.writer.trouble(s.now().Add(lately)); err != nil {
		t.Errorf("a refusal counts for ever: %v", err)
	}
	s.add("b")
	if s.head() != 2 {
		t.Fatalf("head is %d", s.head())
	}
	s.must(s.ready(bg))
}

func TestACallThatIsGivenUpChangesNothing(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(bg)
	cancel()
	ran := false
	if err := s.writer.do(ctx, func(*tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) || ran {
		t.Fatal(err, ran)
	}
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := open(t)
	s.must(s.close())
	if _, err := s.commit(put(stored("a"), "")); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
}

func TestMemoriesDoNotMix(t *testing.T) {
	s := open(t)
	other := change.Memory{Tenant: "t2", ID: mem1.ID}
	s.addMemory(other)
	s.addKey(other, "k1", seal.Pair{})
	s.add("a")
	if _, err := (grains{s.db}).Load(bg, other, store.Ref{Hash: hashOf("a")}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if done, err := (grains{s.db}).Commit(bg, store.Write{Memory: other, Steps: []store.Step{put(stored("a"), "")}}); err != nil || done.Seq[0] != 1 || done.Existing[0] {
		t.Error(done, err)
	}
}
