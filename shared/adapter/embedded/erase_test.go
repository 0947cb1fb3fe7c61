package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// files reads the folder.
func (s *bed) files() map[string][]byte {
	s.tb.Helper()
	held := map[string][]byte{}
	files, err := os.ReadDir(s.dir)
	s.must(err)
	for _, f := range files {
		held[f.Name()], err = os.ReadFile(filepath.Join(s.dir, f.Name()))
		s.must(err)
	}
	return held
}

// found lists the files that hold some bytes.
func found(files map[string][]byte, what []byte) []string {
	var names []string
	for name, data := range files {
		if bytes.Contains(data, what) {
			names = append(names, name)
		}
	}
	return names
}

// sentinel is what one grain must not leave behind: random to the eye, so that
// no part of it is anywhere else.
func sentinel(kind string, i int) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprint("sentinel ", kind, i)))
	return sum[:16]
}

// erase erases in the first memory.
func (s *bed) erase(ctx context.Context, sel seal.Selector, plan store.ErasePlan) error {
	_, err := eraser{s.db}.Erase(ctx, mem1, sel, plan)
	return err
}

var all = func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) { return nil, nil }

// twoPeople writes keys and grains of ann and bob in turns, so that pages hold
// both and are split and joined, and returns every mark of ann's.
func (s *bed) twoPeople(grains int) (marks [][]byte) {
	s.tb.Helper()
	for i := range 40 {
		for _, p := range []string{"ann", "bob"} {
			k := seal.KeyRecord{ID: fmt.Sprint(p, i), Pair: seal.Pair{Person: p, Scope: fmt.Sprint("s", i)}, Cell: "c", State: seal.Live,
				CreatedAt: noon, Wrapped: append(sentinel("key "+p, i), make([]byte, 40)...)}
			_, err := sealKeys{s.db}.CreateKey(bg, seal.Vault{Tenant: "t", Memory: "default"}, k, "")
			s.must(err)
			if p == "ann" {
				marks = append(marks, k.Wrapped[:16])
			}
		}
	}
	for i := range grains {
		g := stored(fmt.Sprint("g", i))
		g.Person = [...]string{"ann", "bob"}[i%2]
		g.ScopePath, g.KeyID = fmt.Sprint("s", i%40), fmt.Sprint(g.Person, i%40)
		g.Box = append(append(make([]byte, (i*37)%5000), sentinel("box", i)...), make([]byte, i%100)...)
		g.Subject, g.Name = sentinel("subject", i), sentinel("name", i)
		term := fmt.Sprint("term", i)
		own := [][]byte{sentinel("box", i), g.Subject, g.Name, []byte(token(1, term))[4:]}
		steps := []store.Step{put(g, "")}
		if i%3 == 0 {
			later := newer(g, fmt.Sprint("later", i))
			later.Box = append(sentinel("later", i), g.Box...)
			own = append(own, sentinel("later", i))
			steps = append(steps, put(later, g.Hash))
			g = later
		}
		_, err := s.commit(steps...)
		s.must(err)
		s.must(index{s.db}.Put(bg, []store.Document{{Memory: mem1, Hash: g.Hash, Terms: []string{term, "shared"}}}))
		if g.Person == "ann" {
			marks = append(marks, own...)
		}
	}
	return marks
}

func TestAnErasureLeavesNothingInAnyFile(t *testing.T) {
	s := open(t)
	marks := s.twoPeople(600)
	before := s.files()
	for i, m := range marks {
		if len(found(before, m)) == 0 {
			t.Fatalf("mark %d is not found before: the control fails", i)
		}
	}
	lineages := 0
	err := s.erase(bg, seal.Selector{Person: "ann"}, func(k []seal.KeyRecord, g []store.Stored) ([]change.Change, error) {
		if lineages = len(g); len(k) != 40 {
			return nil, fmt.Errorf("%d keys", len(k))
		}
		return []change.Change{{ID: "E", Cause: events.Erased, UserID: "ann", Count: len(g)}}, nil
	})
	s.must(err)
	if lineages != 300 {
		t.Errorf("%d lineages", lineages)
	}
	left, after := 0, s.files()
	for i, m := range marks {
		if in := found(after, m); len(in) > 0 {
			if left++; left < 6 {
				t.Errorf("mark %d of %d is still found in %v", i, len(marks), in)
			}
		}
	}
	if left > 0 {
		t.Errorf("%d marks are left", left)
	}
	for i := 1; i < 600; i += 2 { // and bob's are whole
		if len(found(after, sentinel("box", i))) == 0 {
			t.Fatalf("grain %d of another person is gone", i)
		}
	}
	page, err := grains{s.db}.Scan(bg, mem1, store.Filter{}, "", 1000)
	if err != nil || page.Total != 300 || len(page.Grains) != 300 {
		t.Error(page.Total, len(page.Grains), err)
	}
}

