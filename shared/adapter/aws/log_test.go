package aws_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
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
