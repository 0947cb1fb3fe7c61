package aws

import (
	"bytes"
	"context"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// reading returns the rows of keys, as Rows.Get does.
type reading func(ctx context.Context, keys ...table.Key) ([]table.Row, error)

// Load is the port's.
func (g grains) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	found, err := g.find(ctx, m, ref)
	if err != nil {
		return store.Stored{}, fmt.Errorf("load a grain: %w", err)
	}
	if found == nil {
		return store.Stored{}, fault.New(fault.NotFound, "there is no such grain in memory %q", m.ID)
	}
	return *found, nil
}

func (g grains) find(ctx context.Context, m change.Memory, ref store.Ref) (*store.Stored, error) {
	switch {
	case ref.Hash != "":
		found, err := byHash(ctx, g.a.cfg.Main.Get, m, ref.Hash)
		if err == nil && found != nil && found.State == store.Gone {
			_, err = g.head(ctx, m, found.Lineage) // ends what is unfinished
		}
		return found, err
	case ref.Lineage != "":
		return g.head(ctx, m, ref.Lineage)
	case ref.Prefix != "":
		q := table.Query{Part: part(m), Limit: 1}
		q.From, q.To = table.Prefix(sortLineage + ref.Prefix)
		page, err := g.a.cfg.Main.Query(ctx, q)
		if err != nil || len(page.Rows) == 0 {
			return nil, err
		}
		return g.finished(ctx, m, page.Rows[0].Row)
	case ref.Name != nil:
		rows, err := g.a.cfg.Main.Get(ctx, nameKey(m, ref.Name))
		if err != nil || rows[0] == nil {
			return nil, err
		}
		found, err := g.head(ctx, m, hashIn(rows[0], grainLineage))
		if err != nil || found == nil || !bytes.Equal(found.Name, ref.Name) {
			return nil, err
		}
		return found, nil
	}
	return nil, nil
}

// head reads a lineage's current grain, or the last of a gone one.
func (g grains) head(ctx context.Context, m change.Memory, lineage string) (*store.Stored, error) {
	rows, err := g.a.cfg.Main.Get(ctx, lineageKey(m, lineage))
	if err != nil || rows[0] == nil {
		return nil, err
	}
	return g.finished(ctx, m, rows[0])
}

// finished is the grain of a lineage's row. Where whoever ended the lineage
// did not come to its end, that is done first.
func (g grains) finished(ctx context.Context, m change.Memory, row table.Row) (*store.Stored, error) {
	s := storedOf(row)
	return &s, g.a.tidy(ctx, m, s.Lineage, row)
}

// byHash finds the grain of a hash, one that is not gone where there is one:
// a lineage's row leads to it, or the row of a newer version's hash does, which
// is read only where the first does not settle it.
func byHash(ctx context.Context, read reading, m change.Memory, hash string) (*store.Stored, error) {
	rows, err := read(ctx, lineageKey(m, hash))
	if err != nil {
		return nil, err
	}
	var own *store.Stored
	if rows[0] != nil {
		if own, err = version(ctx, read, m, rows[0], hash); err != nil || own != nil && own.State != store.Gone {
			return own, err
		}
	}
	pointers, err := read(ctx, pointerKey(m, hash))
	if err != nil || pointers[0] == nil {
		return own, err
	}
	heads, err := read(ctx, lineageKey(m, hashIn(pointers[0], grainLineage)))
	if err != nil || heads[0] == nil {
		return own, err
	}
	later, err := version(ctx, read, m, heads[0], hash)
	if err != nil || later != nil && later.State != store.Gone || own == nil {
		return later, err
	}
	return own, nil
}

// version finds the grain of a hash in a lineage whose row was read. Older
// versions of a gone lineage are gone, whatever their rows say.
func version(ctx context.Context, read reading, m change.Memory, head table.Row, hash string) (*store.Stored, error) {
	s := storedOf(head)
	if s.Hash == hash {
		return &s, nil
	}
	rows, err := read(ctx, versionKey(m, s.Lineage, hash))
	if err != nil || rows[0] == nil {
		return nil, err
	}
	old := storedOf(rows[0])
	if s.State == store.Gone {
		old.State, old.Subject, old.Name, old.Box = store.Gone, nil, nil, nil
	}
	return &old, nil
}
