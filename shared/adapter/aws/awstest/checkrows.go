package awstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// rule is one promise and the attempt to break it; the error says what
// happened instead.
type rule[T any] struct {
	promise string
	try     func(ctx context.Context, subject T) error
}

// CheckRows holds a table to what the adapter relies on, each promise as a
// subtest on what open gives. Each works in partitions of its own, so that open
// may give one empty table again and again.
func CheckRows(t *testing.T, open func(*testing.T) Rows) {
	for _, r := range rowRules {
		t.Run(r.promise, func(t *testing.T) {
			if err := r.try(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

var rowRules = slices.Concat(writeRules, readRules)

var writeRules = []rule[Rows]{
	{"a put replaces the whole row", func(ctx context.Context, r Rows) error {
		k := key("put")
		full := table.Row{"s": "text", "n": int64(-1 << 63), "b": []byte{0, 255}, "e": "", "none": []byte{}}
		return steps(ctx, r,
			write{op: table.Op{Key: k, Set: full}, then: full},
			write{op: table.Op{Key: k, Set: table.Row{"x": "é\x00"}}, then: table.Row{"x": "é\x00"}},
			write{op: table.Op{Key: k}, then: table.Row{}},
		)
	}},
	{"an update changes the attributes that it names and makes a missing row", func(ctx context.Context, r Rows) error {
		k, bare := key("update"), key("bare")
		return steps(ctx, r,
			write{op: table.Op{Action: table.Update, Key: bare}, then: table.Row{}},
			write{op: table.Op{Action: table.Update, Key: k, Set: table.Row{"a": "1"}, Add: map[string]int64{"n": 3}},
				then: table.Row{"a": "1", "n": int64(3)}},
			write{op: table.Op{Action: table.Update, Key: k, Set: table.Row{"b": "2"}, Remove: []string{"a", "never"},
				Add: map[string]int64{"n": -5}}, then: table.Row{"b": "2", "n": int64(-2)}},
			write{op: table.Op{Action: table.Update, Key: k}, then: table.Row{"b": "2", "n": int64(-2)}},
		)
	}},
	{"a deletion ends a row, and does no harm where there is none", func(ctx context.Context, r Rows) error {
		k := key("delete")
		return steps(ctx, r,
			write{op: table.Op{Action: table.Delete, Key: k}},
			write{op: table.Op{Key: k, Set: table.Row{"a": "1"}}, then: table.Row{"a": "1"}},
			write{op: table.Op{Action: table.Delete, Key: k, If: table.Present}},
			write{op: table.Op{Action: table.Delete, Key: k, If: table.Present}, refused: true},
		)
	}},
	{"each relation holds for the rows that it describes, and for no other", checkRelations},
	{"an update's condition looks at the row as it is", func(ctx context.Context, r Rows) error {
		k := key("condition")
		newer := []table.Clause{{Name: "n", Is: table.Less, Value: int64(5)}}
		return steps(ctx, r,
			write{op: table.Op{Action: table.Update, Key: k, Set: table.Row{"n": int64(5)}, If: newer}, refused: true},
			write{op: table.Op{Action: table.Update, Key: k, Set: table.Row{"n": int64(5)}, If: newer, OrAbsent: true},
				then: table.Row{"n": int64(5)}},
			write{op: table.Op{Action: table.Update, Key: k, Set: table.Row{"n": int64(1)}, If: newer, OrAbsent: true},
				refused: true, then: table.Row{"n": int64(5)}},
		)
	}},
	{"a write of several happens whole or not at all, and says which refused", checkTransaction},
	{"a write holds 100 operations", func(ctx context.Context, r Rows) error {
		var ops []table.Op
		for i := range table.MaxOps {
			ops = append(ops, table.Op{Key: table.Key{Part: "awstest hundred", Sort: fmt.Sprintf("%03d", i)}, If: table.Absent})
		}
		if err := r.Write(ctx, ops...); err != nil {
			return fmt.Errorf("a write of 100: %w", err)
		}
		return refusedAt(r.Write(ctx, ops[99:]...), 0, table.Row{})
	}},
	{"no operations are no write", func(ctx context.Context, r Rows) error { return r.Write(ctx) }},
	{"what is invalid is an error, of no condition, and changes nothing", checkInvalid},
}

// key is a row of a rule's own.
func key(rule string) table.Key { return table.Key{Part: "awstest " + rule, Sort: "row"} }

// write is one operation and what stands in its place after it.
type write struct {
	op      table.Op
	refused bool
	then    table.Row
}

// steps writes one after the other; a refusal tells the row that stands.
func steps(ctx context.Context, r Rows, writes ...write) error {
	for i, w := range writes {
		err := r.Write(ctx, w.op)
		if w.refused {
			err = refusedAt(err, 0, w.then)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if err := stands(ctx, r, w.op.Key, w.then); err != nil {
			return fmt.Errorf("after step %d: %w", i, err)
		}
	}
	return nil
}

func stands(ctx context.Context, r Rows, k table.Key, want table.Row) error {
	rows, err := r.Get(ctx, k)
	switch {
	case err != nil:
		return fmt.Errorf("get: %w", err)
	case len(rows) != 1:
		return fmt.Errorf("get of one key gives %d rows", len(rows))
	case !sameRow(rows[0], want):
		return fmt.Errorf("%q holds %s, want %s", k, shown(rows[0]), shown(want))
	}
	return nil
}

// shown is a row as a failure tells it, cut off where it is long.
func shown(row table.Row) string {
	const longest = 300
	text := fmt.Sprintf("%#v", map[string]any(row))
	return text[:min(len(text), longest)]
}

// refusedAt checks that err is the refusal of one operation, and its row.
func refusedAt(err error, at int, row table.Row) error {
	var refused *table.ConditionError
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("the write gives %v, want a refused condition", err)
	case refused.At != at:
		return fmt.Errorf("operation %d is said to be refused, it is %d", refused.At, at)
	case !sameRow(refused.Row, row):
		return fmt.Errorf("the refusal tells the row %s, there is %s", shown(refused.Row), shown(row))
	}
	return nil
}

func checkRelations(ctx context.Context, r Rows) error {
	there := table.Key{Part: "awstest relations", Sort: "there"}
	missing := table.Key{Part: "awstest relations", Sort: "missing"}
	row := table.Row{"n": int64(10), "s": "b", "b": []byte{1, 200}}
	if err := r.Write(ctx, table.Op{Key: there, Set: row}); err != nil {
		return err
	}
	for _, tc := range relationCases {
		for _, k := range []table.Key{there, missing} {
			want, ops := tc.absent, []table.Op{{Action: table.Delete, Key: missing, If: tc.clauses}}
			if k == there {
				want, ops = tc.holds, []table.Op{{Action: table.Delete, Key: missing}, {Action: table.Check, Key: there, If: tc.clauses}}
			}
			err := r.Write(ctx, ops...)
			var refused *table.ConditionError
			if err != nil && !errors.As(err, &refused) || (err == nil) != want {
				return fmt.Errorf("%+v on %q: %v, want it to hold: %v", tc.clauses, k.Sort, err, want)
			}
		}
	}
	return nil
}

// relationCases say whether clauses hold for the row of checkRelations, and
// where there is no row.
var relationCases = []struct {
	clauses       []table.Clause
	holds, absent bool
}{
	{table.Present, true, false},
	{table.Absent, false, true},
	{[]table.Clause{{Name: "n", Is: table.Equal, Value: int64(10)}}, true, false},
	{[]table.Clause{{Name: "n", Is: table.Equal, Value: int64(11)}}, false, false},
	{[]table.Clause{{Name: "n", Is: table.Equal, Value: "10"}}, false, false},
	{[]table.Clause{{Name: "b", Is: table.Equal, Value: []byte{1, 200}}}, true, false},
	{[]table.Clause{{Name: "x", Is: table.Equal, Value: "b"}}, false, false},
	{[]table.Clause{{Name: "s", Is: table.NotEqual, Value: "b"}}, false, true},
	{[]table.Clause{{Name: "s", Is: table.NotEqual, Value: "c"}}, true, true},
	{[]table.Clause{{Name: "s", Is: table.NotEqual, Value: int64(1)}}, true, true},
	{[]table.Clause{{Name: "x", Is: table.NotEqual, Value: "c"}}, true, true},
	{[]table.Clause{{Name: "n", Is: table.Less, Value: int64(11)}}, true, false},
	{[]table.Clause{{Name: "n", Is: table.Less, Value: int64(10)}}, false, false},
	{[]table.Clause{{Name: "n", Is: table.Less, Value: "a"}}, false, false},
	{[]table.Clause{{Name: "s", Is: table.Less, Value: "ba"}}, true, false},
	{[]table.Clause{{Name: "b", Is: table.Less, Value: []byte{2}}}, true, false},
	{[]table.Clause{{Name: "x", Is: table.Less, Value: int64(1)}}, false, false},
	{[]table.Clause{{Name: "n", Is: table.AtLeast, Value: int64(9)}}, true, false},
	{[]table.Clause{{Name: "n", Is: table.AtLeast, Value: int64(10)}}, true, false},
	{[]table.Clause{{Name: "n", Is: table.AtLeast, Value: int64(11)}}, false, false},
	{[]table.Clause{{Name: "x", Is: table.AtLeast, Value: int64(0)}}, false, false},
	{[]table.Clause{{Name: "b", Is: table.Exists}}, true, false},
	{[]table.Clause{{Name: "x", Is: table.Exists}}, false, false},
	{[]table.Clause{{Name: "b", Is: table.Missing}}, false, true},
	{[]table.Clause{{Name: "x", Is: table.Missing}}, true, true},
	{[]table.Clause{{Is: table.AnyRow}, {Name: "n", Is: table.NotEqual, Value: int64(1)}}, true, false},
	{[]table.Clause{{Name: "n", Is: table.AtLeast, Value: int64(5)}, {Name: "n", Is: table.Less, Value: int64(9)}}, false, false},
}

func checkTransaction(ctx context.Context, r Rows) error {
	a, b, c := table.Key{Part: "awstest a", Sort: "1"}, table.Key{Part: "awstest b", Sort: "1"}, table.Key{Part: "awstest b", Sort: "2"}
	first := table.Row{"v": "first"}
	if err := r.Write(ctx, table.Op{Key: b, Set: first}, table.Op{Action: table.Check, Key: c, If: table.Absent}); err != nil {
		return fmt.Errorf("a put and a check: %w", err)
	}
	err := r.Write(ctx,
		table.Op{Key: a, Set: table.Row{"v": "second"}},
		table.Op{Action: table.Update, Key: c, Add: map[string]int64{"n": 1}},
		table.Op{Action: table.Check, Key: b, If: []table.Clause{{Name: "v", Is: table.NotEqual, Value: "first"}}},
	)
	if err := refusedAt(err, 2, first); err != nil {
		return err
	}
	for _, k := range []table.Key{a, c} {
		if err := stands(ctx, r, k, nil); err != nil {
			return fmt.Errorf("after a refused write: %w", err)
		}
	}
	err = r.Write(ctx,
		table.Op{Key: a, Set: first, If: table.Present, OrAbsent: true},
		table.Op{Action: table.Delete, Key: b, If: table.Present},
		table.Op{Action: table.Update, Key: c, Add: map[string]int64{"n": 1}, If: table.Absent},
	)
	if err != nil {
		return fmt.Errorf("a write of three: %w", err)
	}
	return errors.Join(stands(ctx, r, a, first), stands(ctx, r, b, nil), stands(ctx, r, c, table.Row{"n": int64(1)}))
}

func checkInvalid(ctx context.Context, r Rows) error {
	k := key("invalid")
	long := func(n int) string { return fmt.Sprintf("%0*d", n, 1) }
	put := func(key table.Key, row table.Row) table.Op { return table.Op{Key: key, Set: row} }
	for name, ops := range map[string][]table.Op{
		"an empty partition key":      {put(table.Key{Sort: "s"}, nil)},
		"an empty sort key":           {put(table.Key{Part: k.Part}, nil)},
		"a long partition key":        {put(table.Key{Part: long(maxPart + 1), Sort: "s"}, nil)},
		"a long sort key":             {put(table.Key{Part: k.Part, Sort: long(maxSort + 1)}, nil)},
		"a large row":                 {put(k, table.Row{"v": long(maxRow)})},
		"two operations on one row":   {put(k, nil), {Action: table.Check, Key: k, If: table.Absent}},
		"adding to a text":            {put(key("fine"), nil), {Action: table.Update, Key: key("text"), Add: map[string]int64{"v": 1}}},
		"more than a hundred at once": slices.Repeat([]table.Op{put(k, nil)}, table.MaxOps+1),
	} {
		if err := r.Write(ctx, put(key("text"), table.Row{"v": "text"})); err != nil {
			return err
		}
		var refused *table.ConditionError
		if err := r.Write(ctx, ops...); err == nil || errors.As(err, &refused) {
			return fmt.Errorf("%s: %v, want an error that is no refused condition", name, err)
		}
		if err := errors.Join(stands(ctx, r, k, nil), stands(ctx, r, key("fine"), nil)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	large := table.Row{"v": long(maxRow - sizeOf(k, table.Row{"v": ""}))}
	return r.Write(ctx, put(k, large))
}
