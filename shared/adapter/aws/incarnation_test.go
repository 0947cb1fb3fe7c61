package aws

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var again = change.Memory{Tenant: "acme", ID: "again"}

// made makes the memory, by a clock that is so far ahead.
func (s *shop) made(ahead time.Duration) {
	s.Helper()
	s.must(registry{s.Adapter}.Put(s.Context(), store.Instance{Memory: again, CreatedAt: s.now.Add(ahead).UnixMilli(), Version: 1}))
}

// removed removes the memory, by a clock that is so far ahead.
func (s *shop) removed(ahead time.Duration) {
	s.Helper()
	s.now = s.now.Add(ahead)
	s.must(remover{s.Adapter}.Remove(s.Context(), again))
	s.now = s.now.Add(-ahead)
}

// written writes the n-th change of the memory and returns what the stream tells.
func (s *shop) written(n int) table.Record {
	s.Helper()
	c := change.Change{ID: fmt.Sprintf("%026d", n), Memory: again, Cause: events.Recalled, At: s.now.UnixMilli()}
	r := table.Record{ID: c.ID, Key: markerKey(again, c.ID), New: changeAttrs(c, s.now)}
	s.must(s.main.Write(s.Context(), table.Op{Key: r.Key, Set: r.New}))
	return r
}

func (s *shop) fanout(records ...table.Record) {
	s.Helper()
	_, err := s.Fanout(s.Context(), records)
	s.must(err)
}

// standing checks the log's bounds, and that it tells these changes and no more.
func (s *shop) standing(want feed.Bounds, changes ...int) {
	s.Helper()
	b, err := logs{s.Adapter}.Bounds(s.Context(), again)
	s.must(err)
	all, err := logs{s.Adapter}.Read(s.Context(), again, want.Floor-1, 10)
	s.must(err)
	var ids []string
	for _, e := range all {
		ids = append(ids, strings.TrimLeft(e.Change.ID, "0"))
	}
	if told := strings.Join(ids, " "); b != want || told != strings.Trim(fmt.Sprint(changes), "[]") {
		s.Errorf("within %+v the log tells %q, not %v within %+v", b, told, changes, want)
	}
}

func TestNoClockTakesAYoungMemorysChanges(t *testing.T) {
	for _, ahead := range []time.Duration{0, 3 * time.Second, 10 * time.Minute, -10 * time.Minute} {
		s := newShop(t)
		s.made(ahead)
		first := s.written(1)
		s.fanout(first)
		s.standing(feed.Bounds{Head: 1, Floor: 1}, 1)
		late := s.written(2)
		s.removed(ahead)
		s.made(ahead)
		s.fanout(late, s.written(3), first)
		s.standing(feed.Bounds{Head: 1, Floor: 1}, 3)
		s.now = s.now.Add(2 * time.Hour)
		s.fanout(late, s.written(4))
		s.standing(feed.Bounds{Head: 2, Floor: 1}, 3, 4)
	}
}

func TestWhatWasToldLongBeforeARemovalIsNotTheSuccessors(t *testing.T) {
	s := newShop(t)
	s.made(0)
	old := s.written(1)
	s.now = s.now.Add(2 * time.Hour)
	s.removed(0)
	s.made(0)
	s.must(s.main.Write(t.Context(), table.Op{Key: old.Key, Set: s.written(2).New})) // a row of the same key
	s.fanout(old)
	s.standing(feed.Bounds{Head: 0, Floor: 1})
}

// outlived writes a chunk whose memory is removed before it arrives.
func outlived(t *testing.T, meanwhile func(*shop)) *shop {
	s := newShop(t)
	s.made(0)
	s.fanout(s.written(1))
	late := s.written(2)
	s.before = func(ops []table.Op) error {
		if strings.HasPrefix(ops[0].Key.Sort, sortChunk) {
			s.before = nil
			s.removed(0)
			s.now = s.now.Add(10 * time.Second)
			meanwhile(s)
		}
		return nil
	}
	s.fanout(late)
	return s
}

func TestAChunkThatOutlivesItsMemoryIsTakenBack(t *testing.T) {
	s := outlived(t, func(s *shop) { s.made(0) })
	s.standing(feed.Bounds{Head: 0, Floor: 1})
	s.fanout(s.written(3))
	s.standing(feed.Bounds{Head: 1, Floor: 1}, 3)

	s = outlived(t, func(*shop) {})
	s.made(0)
	s.standing(feed.Bounds{Head: 0, Floor: 1})
}

func TestALogBeginsBehindAChunkThatOutlivedItsMemory(t *testing.T) {
	s := outlived(t, func(s *shop) {
		s.made(0)
		s.before = func(ops []table.Op) error {
			if ops[0].Action == table.Delete {
				s.before = nil
				s.fanout(s.written(3)) // behind the chunk that is about to go
			}
			return nil
		}
	})
	s.standing(feed.Bounds{Head: 3, Floor: 3}, 3)
	if _, err := (logs{s.Adapter}).Read(t.Context(), again, 0, 10); fault.KindOf(err) != fault.Compacted {
		t.Errorf("from before its beginning: %v", err)
	}
	s.fanout(s.written(4))
	s.standing(feed.Bounds{Head: 4, Floor: 3}, 3, 4)
}
