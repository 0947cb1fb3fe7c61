package aws_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

func TestALargeBatchBecomesSeveralChunks(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		random := rand.NewChaCha8([32]byte{})
		var ids []string
		for range 60 {
			r.content = make([]byte, 12<<10)
			_, _ = random.Read(r.content)
			ids = append(ids, r.raise(1)...)
		}
		r.content = nil
		ids = append(ids, r.raise(1200)...)
		r.tell(r.adapter(r.main), r.records())
		if n := len(r.chunks()); n != 4 {
			r.Errorf("720 KiB in 60 changes and 1200 small ones are in %d chunks, not 4", n)
		}
		if got := r.log(); !slices.Equal(got, ids) {
			r.Errorf("%d changes became %d entries, or another order", len(ids), len(got))
		}
		r.once(1, ids)
	})
}

func TestALargeBacklogHoldsNoBatchUp(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		a := r.adapter(r.main)
		r.turn("h", hook.Paused)
		ids := r.raise(7000)
		r.tell(a, r.records())
		r.turn("h", hook.Active)
		resumed := r.records()
		r.tell(a, resumed)
		if n := len(r.inLine()); n != 2000 {
			r.Errorf("in the batch that told of the resumed hook %d of 7000 jobs were put in line", n)
		}
		ids = append(ids, r.raise(1)...)
		r.tell(a, r.records())
		if got := r.log(); len(got) != len(ids) || len(r.inLine()) != 4000 {
			r.Errorf("with the next batch %d changes are in the log and %d jobs in line", len(got), len(r.inLine()))
		}
		_, err := a.Upkeep(r.Context()) // the memory falls silent
		r.must(err)
		r.once(2, ids)
		ids = append(ids, r.raise(1)...)
		r.tell(a, r.records())
		r.once(2, ids)
		if sent := r.inLine(); !slices.IsSorted(sent) {
			r.Error("jobs are in line out of order")
		}
	})
}

func TestOldChunksOfASilentLogGo(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		a := r.adapter(r.main)
		upkeep := func(want map[int64]int64) {
			r.Helper()
			_, err := a.Upkeep(r.Context())
			r.must(err)
			if got := r.chunks(); !maps.Equal(got, want) {
				r.Errorf("chunks %v stand, not %v", got, want)
			}
		}
		for range 3 {
			r.raise(2)
			r.tell(a, r.records())
			r.must(pause(r.Context(), 10*time.Hour))
		}
		r.must(r.cloud.Compactor.Compact(r.Context(), r.mem, 7))
		r.must(r.cloud.HookRemover.Remove(r.Context(), r.mem, "h"))
		upkeep(map[int64]int64{2: 2, 4: 2})
		r.must(pause(r.Context(), 10*time.Hour))
		upkeep(map[int64]int64{4: 2})
		r.must(pause(r.Context(), 10*time.Hour))
		upkeep(map[int64]int64{4: 0})
		upkeep(map[int64]int64{4: 0})
		if b, err := r.cloud.Log.Bounds(r.Context(), r.mem); err != nil || b != (feed.Bounds{Head: 6, Floor: 7}) {
			r.Errorf("the bounds are %+v, %v", b, err)
		}
	})
}

func TestPagesAndAgesAgreeWithTheWholeLog(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		random := rand.New(rand.NewPCG(3, 4))
		a := r.adapter(r.main)
		for range 40 {
			r.raise(1 + random.IntN(4))
			r.must(pause(r.Context(), time.Duration(random.IntN(90))*time.Minute))
			if random.IntN(2) == 0 {
				r.tell(a, r.records())
			}
		}
		r.tell(a, r.records())
		all, err := r.cloud.Log.Read(r.Context(), r.mem, 0, 1000)
		r.must(err)
		head := int64(len(all))
		for floor := int64(1); floor <= head+1; floor += 1 + random.Int64N(9) {
			r.must(r.cloud.Compactor.Compact(r.Context(), r.mem, floor))
			for range 8 {
				r.compare(all, floor, random.Int64N(head+3), random.IntN(40))
				r.compareAge(all, floor, all[random.IntN(len(all))].Change.At+int64(random.IntN(3))-1)
			}
		}
	})
}

// compare reads a page and holds it against the whole log.
func (r *road) compare(all []feed.Entry, floor, after int64, limit int) {
	r.Helper()
	page, err := r.cloud.Log.Read(r.Context(), r.mem, after, limit)
	if after+1 < floor {
		if fault.KindOf(err) != fault.Compacted {
			r.Errorf("reading after seq %d below the floor %d: %v", after, floor, err)
		}
		return
	}
	r.must(err)
	from := min(after, int64(len(all)))
	want := all[from:min(from+int64(limit), int64(len(all)))]
	same := func(a, b feed.Entry) bool { return a.Seq == b.Seq && a.Change.ID == b.Change.ID }
	if !slices.EqualFunc(page, want, same) {
		r.Errorf("up to %d entries after seq %d are %d, not %d", limit, after, len(page), len(want))
	}
}

// compareAge asks how much is older than a time and holds it against the log.
func (r *road) compareAge(all []feed.Entry, floor, old int64) {
	r.Helper()
	want := feed.Age{Memory: r.mem, Bounds: feed.Bounds{Head: int64(len(all)), Floor: floor}, Needed: floor}
	for _, e := range all[floor-1:] {
		if e.Change.At < old {
			want.OldSeq = e.Seq
		}
	}
	got, err := r.cloud.Compactor.Ages(r.Context(), old)
	if err != nil || len(got) != 1 || got[0] != want {
		r.Errorf("of a log with floor %d, asked for %d: %+v, %v, not %+v", floor, old, got, err, want)
	}
}

func TestAMemoryWithoutALogHasNoAge(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		if ages, err := r.cloud.Compactor.Ages(r.Context(), 1); err != nil || len(ages) != 0 {
			r.Errorf("ages %+v, %v", ages, err)
		}
		nowhere := change.Memory{Tenant: "acme", ID: "nowhere"}
		for name, ask := range map[string]func() error{
			"Bounds":  func() error { _, err := r.cloud.Log.Bounds(r.Context(), nowhere); return err },
			"Read":    func() error { _, err := r.cloud.Log.Read(r.Context(), nowhere, 0, 1); return err },
			"Kept":    func() error { _, err := r.cloud.Compactor.Kept(r.Context(), nowhere, 0, 1); return err },
			"Compact": func() error { return r.cloud.Compactor.Compact(r.Context(), nowhere, 1) },
		} {
			if err := ask(); err == nil || fault.KindOf(err) != fault.NotFound {
				r.Errorf("%s of a memory that is not there: %v", name, err)
			}
		}
	})
}
