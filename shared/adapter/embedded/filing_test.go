package embedded

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// unfile takes a database back to before the step that files hashes.
const unfile = `DROP TABLE filed; DROP TABLE filing; CREATE UNIQUE INDEX grain_hash ON grain (memory, hash); PRAGMA user_version=4; `

// fewUnfiled is a bound that a test reaches.
const fewUnfiled = 8

func openFew(tb testing.TB) *bed {
	s := open(tb)
	s.few = fewUnfiled
	s.again()
	return s
}

// checkFiled compares the table with the grains: no hash stands twice, each is
// filed or found among what is not, and all up to the mark are filed.
func (s *bed) checkFiled(tb testing.TB) {
	tb.Helper()
	one := func(query string) (n int) {
		_, err := s.row(query, nil, &n)
		s.must(err)
		return n
	}
	const asIs = "FROM filed f JOIN grain g ON g.n=f.n AND g.memory=f.memory AND g.hash=f.hash"
	filed, correct := one("SELECT count(*) FROM filed"), one("SELECT count(*) "+asIs)
	if filed != correct {
		tb.Errorf("of %d that are filed %d lead to their grains", filed, correct)
	}
	if n := one("SELECT count(*) FROM (SELECT 1 FROM grain GROUP BY memory, hash HAVING count(*) > 1)"); n > 0 {
		tb.Errorf("%d hashes stand more than once", n)
	}
	var waits []int64
	s.must(s.rows(bg, "SELECT n FROM grain WHERE n NOT IN (SELECT f.n "+asIs+") ORDER BY n", nil, func(scan func(...any) error) error {
		waits = append(waits, 0)
		return scan(&waits[len(waits)-1])
	}))
	var known []int64
	for _, g := range s.unfiled.list(0) {
		known = append(known, g.n)
	}
	if slices.Sort(known); !slices.Equal(known, waits) {
		tb.Errorf("%d grains are not filed, and %d are known to wait", len(waits), len(known))
	}
	if n := one("SELECT count(*) FROM grain WHERE n <= (SELECT n FROM filing) AND n NOT IN (SELECT f.n " + asIs + ")"); n > 0 {
		tb.Errorf("%d grains up to the mark are not filed", n)
	}
}

func (s *bed) waiting() int { return len(s.unfiled.list(0)) }

func TestAGrainIsFoundWhileItWaitsAndWhenItIsFiled(t *testing.T) {
	s := openFew(t)
	name := func(i int) string { return fmt.Sprint("grain ", i) }
	const many = 40 * fewUnfiled
	for i := range many {
		s.add(name(i))
		if n := s.waiting(); n > 2*fewUnfiled {
			t.Fatalf("after %d grains %d are not filed", i+1, n)
		}
	}
	find := func() {
		t.Helper()
		for i := range many {
			h := hashOf(name(i))
			for _, ref := range []store.Ref{{Hash: h}, {Lineage: h}, {Prefix: h[:change.IDDigits]}} {
				s.boxes.forget(boxOf{mem1, h})
				if got, err := (grains{s.db}).Load(bg, mem1, ref); err != nil || got.Hash != h {
					t.Fatalf("grain %d by %+v: %v, %v", i, ref, got.Hash, err)
				}
			}
			if done, err := s.commit(put(stored(name(i)), "")); err != nil || !done.Existing[0] {
				t.Fatalf("grain %d was added again: %+v, %v", i, done, err)
			}
		}
		s.checkFiled(t)
	}
	find()
	s.again()
	find()
}

func TestWhatARefusedBatchAddedIsNotFound(t *testing.T) {
	s := openFew(t)
	for i := range 3 * fewUnfiled {
		a, b := stored(fmt.Sprint("a", i)), stored(fmt.Sprint("b", i))
		if _, err := s.commit(put(a, ""), put(newer(b, "no such"), b.Hash)); err == nil {
			t.Fatal("a batch was taken that supersedes nothing")
		}
		if _, err := (grains{s.db}).Load(bg, mem1, store.Ref{Hash: a.Hash}); fault.KindOf(err) != fault.NotFound {
			t.Fatal("what a refused batch added is found", err)
		}
		if i%2 == 0 {
			if done, err := s.commit(put(a, "")); err != nil || done.Existing[0] {
				t.Fatal(done, err)
			}
		}
	}
	s.checkFiled(t)
	for i := range 3 * fileAtOnce { // none of which is made good for
		_, _ = s.commit(put(stored(fmt.Sprint("never ", i)), ""), put(newer(stored("none"), "no such"), hashOf("none")))
	}
	s.checkFiled(t)
	for i := range 5 * fileAtOnce {
		s.add(fmt.Sprint("after ", i))
	}
	s.checkFiled(t)
}

