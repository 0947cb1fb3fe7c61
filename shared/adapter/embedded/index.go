package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// index is the port store.Index, on FTS5. A document's number is its grain's.
type index struct{ d *db }

// tokens are lower case letters and digits, so that the tokenizer keeps them
// whole: 80 bits of the hash of memory and term. A token of one memory never
// meets one of another.
var tokens = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

func token(n int64, term string) string {
	sum := sha256.Sum256(append(binary.AppendUvarint(make([]byte, 0, 64), uint64(n)), term...))
	return tokens.EncodeToString(sum[:10])
}

// Put is the port's.
func (s index) Put(ctx context.Context, docs []store.Document) error {
	return s.d.writer.do(ctx, func(t *tx) error {
		added := make(map[int64]int, 1)
		for i := range docs {
			if err := t.index(&docs[i], added); err != nil {
				return err
			}
		}
		for memory, count := range added {
			if _, err := t.exec("INSERT INTO docs VALUES (?, ?) ON CONFLICT DO UPDATE SET count=count+excluded.count", memory, count); err != nil {
				return err
			}
		}
		return t.advanceMark()
	})
}

// index stores one document and counts it for its memory. Where it stands
// already nothing is done: a recall and upkeep may be at the same grains, and
// taking terms out of the index costs many times what adding them does.
func (t *tx) index(doc *store.Document, added map[int64]int) error {
	in, err := t.draft(doc.Memory)
	if err != nil || in.row.n == 0 {
		return err
	}
	n, has, err := t.document(in, doc.Hash)
	if err != nil || n == 0 {
		return err
	}
	text := make([]byte, 0, 17*len(doc.Terms))
	for _, term := range doc.Terms {
		text = append(append(text, token(in.row.n, term)...), ' ')
	}
	switch {
	case has == nil:
		added[in.row.n]++
	case *has == string(text):
		return nil
	default:
		if _, err := t.exec("DELETE FROM doc WHERE rowid=?", n); err != nil {
			return err
		}
	}
	_, err = t.exec("INSERT INTO doc (rowid, terms) VALUES (?, ?)", n, string(text))
	return err
}

// document finds a current grain's number, 0 where there is none, and the
// tokens that stand in the index, nil where none do.
func (t *tx) document(in *draft, hash string) (n int64, has *string, err error) {
	id := hex64(hash).value()
	for _, at := range t.d.unfiled.find(in.row.Memory, hash) {
		found, err := t.row("SELECT g.n, (SELECT terms FROM doc WHERE rowid=g.n) FROM grain g WHERE "+byNumber+" AND g.state=0",
			[]any{at, in.row.n, id, id}, &n, &has)
		if err != nil || found {
			return n, has, err
		}
	}
	return 0, nil, nil
}

// unindex takes the documents of some grains out of the index; picked is a
// query of their numbers.
func (t *tx) unindex(picked string, args ...any) error {
	var numbers []int64
	err := t.rows("SELECT rowid FROM doc WHERE rowid IN ("+picked+")", args, func(scan func(...any) error) error {
		var n int64
		err := scan(&n)
		numbers = append(numbers, n)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if _, err := t.exec("DELETE FROM doc WHERE rowid=?", n); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE docs SET count=count-1 WHERE memory=(SELECT memory FROM grain WHERE n=?)", n); err != nil {
			return err
		}
	}
	return nil
}

// pending is what the index does not hold yet.
const pending = "g.n > (SELECT n FROM mark) AND g.state=0 AND NOT EXISTS (SELECT 1 FROM doc WHERE rowid=g.n)"

// advanceMark moves the mark up to the first grain that is not indexed.
func (t *tx) advanceMark() error {
	next := t.d.lastN + 1
	if _, err := t.row("SELECT g.n FROM grain g WHERE "+pending+" ORDER BY g.n LIMIT 1", nil, &next); err != nil {
		return err
	}
	_, err := t.exec("UPDATE mark SET n=? WHERE n<>?", next-1, next-1)
	return err
}

// Pending is the port's.
func (s index) Pending(ctx context.Context, m change.Memory, limit int) ([]store.Located, error) {
	condition, args := pending, []any(nil)
	if m != (change.Memory{}) {
		condition, args = condition+" AND g.memory="+memoryN, named(m)
	}
	var all []store.Located
	err := s.d.rows(ctx, "SELECT m.tenant, m.id, "+grainColumns+` FROM grain g NOT INDEXED
		JOIN shelf s ON s.n = g.shelf JOIN seal_key k ON k.n = s.key JOIN memory m ON m.n = g.memory WHERE `+condition+" ORDER BY g.n"+atMost,
		append(args, limit), func(scan func(...any) error) error {
			var l store.Located
			var r row
			err := r.scan(func(dest ...any) error { return scan(append([]any{&l.Memory.Tenant, &l.Memory.ID}, dest...)...) })
			l.Grain = r.Stored
			all = append(all, l)
			return err
		})
	return all, err
}
