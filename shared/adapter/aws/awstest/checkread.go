package awstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

var readRules = []rule[Rows]{
	{"get answers each key in its place, more than a hundred and the same twice too", func(ctx context.Context, r Rows) error {
		var keys []table.Key
		for i := range 230 {
			keys = append(keys, table.Key{Part: "awstest get", Sort: fmt.Sprintf("%03d", i)})
		}
		for some := range slices.Chunk(keys[:60], table.MaxOps) {
			var ops []table.Op
			for _, k := range some {
				ops = append(ops, table.Op{Key: k, Set: table.Row{"v": k.Sort}})
			}
			if err := r.Write(ctx, ops...); err != nil {
				return err
			}
		}
		slices.Reverse(keys)
		keys = append(keys, keys[len(keys)-1])
		rows, err := r.Get(ctx, keys...)
		if err != nil || len(rows) != len(keys) {
			return fmt.Errorf("%d keys give %d rows, %v", len(keys), len(rows), err)
		}
		for i, k := range keys {
			if (rows[i] != nil) != (k.Sort < "060") || rows[i] != nil && rows[i].Text("v") != k.Sort {
				return fmt.Errorf("the answer for %q is %v", k.Sort, rows[i])
			}
		}
		if rows, err = r.Get(ctx); err != nil || len(rows) != 0 {
			return fmt.Errorf("no keys give %v, %v", rows, err)
		}
		return nil
	}},
	{"a query passes its bounds in the order of bytes, either way, and no other partition", checkBounds},
	{"pages hold no more than the limit and together every row once", checkPages},
	{"a page ends by its size where it has no limit", func(ctx context.Context, r Rows) error {
		const rows = 4
		part := "awstest large"
		for i := range rows {
			row := table.Row{"v": strings.Repeat("v", 390*kib)}
			if err := r.Write(ctx, table.Op{Key: table.Key{Part: part, Sort: fmt.Sprint(i)}, Set: row}); err != nil {
				return err
			}
		}
		got, pages, err := passed(ctx, r, table.Query{Part: part})
		if err != nil || got != "0 1 2 3" || pages < 2 {
			return fmt.Errorf("%d pages give rows %q, %v", pages, got, err)
		}
		return nil
	}},
	{"an empty partition key, or bounds the wrong way round, are an error", func(ctx context.Context, r Rows) error {
		_, none := r.Query(ctx, table.Query{})
		_, turned := r.Query(ctx, table.Query{Part: "awstest turned", From: "b", To: "a"})
		_, empty := r.Get(ctx, table.Key{Part: "awstest empty"})
		if none == nil || turned == nil || empty == nil {
			return fmt.Errorf("no partition: %v, turned bounds: %v, no sort key: %v", none, turned, empty)
		}
		return nil
	}},
	{"nobody shares bytes with the table", func(ctx context.Context, r Rows) error {
		k, given := key("bytes"), []byte("kept")
		if err := r.Write(ctx, table.Op{Key: k, Set: table.Row{"b": given}}); err != nil {
			return err
		}
		given[0] = 'X'
		rows, err := r.Get(ctx, k)
		if err != nil || len(rows) != 1 || len(rows[0].Bytes("b")) == 0 {
			return fmt.Errorf("get gives %v, %v", rows, err)
		}
		rows[0].Bytes("b")[0] = 'Y'
		rows[0]["other"] = "Z"
		return stands(ctx, r, k, table.Row{"b": []byte("kept")})
	}},
}

// passed reads a query to its end, and returns the sort keys and how many pages
// there were.
func passed(ctx context.Context, r Rows, q table.Query) (sorts string, pages int, err error) {
	var got []string
	for {
		page, err := r.Query(ctx, q)
		if err != nil {
			return "", 0, err
		}
		pages++
		for _, f := range page.Rows {
			if f.Part != q.Part || f.Row == nil {
				return "", 0, fmt.Errorf("a query of %q gives %#v", q.Part, f)
			}
			got = append(got, f.Sort)
		}
		switch {
		case q.Limit > 0 && len(page.Rows) > q.Limit:
			return "", 0, fmt.Errorf("a page of %d has %d rows", q.Limit, len(page.Rows))
		case !page.More:
			return strings.Join(got, " "), pages, nil
		case len(page.Rows) == 0:
			return "", 0, errors.New("a page without rows says that there are more behind the last one")
		case pages > 100:
			return "", 0, fmt.Errorf("the pages do not end: %q", got)
		}
		q.After = page.Rows[len(page.Rows)-1].Sort
	}
}