func TestAStartWithManyThatWaitFilesThemBitByBit(t *testing.T) {
	s := open(t)
	const many = 20 * fileAtOnce
	for i := range many {
		s.add(fmt.Sprint("g", i))
	}
	s.few = fewUnfiled
	s.again()
	s.add("one more")
	if n := s.waiting(); n < many-2*fileAtOnce {
		t.Errorf("one write filed %d grains", many+1-n)
	}
	for i := range 3 * many {
		s.add(fmt.Sprint("more ", i))
	}
	if n := s.waiting(); n > 4*fileAtOnce {
		t.Errorf("after many writes %d wait", n)
	}
	s.checkFiled(t)
}

func TestWhatIsFiledAndLeadsNowhereIsMadeGood(t *testing.T) {
	s := openFew(t)
	s.must(s.writer.do(bg, func(t *tx) error {
		_, err := t.exec("INSERT INTO filed SELECT n, ?, 999999 FROM memory", hex64(hashOf("a")).value())
		return err
	}))
	s.add("a")
	for i := range 5 * fewUnfiled {
		s.add(fmt.Sprint("more ", i))
	}
	s.checkFiled(t)
}

func TestAGrainIsFoundWhileItIsForgottenAndAddedAgain(t *testing.T) {
	s := openFew(t)
	g := stored("a")
	s.add("a")
	done := make(chan struct{})
	var reads sync.WaitGroup
	for range 2 {
		reads.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				s.boxes.forget(boxOf{mem1, g.Hash})
				if _, err := (grains{s.db}).Load(bg, mem1, store.Ref{Hash: g.Hash}); err != nil {
					t.Error("a grain that always stood was not found", err)
					return
				}
			}
		})
	}
	for i := range 200 {
		_, err := s.commit(forget(g))
		s.must(err)
		s.add("a", fmt.Sprint("more ", i))
	}
	close(done)
	reads.Wait()
}

func TestARemovedMemoryLeavesNothingToFile(t *testing.T) {
	s := open(t)
	other := change.Memory{Tenant: "t", ID: "other"}
	s.addMemory(other)
	s.addKey(other, "k1", seal.Pair{})
	for i := range 3 * fileAtOnce {
		step := put(stored(fmt.Sprint("theirs ", i)), "")
		step.Change.Memory = other
		_, err := grains{s.db}.Commit(bg, store.Write{Memory: other, Steps: []store.Step{step}})
		s.must(err)
	}
	n := s.rooms.peek(other).row.n
	if len(s.unfiled.list(n)) != 3*fileAtOnce {
		t.Fatal("not all of its grains wait: the test shows nothing")
	}
	s.unfiled.most, s.unfiled.due = fewUnfiled, 2*fileAtOnce // the removal's own commit begins to file
	s.must(memories{s.db}.Remove(bg, other))
	s.checkFiled(t)
	for i := range 4 * fewUnfiled {
		s.add(fmt.Sprint("mine ", i))
	}
	s.checkFiled(t)
	if left := s.unfiled.list(n); len(left) > 0 {
		t.Errorf("of a removed memory %d grains wait to be filed", len(left))
	}
}

func TestAMemoryWhoseRemovalFailsKeepsWhatWaits(t *testing.T) {
	s := openFew(t)
	s.add("a", "b", "c")
	refused := errors.New("refused")
	if err := s.writer.do(bg, func(t *tx) error {
		in, err := t.existing(mem1)
		if err == nil {
			err = t.removeMemory(in)
		}
		return cmp.Or(err, refused)
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		s.boxes.forget(boxOf{mem1, hashOf(name)})
		if _, err := (grains{s.db}).Load(bg, mem1, store.Ref{Hash: hashOf(name)}); err != nil {
			t.Error(name, err)
		}
	}
	s.checkFiled(t)
}

func TestTwoHashesThatBeginAlikeAreTwoGrains(t *testing.T) {
	s := openFew(t)
	a := stored("a")
	b := *a
	b.Hash = a.Hash[:change.IDDigits] + hashOf("b")[change.IDDigits:]
	b.Lineage = b.Hash
	for range 2 {
		for _, g := range []*store.Stored{a, &b} {
			_, err := s.commit(put(g, ""))
			s.must(err)
			s.boxes.forget(boxOf{mem1, g.Hash})
			if got, err := (grains{s.db}).Load(bg, mem1, store.Ref{Hash: g.Hash}); err != nil || got.Hash != g.Hash {
				t.Error(got.Hash, err)
			}
		}
		for i := range 4 * fewUnfiled { // files them
			s.add(fmt.Sprint("more ", i))
		}
	}
}

func TestASchemaThatHadNoFilingIsBroughtUpToDate(t *testing.T) {
	s := openFew(t)
	a := stored("a")
	_, err := s.commit(put(a, ""))
	s.must(err)
	_, err = s.commit(put(newer(a, "a2"), a.Hash))
	s.must(err)
	s.add("b", "c")
	s.must(s.close())
	alter(t, s.dir, unfile)
	s.start()
	s.checkFiled(t)
	if n := s.waiting(); n > 0 {
		t.Errorf("%d grains were not filed", n)
	}
	for _, h := range []string{a.Hash, hashOf("a2"), hashOf("b"), hashOf("c")} {
		if got, err := (grains{s.db}).Load(bg, mem1, store.Ref{Hash: h}); err != nil || got.Hash != h || len(got.Box) == 0 {
			t.Error(got, err)
		}
	}
	pool, err := sql.Open("sqlite", filepath.Join(s.dir, FileName))
	s.must(err)
	defer pool.Close()
	var says string
	s.must(pool.QueryRow("PRAGMA integrity_check").Scan(&says))
	if says != "ok" {
		t.Error(says)
	}
}

// TestFilingIsUnseen lets writes, forgets, erasures and restarts happen in any
// order, with a bound that is reached all the time, and compares what is found
// by hash with what a plain map says.
func TestFilingIsUnseen(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			f := filer{bed: openFew(t), draw: rand.New(rand.NewPCG(seed, 1)), heads: map[string]*store.Stored{}, all: map[string]*store.Stored{}}
			f.newKey()
			for range 60 {
				[]func(){f.put, f.put, f.replace, f.replace, f.forget, f.others, f.erase, f.restart}[f.draw.IntN(8)]()
				f.check(t)
			}
		})
	}
}

