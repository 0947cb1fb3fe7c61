package awstest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

func at(sort string) table.Key { return table.Key{Part: "p", Sort: sort} }

func mustWrite(t *testing.T, r awstest.Rows, ops ...table.Op) {
	t.Helper()
	if err := r.Write(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

func TestTableRefusesMisuse(t *testing.T) {
	rows := awstest.NewTable(0)
	put := table.Op{Key: at("a")}
	for name, ops := range map[string][]table.Op{
		"a key's name":            {{Key: at("a"), Set: table.Row{"pk": "v"}}},
		"removing a key":          {{Action: table.Update, Key: at("a"), Remove: []string{"sk"}}},
		"a check alone":           {{Action: table.Check, Key: at("a"), If: table.Absent}},
		"a check of nothing":      {put, {Action: table.Check, Key: at("b")}},
		"an int":                  {{Key: at("a"), Set: table.Row{"n": 1}}},
		"a text not UTF-8":        {{Key: at("a"), Set: table.Row{"s": "\xff"}}},
		"a key not UTF-8":         {{Key: at("\xff")}},
		"a name of no letters":    {{Key: at("a"), Set: table.Row{"": "v"}}},
		"a put that removes":      {{Key: at("a"), Remove: []string{"v"}}},
		"a put that adds":         {{Key: at("a"), Add: map[string]int64{"v": 1}}},
		"a deletion that sets":    {{Action: table.Delete, Key: at("a"), Set: table.Row{"v": "v"}}},
		"set and removed":         {{Action: table.Update, Key: at("a"), Set: table.Row{"v": "v"}, Remove: []string{"v"}}},
		"removed twice":           {{Action: table.Update, Key: at("a"), Remove: []string{"v", "v"}}},
		"set and added to":        {{Action: table.Update, Key: at("a"), Set: table.Row{"v": int64(1)}, Add: map[string]int64{"v": 1}}},
		"an unknown action":       {{Action: 9, Key: at("a")}},
		"an unknown relation":     {{Key: at("a"), If: []table.Clause{{Name: "v", Is: 99, Value: "v"}}}},
		"a named row condition":   {{Key: at("a"), If: []table.Clause{{Name: "v", Is: table.NoRow}}}},
		"a value to exist":        {{Key: at("a"), If: []table.Clause{{Name: "v", Is: table.Exists, Value: "v"}}}},
		"no value to compare":     {{Key: at("a"), If: []table.Clause{{Name: "v", Is: table.Equal}}}},
		"4 MiB in a transaction":  large(11),
		"no name to compare with": {{Key: at("a"), If: []table.Clause{{Is: table.Equal, Value: "v"}}}},
	} {
		var refused *table.ConditionError
		if err := rows.Write(t.Context(), ops...); err == nil || errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, q := range map[string]table.Query{
		"continued before its bounds": {Part: "p", From: "b", After: "a"},
		"continued behind its bounds": {Part: "p", To: "b", After: "b"},
		"a negative limit":            {Part: "p", Limit: -1},
		"a long bound":                {Part: "p", From: strings.Repeat("f", 1025)},
	} {
		if _, err := rows.Query(t.Context(), q); err == nil {
			t.Errorf("a query %s passes", name)
		}
	}
	if dump := rows.Dump(); len(dump) != 0 || rows.Meter().Sum() != (awstest.Usage{}) {
		t.Errorf("refused writes left %v, used %+v", dump, rows.Meter().Usage())
	}
	mustWrite(t, rows, large(10)...)
}

// large is a transaction of so many rows of 390 KiB.
func large(n int) []table.Op {
	var ops []table.Op
	for i := range n {
		ops = append(ops, table.Op{Key: at(fmt.Sprint(i)), Set: table.Row{"v": strings.Repeat("v", 390<<10)}})
	}
	return ops
}

func TestEndedContextDoesNothing(t *testing.T) {
	rows := awstest.NewTable(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, got := rows.Get(ctx, at("a"))
	_, queried := rows.Query(ctx, table.Query{Part: "p"})
	for _, err := range []error{got, queried, rows.Write(ctx, table.Op{Key: at("a")})} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if len(rows.Dump()) != 0 {
		t.Error("it was written")
	}
}

func TestTableCountsUnits(t *testing.T) {
	text := func(n int) table.Row { return table.Row{"v": strings.Repeat("v", n)} }
	absent := table.Op{Key: at("a"), If: table.Absent}
	for _, tc := range []struct {
		name string
		do   func(r awstest.Rows) error
		want map[string]awstest.Usage
	}{
		{"a put counts the larger row", func(r awstest.Rows) error {
			return errors.Join(r.Write(t.Context(), table.Op{Key: at("a"), Set: text(10)}), r.Write(t.Context(), table.Op{Key: at("b"), Set: text(1)}))
		}, map[string]awstest.Usage{"PutItem": {Requests: 2, Units: 4}}},
		{"update and deletion", func(r awstest.Rows) error {
			return errors.Join(r.Write(t.Context(), table.Op{Action: table.Update, Key: at("a"), Set: table.Row{"n": int64(1)}}),
				r.Write(t.Context(), table.Op{Action: table.Delete, Key: at("b")}))
		}, map[string]awstest.Usage{"UpdateItem": {Requests: 1, Units: 3}, "DeleteItem": {Requests: 1, Units: 1}}},
		{"a transaction counts twice, its checks too", func(r awstest.Rows) error {
			return r.Write(t.Context(), table.Op{Action: table.Check, Key: at("a"), If: table.Present}, table.Op{Key: at("c")})
		}, map[string]awstest.Usage{"TransactWriteItems": {Requests: 1, Units: 8}}},
		{"what was refused counts", func(r awstest.Rows) error {
			_ = r.Write(t.Context(), absent)
			return nil
		}, map[string]awstest.Usage{"PutItem": {Requests: 1, Units: 3}}},
		{"one key", func(r awstest.Rows) error {
			_, err := r.Get(t.Context(), at("d"))
			return err
		}, map[string]awstest.Usage{"GetItem": {Requests: 1, Units: 2}}},
		{"several keys", func(r awstest.Rows) error {
			_, err := r.Get(t.Context(), append(keys(101), keys(3)...)...)
			return err
		}, map[string]awstest.Usage{"BatchGetItem": {Requests: 2, Units: 101}}},
		{"a query counts all its rows together", func(r awstest.Rows) error {
			_, err := r.Query(t.Context(), table.Query{Part: "p"})
			return err
		}, map[string]awstest.Usage{"Query": {Requests: 1, Units: 2}}},
		{"a query that finds none", func(r awstest.Rows) error {
			_, err := r.Query(t.Context(), table.Query{Part: "other"})
			return err
		}, map[string]awstest.Usage{"Query": {Requests: 1, Units: 1}}},
	} {
		rows := awstest.NewTable(0)
		mustWrite(t, rows, table.Op{Key: at("a"), Set: text(3000)}, table.Op{Key: at("d"), Set: text(4100)})
		rows.Meter().Reset()
		if err := tc.do(rows); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if got := rows.Meter().Usage(); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: used %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func keys(n int) []table.Key {
	var keys []table.Key
	for i := range n {
		keys = append(keys, at(fmt.Sprintf("k%03d", i)))
	}
	return keys
}

func TestSizeCountsNamesAndValues(t *testing.T) {
	// Key "p" and "s" with two names of two letters are 6 bytes.
	for name, tc := range map[string]struct {
		row  table.Row
		size int
	}{
		"no attribute":       {table.Row{}, 6},
		"a text of 5 bytes":  {table.Row{"abc": "1234é"}, 15},
		"bytes":              {table.Row{"b": make([]byte, 100)}, 107},
		"0":                  {table.Row{"n": int64(0)}, 8},
		"a million":          {table.Row{"n": int64(1_000_000)}, 9},
		"three digits":       {table.Row{"n": int64(123)}, 10},
		"below 0":            {table.Row{"n": int64(-12)}, 10},
		"nineteen digits":    {table.Row{"n": int64(1<<63 - 1)}, 18},
		"the smallest there": {table.Row{"n": int64(-1 << 63)}, 19},
	} {
		rows := awstest.NewTable(0)
		fill := 1<<10 - tc.size - 1 // beside the name of one letter
		row := table.Row{"x": strings.Repeat("x", fill)}
		for k, v := range tc.row {
			row[k] = v
		}
		mustWrite(t, rows, table.Op{Key: at("s"), Set: row})
		row["x"] = row.Text("x") + "x"
		mustWrite(t, rows, table.Op{Key: at("s"), Set: row})
		if got := rows.Meter().Sum("PutItem").Units; got != 3 {
			t.Errorf("%s: filled to 1 KiB and one byte over it, the row counts %d units, want 1 and 2", name, got)
		}
	}
}

func TestRowsExpire(t *testing.T) {
	rows := awstest.NewTable(1)
	for sort, until := range map[string]any{"gone": int64(99), "kept": int64(100), "other": "99"} {
		mustWrite(t, rows, table.Op{Key: at(sort), Set: table.Row{"ttl": until}})
	}
	stream := rows.Stream()
	stream.Done(stream.Next(0, 3), 3)
	rows.Expire("ttl", time.Unix(100, 0))
	records := stream.Next(0, 10).Records
	if len(records) != 1 || records[0].Key != at("gone") || records[0].New != nil || records[0].Old.Number("ttl") != 99 {
		t.Errorf("the stream tells %+v", records)
	}
	if dump := rows.Dump(); len(dump) != 2 || dump[0].Sort != "kept" {
		t.Errorf("there is %v", dump)
	}
}

func TestTableIsSafeForConcurrentUse(t *testing.T) {
	rows := awstest.NewTable(3)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for i := range 50 {
				_ = rows.Write(t.Context(), table.Op{Action: table.Update, Key: at(fmt.Sprint(i % 7)), Add: map[string]int64{"n": 1}})
				_, _ = rows.Query(t.Context(), table.Query{Part: "p"})
			}
		})
	}
	writers.Wait()
	total := int64(0)
	for _, found := range rows.Dump() {
		total += found.Row.Number("n")
	}
	if total != 400 {
		t.Errorf("counted %d", total)
	}
}