func TestAnErasureTakesExactlyItsPairs(t *testing.T) {
	s := open(t)
	for i, scope := range []string{"acme/prod", "acme/prod/eu", "acme/production", "acme", "Acme/prod"} {
		s.addKey(mem1, fmt.Sprint("s", i), seal.Pair{Scope: scope})
		g := stored(scope)
		g.ScopePath, g.KeyID = scope, fmt.Sprint("s", i)
		_, err := s.commit(put(g, ""))
		s.must(err)
	}
	// A lineage whose older version lies under a key that goes.
	mover := newer(stored("acme/prod"), "moved")
	mover.ScopePath, mover.KeyID = "acme", "s3"
	_, err := s.commit(put(mover, hashOf("acme/prod")))
	s.must(err)
	stop := errors.New("stop")
	if err := s.erase(bg, seal.Selector{Scope: "acme/prod"}, func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) {
		return nil, stop
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for range 2 { // a repetition finds nothing and harms nothing
		s.must(s.erase(bg, seal.Selector{Scope: "acme/prod"}, all))
		for name, want := range map[string]store.State{
			"acme/prod/eu": store.Gone, "acme/production": store.Current, "acme": store.Current, "Acme/prod": store.Current,
			"acme/prod": store.Superseded, "moved": store.Current,
		} {
			got, err := grains{s.db}.Load(bg, mem1, store.Ref{Hash: hashOf(name)})
			if err != nil || got.State != want || (got.Box == nil) != (want != store.Current) {
				t.Errorf("%s: %+v %v", name, got, err)
			}
		}
	}
	v := seal.Vault{Tenant: "t", Memory: "default"}
	if k, found, err := (sealKeys{s.db}).KeyByID(bg, v, "s0"); err != nil || !found || k.State != seal.Destroyed || k.Wrapped != nil {
		t.Error(k, found, err)
	}
	if _, found, err := (sealKeys{s.db}).CurrentKey(bg, v, seal.Pair{Scope: "acme/prod"}); found || err != nil {
		t.Error(found, err)
	}
	g := stored("late")
	g.ScopePath, g.KeyID = "acme/prod", "s0"
	_, err = s.commit(put(g, ""))
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) || conflict.Reason != store.KeyGone {
		t.Error(err)
	}
}

func TestAnErasureWaitsForReaders(t *testing.T) {
	s := open(t)
	s.add("a")
	tx, err := s.readers.Begin()
	s.must(err)
	var n int
	s.must(tx.QueryRow("SELECT count(*) FROM grain").Scan(&n))
	erased := make(chan error)
	go func() { erased <- s.erase(bg, seal.Selector{Scope: "default"}, all) }()
	s.add("b", "c") // writers are not held up for long
	select {
	case err := <-erased:
		t.Fatal("it did not wait:", err)
	default:
	}
	s.must(tx.Rollback())
	s.must(<-erased)
}

func TestARemovedMemoryLeavesNothing(t *testing.T) {
	s := open(t)
	g := stored("a")
	g.Box = sentinel("box", 1)
	_, err := s.commit(put(g, ""))
	s.must(err)
	s.addHook("hook-1")
	if err := (memories{s.db}).Remove(bg, mem1); err == nil {
		t.Fatal("a memory with hooks was removed")
	}
	s.must(hooks{s.db}.Remove(bg, mem1, "hook-1"))
	s.must(memories{s.db}.Remove(bg, mem1))
	if in := found(s.files(), sentinel("box", 1)); len(in) > 0 {
		t.Error("still in", in)
	}
	if _, err := (memories{s.db}).Get(bg, mem1); err == nil {
		t.Error("it is still there")
	}
	s.addMemory(mem1)
	if s.head() != 0 {
		t.Error("the new one has an old log")
	}
}

func TestAnErasureKeepsTheCountsRight(t *testing.T) {
	s := open(t)
	s.twoPeople(120)
	s.must(s.erase(bg, seal.Selector{Person: "ann"}, all))
	for query, want := range map[string]int{
		"SELECT sum(grains) FROM shelf WHERE person='ann'":                                                0,
		"SELECT sum(named) + sum(bytes) FROM shelf WHERE person='ann'":                                    0,
		"SELECT sum(grains) FROM shelf":                                                                   60,
		"SELECT sum(count) - (SELECT count(*) FROM doc) FROM docs":                                        0,
		"SELECT count(*) FROM doc":                                                                        60,
		"SELECT count(*) FROM grain WHERE state<>2 AND shelf IN (SELECT n FROM shelf WHERE person='ann')": 0,
	} {
		var got int
		if _, err := s.db.row(query, nil, &got); err != nil || got != want {
			t.Errorf("%s is %d, want %d, %v", query, got, want, err)
		}
	}
}

func TestACallerThatLeavesDoesNotLeaveTheLogFull(t *testing.T) {
	s := open(t)
	marks := s.twoPeople(40)
	ctx, leave := context.WithCancel(bg)
	s.must(s.erase(ctx, seal.Selector{Person: "ann"}, func([]seal.KeyRecord, []store.Stored) ([]change.Change, error) {
		leave()
		return nil, nil
	}))
	for i, files := 0, s.files(); i < len(marks); i++ {
		if in := found(files, marks[i]); len(in) > 0 {
			t.Fatalf("mark %d is still found in %v", i, in)
		}
	}
}

func TestAStartEmptiesTheLog(t *testing.T) {
	s := open(t)
	s.twoPeople(10)
	crashed := t.TempDir() // what a process that was ended then leaves behind
	for _, name := range []string{FileName, FileName + "-wal"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		s.must(err)
		s.must(os.WriteFile(filepath.Join(crashed, name), data, 0o600))
	}
	_, closeAll, err := openDB(bg, Config{Dir: crashed})
	s.must(err)
	defer closeAll()
	if left, err := os.Stat(filepath.Join(crashed, FileName+"-wal")); err != nil || left.Size() > 0 {
		t.Errorf("the log has %d bytes, %v", left.Size(), err)
	}
}