// filer knows every grain that it has stored.
type filer struct {
	*bed
	draw  *rand.Rand
	keys  int
	count int
	heads map[string]*store.Stored // by name: the current grain of its lineage
	all   map[string]*store.Stored // by hash, with the state that it has to have
}

// newKey makes the key of a person whose grains are those with short names.
func (f *filer) newKey() {
	f.keys++
	f.addKey(mem1, fmt.Sprint("ann", f.keys), seal.Pair{Person: "ann"})
}

func (f *filer) name() string { return [...]string{"a", "b", "c", "dd", "ee", "ff"}[f.draw.IntN(6)] }

func (f *filer) grain(name string) *store.Stored {
	g := stored(name)
	if len(name) == 1 {
		g.Person, g.KeyID = "ann", fmt.Sprint("ann", f.keys)
	}
	return g
}

func (f *filer) stand(name string, g *store.Stored) {
	f.heads[name] = g
	f.all[g.Hash] = g
}

func (f *filer) put() {
	name := f.name()
	g, head := f.grain(name), f.heads[name]
	done, err := f.commit(put(g, ""))
	switch {
	case head == nil:
		f.must(err)
		f.stand(name, g)
	case head.Version == 1 && (err != nil || !done.Existing[0]), head.Version > 1 && err == nil:
		f.tb.Fatalf("adding %s, whose version %d stands: %+v, %v", name, head.Version, done, err)
	}
}

func (f *filer) replace() {
	name := f.name()
	head := f.heads[name]
	if head == nil {
		return
	}
	f.count++
	next := newer(head, fmt.Sprint(name, " version ", f.count))
	_, err := f.commit(put(next, head.Hash))
	f.must(err)
	head.State = store.Superseded
	f.stand(name, next)
}

func (f *filer) forget() {
	name := f.name()
	if head := f.heads[name]; head != nil {
		_, err := f.commit(forget(head))
		f.must(err)
		f.end(name)
	}
}

// end is what a forget or an erasure makes of a lineage.
func (f *filer) end(name string) {
	for _, g := range f.all {
		if g.Lineage == f.heads[name].Lineage {
			g.State = store.Gone
		}
	}
	delete(f.heads, name)
}

func (f *filer) others() {
	var steps []store.Step
	for range 1 + f.draw.IntN(2*fewUnfiled) {
		f.count++
		g := stored(fmt.Sprint("other ", f.count))
		f.all[g.Hash] = g
		steps = append(steps, put(g, ""))
	}
	_, err := f.commit(steps...)
	f.must(err)
}

func (f *filer) erase() {
	f.must(f.bed.erase(bg, seal.Selector{Person: "ann"}, all))
	for _, name := range slices.Collect(maps.Keys(f.heads)) {
		if len(name) == 1 {
			f.end(name)
		}
	}
	f.newKey()
}

func (f *filer) restart() { f.again() }

func (f *filer) check(t *testing.T) {
	t.Helper()
	f.boxes.drop(func(boxOf) bool { return true })
	for hash, want := range f.all {
		got, err := (grains{f.db}).Load(bg, mem1, store.Ref{Hash: hash})
		if err != nil || got.State != want.State || got.Lineage != want.Lineage {
			t.Fatalf("%s is of %s in state %v, %v; want %s, %v", hash, got.Lineage, got.State, err, want.Lineage, want.State)
		}
	}
	f.checkFiled(t)
}