// sown puts rows in a partition, and one in each of its neighbours.
func sown(ctx context.Context, r Rows, part string, sorts ...string) error {
	ops := []table.Op{{Key: table.Key{Part: part + "0", Sort: "b"}}, {Key: table.Key{Part: part[:len(part)-1], Sort: "b"}}}
	for _, sort := range sorts {
		ops = append(ops, table.Op{Key: table.Key{Part: part, Sort: sort}})
	}
	return r.Write(ctx, ops...)
}

func checkBounds(ctx context.Context, r Rows) error {
	part := "awstest bounds"
	if err := sown(ctx, r, part, "~", "b#2", "a", "b#", "b", "b#10", "é", "b$", "Z", "b#\U0010fffd"); err != nil {
		return err
	}
	prefixFrom, prefixTo := table.Prefix("b#")
	for _, tc := range []struct {
		q    table.Query
		want string
	}{
		{table.Query{}, "Z a b b# b#10 b#2 b#\U0010fffd b$ ~ é"},
		{table.Query{Newest: true}, "é ~ b$ b#\U0010fffd b#2 b#10 b# b a Z"},
		{table.Query{From: prefixFrom, To: prefixTo}, "b# b#10 b#2 b#\U0010fffd"},
		{table.Query{From: "b", To: "b$"}, "b b# b#10 b#2 b#\U0010fffd"},
		{table.Query{From: "b", To: "b$", Newest: true}, "b#\U0010fffd b#2 b#10 b# b"},
		{table.Query{From: "b#11"}, "b#2 b#\U0010fffd b$ ~ é"},
		{table.Query{To: "b#"}, "Z a b"},
		{table.Query{From: "a", To: "a"}, ""},
		{table.Query{From: "c", To: "d"}, ""},
		{table.Query{After: "b$"}, "~ é"},
		{table.Query{After: "b$", Newest: true}, "b#\U0010fffd b#2 b#10 b# b a Z"},
		{table.Query{From: "b", To: "b#2", After: "b"}, "b# b#10"},
		{table.Query{From: "b", To: "b#2", After: "b#0"}, "b#10"},
		{table.Query{From: "b", To: "b#2", After: "b#10", Newest: true}, "b# b"},
		{table.Query{From: "b", To: "b#2", After: "b", Newest: true}, ""},
	} {
		tc.q.Part = part
		if got, _, err := passed(ctx, r, tc.q); err != nil || got != tc.want {
			return fmt.Errorf("%+v gives %q, %v; want %q", tc.q, got, err, tc.want)
		}
	}
	if got, _, err := passed(ctx, r, table.Query{Part: part + " nobody"}); err != nil || got != "" {
		return fmt.Errorf("an empty partition gives %q, %v", got, err)
	}
	return nil
}

func checkPages(ctx context.Context, r Rows) error {
	part := "awstest pages"
	if err := sown(ctx, r, part, "1", "2", "3", "4", "5", "6"); err != nil {
		return err
	}
	for limit := 1; limit <= 7; limit++ {
		for q, want := range map[table.Query]string{
			{}:                                 "1 2 3 4 5 6",
			{Newest: true}:                     "6 5 4 3 2 1",
			{From: "2", To: "5"}:               "2 3 4",
			{From: "2", To: "5", Newest: true}: "4 3 2",
		} {
			q.Part, q.Limit = part, limit
			if got, _, err := passed(ctx, r, q); err != nil || got != want {
				return fmt.Errorf("%+v gives %q, %v; want %q", q, got, err, want)
			}
		}
	}
	page, err := r.Query(ctx, table.Query{Part: part, Limit: 2})
	if err != nil || len(page.Rows) != 2 || !page.More {
		return fmt.Errorf("the first two of six are %+v, %v", page, err)
	}
	return nil
}
