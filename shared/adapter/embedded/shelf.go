package embedded

import "github.com/memhooks/memhooks/shared/memory/store"

// counts are a shelf's current grains.
type counts struct{ grains, named, bytes int }

// count notes that a current grain of a shelf came (by = 1) or went (by = -1).
func (in *draft) count(shelf int64, s *store.Stored, by int) {
	if in.counts == nil {
		in.counts = make(map[int64]counts, 1)
	}
	c := in.counts[shelf]
	c.grains += by
	c.bytes += by * len(s.Box)
	if s.Name != nil {
		c.named += by
	}
	in.counts[shelf] = c
}

func (t *tx) storeCounts(in *draft) error {
	for shelf, by := range in.counts {
		if by == (counts{}) {
			continue
		}
		if _, err := t.exec("UPDATE shelf SET grains=grains+?, named=named+?, bytes=bytes+? WHERE n=?",
			by.grains, by.named, by.bytes, shelf); err != nil {
			return err
		}
	}
	return nil
}

// shelves remembers shelves whose key is live, so that a write need not ask.
// It is the writer's alone, holds what is committed only, and starts anew when
// it is full or a key is destroyed.
type shelves map[shelfOf]int64

type shelfOf struct {
	memory                                  int64
	key, kind, namespace, person, scopePath string
}

const maxShelves = 16384

// shelf returns the shelf of a grain, and makes it; false where the grain's
// key is not live.
func (t *tx) shelf(in *draft, s *store.Stored) (int64, bool, error) {
	of := shelfOf{in.row.n, s.KeyID, s.Type, s.Namespace, s.Person, s.ScopePath}
	if n, ok := t.d.shelves[of]; ok {
		return n, true, nil
	}
	var key, n int64
	live, err := t.row("SELECT n FROM seal_key WHERE memory=? AND id=? AND state='live'", []any{in.row.n, s.KeyID}, &key)
	if err != nil || !live {
		return 0, false, err
	}
	there, err := t.row("SELECT n FROM shelf WHERE key=? AND namespace=? AND type=? AND person=? AND scope_path=?",
		[]any{key, s.Namespace, s.Type, s.Person, s.ScopePath}, &n)
	if err == nil && !there {
		n, err = t.insert("INSERT INTO shelf (memory, key, namespace, type, person, scope_path) VALUES (?,?,?,?,?,?)",
			in.row.n, key, s.Namespace, s.Type, s.Person, s.ScopePath)
	}
	t.after(func() {
		if len(t.d.shelves) >= maxShelves {
			clear(t.d.shelves)
		}
		t.d.shelves[of] = n
	})
	return n, err == nil, err
}

// dropKeys makes the caches forget a memory's keys and grains, now and once
// more when the transaction is durable.
func (t *tx) dropKeys(in *draft) {
	drop := func() {
		clear(t.d.shelves)
		t.d.boxes.drop(func(of boxOf) bool { return of.memory == in.row.Memory })
	}
	drop()
	t.after(drop)
}
