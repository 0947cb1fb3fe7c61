package inspect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// lineage is the versions of one grain, the oldest first, in a cloud that keeps
// no seq beside them.
type lineage []store.Stored

func (l lineage) Load(_ context.Context, _ change.Memory, ref store.Ref) (store.Stored, error) {
	for _, v := range l {
		if v.Hash == ref.Hash {
			return v, nil
		}
	}
	return l[len(l)-1], nil
}

// A version's time is what its author says of it.
func TestAHistoryLeadsPastABackdatedVersion(t *testing.T) {
	c, all := &chronicle{floor: 1}, lineage{}
	name := func(i int) string { return strings.Repeat(fmt.Sprint(i), 64) }
	for i := range 9000 {
		at := noon.Add(time.Duration(i) * time.Second)
		c.tell(events.Created, at)
		if i%2000 != 0 {
			continue
		}
		v := store.Stored{Hash: name(len(all) + 1), Lineage: name(1), Version: len(all) + 1, CreatedAt: at.Add(-1000 * time.Hour).UnixMilli()}
		if len(all) > 0 {
			e := &c.entries[i].Change
			e.Cause, e.Hash, e.Superseded = events.Superseded, v.Hash, all[len(all)-1].Hash
		}
		all = append(all, v)
	}
	h, err := inspect.New(inspect.Config{Log: c, Kept: c, Grains: all, Memories: &together{}}).History(t.Context(), home, name(1))
	if err != nil || len(h.Versions) != 5 || h.Truncated || h.Versions[1].Seq != 6001 {
		t.Errorf("%d versions, %v", len(h.Versions), err)
	}
	if c.read > 40_000 {
		t.Errorf("%d entries were read", c.read)
	}
}
