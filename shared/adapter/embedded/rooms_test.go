package embedded

import (
	"context"
	"fmt"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func TestMoreMemoriesThanAreHeld(t *testing.T) {
	s := open(t)
	s.addHook("hook-1")
	s.add("a")
	waited := make(chan error)
	go func() { waited <- logs{s.db}.Wait(context.WithoutCancel(bg), mem1, 1) }()
	s.must(s.writer.do(bg, func(t *tx) error {
		for i := range maxRooms {
			m := change.Memory{Tenant: "t", ID: fmt.Sprint("m", i)}
			in, err := t.draft(m)
			if err != nil {
				return err
			}
			in.row = memoryRow{Instance: store.Instance{Memory: m, Version: 1}, floor: 1}
			if in.row.n, err = t.insert("INSERT INTO memory (tenant, id, name, description, policies, created_at, version) VALUES (?,?,'','','null',1,1)",
				m.Tenant, m.ID); err != nil {
				return err
			}
		}
		return nil
	}))
	if held := len(s.rooms.byName); held > maxRooms || held != len(s.rooms.byN) {
		t.Fatalf("%d memories are held by name, %d by number", held, len(s.rooms.byN))
	}
	if r := s.rooms.peek(mem1); r != nil {
		s.rooms.leave(r) // as if it were the one to go
	}
	row, err := s.hookByN(bg, 1)
	if err != nil || row == nil || row.ID != "hook-1" {
		t.Fatal(row, err)
	}
	s.add("b")
	s.must(<-waited)
	checkChains(t, s, map[string]int64{"hook-1": 0})
	if _, err := (memories{s.db}).Get(bg, change.Memory{Tenant: "t", ID: "m0"}); err != nil {
		t.Error(err)
	}
}

func TestTheTailsAreBoundedByBytes(t *testing.T) {
	s := open(t)
	entry := func(i int64) feed.Entry {
		return feed.Entry{Seq: i, Change: change.Change{Content: make([]byte, 1<<20)}}
	}
	s.add("a")
	r := s.rooms.peek(mem1)
	for i := range int64(100) {
		s.rooms.publish([]*draft{{room: r, row: r.row, seen: r.seen, entries: []feed.Entry{entry(i)}}})
		if s.rooms.bytes > maxTailBytes || s.rooms.bytes != sizeOf(r.tail) {
			t.Fatalf("%d bytes are held, %d counted", sizeOf(r.tail), s.rooms.bytes)
		}
	}
}
