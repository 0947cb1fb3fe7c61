package embedded

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// row is a grain, its row number and its shelf's.
type row struct {
	n, shelf int64
	store.Stored
}

const (
	// grainColumns but for the box.
	boxless = `g.n, g.shelf, g.hash, g.lineage, s.type, s.namespace, s.person, s.scope_path,
	g.created_at, g.first_at, g.version, g.state, k.id, g.seq, g.subject, g.name, `
	grainColumns = boxless + "g.box"
	fromGrain    = "SELECT " + grainColumns + " FROM grain g JOIN shelf s ON s.n = g.shelf JOIN seal_key k ON k.n = s.key "
)

func (r *row) scan(scan func(...any) error) error {
	var first number
	err := scan(&r.n, &r.shelf, (*hex64)(&r.Hash), (*hex64)(&r.Lineage), &r.Type, &r.Namespace, &r.Person, &r.ScopePath,
		&r.CreatedAt, &first, &r.Version, &r.State, &r.KeyID, &r.Seq, &r.Subject, &r.Name, &r.Box)
	if r.Lineage == "" {
		r.Lineage = r.Hash
	}
	if r.FirstAt = int64(first); first == 0 {
		r.FirstAt = r.CreatedAt
	}
	return err
}

// oneGrain reads the first grain that a condition picks, nil where none.
func (t *tx) oneGrain(where string, args ...any) (*row, error) {
	var found *row
	err := t.rows(fromGrain+where+" LIMIT 1", args, func(scan func(...any) error) error {
		found = new(row)
		return found.scan(scan)
	})
	return found, err
}

// grain reads a grain of any state by its hash, nil where there is none.
func (t *tx) grain(in *draft, hash string) (*row, error) {
	id := hex64(hash).value()
	for _, at := range t.d.unfiled.find(in.row.Memory, hash) {
		if found, err := t.oneGrain("WHERE "+byNumber, at, in.row.n, id, id); err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}

// current reads a lineage's current grain, nil where there is none.
func (t *tx) current(in *draft, lineage string) (*row, error) {
	first, err := t.grain(in, lineage)
	if err != nil || first != nil && first.State == store.Current && first.Lineage == lineage {
		return first, err
	}
	return t.oneGrain("WHERE g.memory=? AND g.lineage=? AND g.state=0", in.row.n, hex64(lineage).value())
}

// Load is the port's.
func (s grains) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	if err := ctx.Err(); err != nil {
		return store.Stored{}, err
	}
	var found *store.Stored
	var err error
	switch {
	case ref.Hash != "":
		found, err = s.byHash(m, ref.Hash)
	case ref.Lineage != "":
		found, err = s.head(m, ref.Lineage)
	case ref.Prefix != "":
		found, err = s.byPrefix(m, ref.Prefix)
	case ref.Name != nil:
		found, err = s.one(m, "AND g.name=? AND g.state=0", ref.Name)
	}
	if err != nil {
		return store.Stored{}, err
	}
	if found == nil {
		return store.Stored{}, fault.New(fault.NotFound, "there is no such grain in memory %q", m.ID)
	}
	return *found, nil
}

// one reads the first grain that a condition picks, nil where none.
func (s grains) one(m change.Memory, condition string, args ...any) (*store.Stored, error) {
	var found *store.Stored
	err := s.d.rows(context.Background(), fromGrain+"WHERE g.memory="+memoryN+" "+condition+" LIMIT 1", named(m, args...),
		func(scan func(...any) error) error {
			var r row
			err := r.scan(scan)
			found = &r.Stored
			return err
		})
	return found, err
}

func (s grains) byHash(m change.Memory, hash string) (*store.Stored, error) {
	of := boxOf{m, hash}
	if held, ok := s.d.boxes.get(of); ok {
		return &held, nil
	}
	era := s.d.boxes.begin()
	id := hex64(hash).value()
	found, err := s.hashed(m, hash, id, id)
	if err == nil && found != nil {
		s.d.boxes.keep(era, of, *found)
	}
	return found, err
}

// hashed reads the grain whose hash lies between two, which begin with the
// digits that the text begins with. It is looked for again where it may have
// moved meanwhile: from what is filed to a number that had no row yet, or to
// one that was not known.
func (s grains) hashed(m change.Memory, text string, from, to any) (*store.Stored, error) {
	for {
		places := s.d.unfiled.find(m, text)
		for _, at := range append(places, places[:len(places)-1]...) {
			condition, args := "AND g.n=? AND g.hash>=? AND g.hash<=?", []any{at, from, to}
			if at == nil {
				condition, args = "AND g.n IN (SELECT n FROM filed WHERE memory="+memoryN+" AND hash>=? AND hash<=?)", named(m, from, to)
			}
			if found, err := s.one(m, condition, args...); err != nil || found != nil {
				return found, err
			}
		}
		if slices.Equal(places, s.d.unfiled.find(m, text)) {
			return nil, nil
		}
	}
}

// head reads a lineage's current grain, or the last of a gone lineage.
func (s grains) head(m change.Memory, lineage string) (*store.Stored, error) {
	first, err := s.byHash(m, lineage)
	if err != nil || first != nil && first.State == store.Current && first.Lineage == lineage {
		return first, err
	}
	return s.laterHead(m, lineage, first)
}

// laterHead goes on where a lineage's first grain is not its current one.
func (s grains) laterHead(m change.Memory, lineage string, first *store.Stored) (*store.Stored, error) {
	id := hex64(lineage).value()
	current, err := s.one(m, "AND g.lineage=? AND g.state=0", id)
	if err != nil || current != nil {
		return current, err
	}
	last, err := s.one(m, "AND g.lineage=? AND g.state=2 ORDER BY g.version DESC", id)
	if err != nil || last != nil {
		return last, err
	}
	if first != nil && first.Lineage != lineage {
		return nil, nil
	}
	return first, nil
}

// byPrefix finds the lineage whose hash begins with some digits.
func (s grains) byPrefix(m change.Memory, prefix string) (*store.Stored, error) {
	from, err := hex.DecodeString(prefix)
	if err != nil || len(from) == 0 {
		return nil, nil //nolint:nilerr // what is no prefix of a hash names nothing
	}
	to := append(from[:len(from):len(from)], bytes.Repeat([]byte{0xff}, max(0, 32-len(from)))...)
	first, err := s.hashed(m, prefix, from, to)
	switch {
	case err != nil, first == nil:
		return nil, err
	case first.Lineage != first.Hash:
		return nil, nil
	case first.State == store.Current:
		return first, nil
	}
	return s.laterHead(m, first.Hash, first)
}
