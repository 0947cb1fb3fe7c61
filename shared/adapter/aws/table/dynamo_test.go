package table_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

// open makes a table of its own, with a stream, where an endpoint is set.
func open(t *testing.T) (*table.Table, *table.Stream) {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("needs DynamoDB; with an emulator: AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test " +
			"AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 go test ./shared/adapter/aws/table")
	}
	loaded, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := dynamodb.NewFromConfig(loaded)
	name := fmt.Sprintf("memhooks-test-%d", time.Now().UnixNano())
	_, err = client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(table.PartAttribute), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(table.SortAttribute), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(table.PartAttribute), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(table.SortAttribute), KeyType: types.KeyTypeRange},
		},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	var sentTwice *types.ResourceInUseException
	if err != nil && !errors.As(err, &sentTwice) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return table.New(client, name), table.NewStream(client, dynamodbstreams.NewFromConfig(loaded), name)
}

func write(t *testing.T, rows *table.Table, ops ...table.Op) {
	t.Helper()
	if err := rows.Write(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

func at(sort string) table.Key { return table.Key{Part: "p", Sort: sort} }

func TestWritesAndReads(t *testing.T) {
	rows, _ := open(t)
	whole := table.Row{"s": "", "b": []byte{}, "n": int64(-1 << 63), "name": "a reserved word\x00"}
	write(t, rows, table.Op{Key: at("a"), Set: whole, If: table.Absent})
	got, err := rows.Get(t.Context(), at("a"))
	if err != nil || !reflect.DeepEqual(got, []table.Row{whole}) {
		t.Fatalf("got %v, %v", got, err)
	}

	err = rows.Write(t.Context(), table.Op{Key: at("a"), Set: table.Row{"s": "other"}, If: table.Absent})
	var refused *table.ConditionError
	if !errors.As(err, &refused) || !reflect.DeepEqual(refused.Row, whole) {
		t.Fatalf("a second put: %v, found %v", err, refused)
	}
	err = rows.Write(t.Context(), table.Op{Action: table.Delete, Key: at("none"), If: table.Present})
	if !errors.As(err, &refused) || refused.Row != nil {
		t.Fatalf("a delete of nothing: %v, found %v", err, refused)
	}

	write(t, rows, table.Op{Action: table.Update, Key: at("a"), Set: table.Row{"name": "x"}, Remove: []string{"b"}, Add: map[string]int64{"n": 5},
		If: []table.Clause{{"name", table.Equal, whole["name"]}, {"gone", table.NotEqual, int64(1)}, {"n", table.Less, int64(0)}}})
	write(t, rows, table.Op{Action: table.Update, Key: at("made"), OrAbsent: true, If: []table.Clause{{"x", table.Exists, nil}}})
	got, err = rows.Get(t.Context(), at("a"), at("none"), at("made"), at("a"))
	changed := table.Row{"s": "", "n": int64(-1<<63) + 5, "name": "x"}
	if err != nil || !reflect.DeepEqual(got, []table.Row{changed, nil, {}, changed}) {
		t.Fatalf("got %v, %v", got, err)
	}

	err = rows.Write(t.Context(),
		table.Op{Key: at("new"), Set: table.Row{"x": int64(1)}},
		table.Op{Action: table.Check, Key: at("none"), If: []table.Clause{{"x", table.Missing, nil}}},
		table.Op{Action: table.Delete, Key: at("a"), If: []table.Clause{{"name", table.Equal, "y"}}})
	if !errors.As(err, &refused) || refused.At != 2 || !reflect.DeepEqual(refused.Row, changed) {
		t.Fatalf("a transaction: %v, found %v", err, refused)
	}
	if got, err = rows.Get(t.Context(), at("new")); err != nil || got[0] != nil {
		t.Fatalf("a part of a refused transaction was written: %v, %v", got, err)
	}
}

func TestTheTableKeepsWhatTheAdapterReliesOn(t *testing.T) {
	rows, _ := open(t)
	awstest.CheckRows(t, func(*testing.T) awstest.Rows { return rows })
}

func TestManyKeysAtOnce(t *testing.T) {
	rows, _ := open(t)
	var keys []table.Key
	var want []table.Row
	big := strings.Repeat("x", 200<<10) // 100 of them are more than the 16 MB of an answer
	for piece := range 25 {
		var ops []table.Op
		for i := range 10 {
			k := at(fmt.Sprintf("%03d", 10*piece+i))
			row := table.Row{"n": int64(i), "x": big}
			keys, want = append(keys, k), append(want, row)
			ops = append(ops, table.Op{Key: k, Set: row})
		}
		write(t, rows, ops...)
	}
	slices.Reverse(keys)
	slices.Reverse(want)
	got, err := rows.Get(t.Context(), keys...)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	page, err := rows.Query(t.Context(), table.Query{Part: "p"})
	if err != nil || !page.More || len(page.Rows) == 0 || len(page.Rows) > 10 {
		t.Fatalf("the first page: %d rows, more = %v, %v", len(page.Rows), page.More, err)
	}
}

func TestPagesOfAPartition(t *testing.T) {
	rows, _ := open(t)
	write(t, rows, table.Op{Key: table.Key{Part: "other", Sort: "b"}})
	var ops []table.Op
	for _, sort := range []string{"a", "b", "b\x00", "c", "d", "é", "\U0001f600"} {
		ops = append(ops, table.Op{Key: at(sort)})
	}
	write(t, rows, ops...)
	for _, tc := range []struct {
		q    table.Query
		want string
	}{
		{table.Query{}, "a b b\x00 c d é \U0001f600"},
		{table.Query{Newest: true}, "\U0001f600 é d c b\x00 b a"},
		{table.Query{From: "b", To: "d"}, "b b\x00 c"},
		{table.Query{From: "b", To: "d", Newest: true}, "c b\x00 b"},
		{table.Query{From: "b", To: "cc", Newest: true}, "c b\x00 b"},
		{table.Query{To: "c"}, "a b b\x00"},
		{table.Query{To: "c", Newest: true}, "b\x00 b a"},
		{table.Query{From: "d"}, "d é \U0001f600"},
		{table.Query{From: "b", To: "d", After: "b"}, "b\x00 c"},
		{table.Query{After: "d"}, "é \U0001f600"},
		{table.Query{After: "b", Newest: true}, "a"},
		{table.Query{From: "b", After: "c", Newest: true}, "b\x00 b"},
		{table.Query{From: "b", To: "b"}, ""},
	} {
		tc.q.Part = "p"
		for _, tc.q.Limit = range []int{0, 1, 2, 100} {
			var got []string
			for q := tc.q; ; {
				page, err := rows.Query(t.Context(), q)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				for _, found := range page.Rows {
					got = append(got, found.Sort)
				}
				if q.Limit > 0 && len(page.Rows) > q.Limit {
					t.Errorf("%+v: %d rows", q, len(page.Rows))
				}
				if !page.More {
					break
				}
				q.After = page.Rows[len(page.Rows)-1].Sort
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("%+v: %q, want %q", tc.q, s, tc.want)
			}
		}
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	rows, _ := open(t)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 5 {
				add := func(sort string) table.Op {
					return table.Op{Action: table.Update, Key: at(sort), Add: map[string]int64{"n": 1}}
				}
				if err := rows.Write(t.Context(), add("a"), add("b")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	got, err := rows.Get(t.Context(), at("a"), at("b"))
	if want := []table.Row{{"n": int64(40)}, {"n": int64(40)}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestAnEndedContextIsUnavailable(t *testing.T) {
	rows, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rows.Write(ctx, table.Op{Key: at("a")}); fault.KindOf(err) != fault.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
