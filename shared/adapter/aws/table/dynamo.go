package table

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
	"github.com/memhooks/memhooks/shared/fault"
)

const maxKeys = 100 // of one BatchGetItem

// Table is a DynamoDB table, whose key is PartAttribute and SortAttribute. All
// reads are strongly consistent. It is safe for concurrent use. What DynamoDB
// throttled, or refused because of another transaction, is tried again until
// the context ends; then the failure is fault.Unavailable.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New makes the Table of a name; it asks nothing of the service yet.
func New(client *dynamodb.Client, name string) *Table { return &Table{client: client, name: name} }

// Get returns the rows of the keys, in their order, nil for those that are not
// there; a key may stand among them twice. Rows of one call may be of different
// moments.
func (t *Table) Get(ctx context.Context, keys ...Key) ([]Row, error) {
	found := make(map[Key]Row, len(keys))
	var err error
	if len(keys) == 1 {
		err = t.getOne(ctx, keys[0], found)
	} else {
		var once []Key
		seen := make(map[Key]bool, len(keys))
		for _, key := range keys {
			if !seen[key] {
				seen[key], once = true, append(once, key)
			}
		}
		for piece := range slices.Chunk(once, maxKeys) {
			if err = t.getSeveral(ctx, piece, found); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(keys))
	for i, key := range keys {
		rows[i] = found[key]
	}
	return rows, nil
}

func (t *Table) getOne(ctx context.Context, key Key, found map[Key]Row) error {
	k, err := keyOf(key)
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.name, err)
	}
	return t.patiently(ctx, "read", func() error {
		answer, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: k, ConsistentRead: aws.Bool(true)})
		if err != nil {
			return err
		}
		_, found[key], err = Unpack(answer.Item, plain)
		return err
	})
}

// getSeveral asks again for what DynamoDB left out: at once where an answer was
// full, later where it gave nothing at all.
func (t *Table) getSeveral(ctx context.Context, keys []Key, found map[Key]Row) error {
	left := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, key := range keys {
		k, err := keyOf(key)
		if err != nil {
			return fmt.Errorf("read table %s: %w", t.name, err)
		}
		left.Keys = append(left.Keys, k)
	}
	return t.patiently(ctx, "read", func() error {
		for len(left.Keys) > 0 {
			before := len(left.Keys)
			answer, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{t.name: left}})
			if err != nil {
				return err
			}
			for _, got := range answer.Responses[t.name] {
				key, row, err := Unpack(got, plain)
				if err != nil {
					return err
				}
				found[key] = row
			}
			left.Keys = answer.UnprocessedKeys[t.name].Keys
			if len(left.Keys) == before {
				return &types.ProvisionedThroughputExceededException{Message: aws.String("all keys were left unprocessed")}
			}
		}
		return nil
	})
}

// Query returns a page of one partition: as much as one request gives (1 MB),
// Limit rows at most. A page may hold fewer rows than Limit and yet have More.
// From behind To is an error.
func (t *Table) Query(ctx context.Context, q Query) (Page, error) {
	input, some, err := t.queryInput(q)
	if err != nil || !some {
		return Page{}, err
	}
	var page Page
	err = t.patiently(ctx, "query", func() error {
		answer, err := t.client.Query(ctx, input)
		if err != nil {
			return err
		}
		page = Page{Rows: make([]Found, 0, len(answer.Items)), More: len(answer.LastEvaluatedKey) > 0}
		for _, got := range answer.Items {
			key, row, err := Unpack(got, plain)
			if err != nil {
				return err
			}
			if key.Sort == q.To { // BETWEEN includes it
				page.More = false
				break
			}
			page.Rows = append(page.Rows, Found{Key: key, Row: row})
		}
		return nil
	})
	return page, err
}

// queryInput makes the request; some is false where no row can lie between the
// bounds. DynamoDB takes one condition on the sort key, and its BETWEEN
// includes the upper bound: an ascending query drops that row itself, a
// descending one begins behind it.
func (t *Table) queryInput(q Query) (input *dynamodb.QueryInput, some bool, err error) {
	from, to := q.From, q.To
	if to != "" && from > to {
		return nil, false, fmt.Errorf("query table %s: it begins at %q, behind its end %q", t.name, from, to)
	}
	switch {
	case q.After == "":
	case q.Newest && (to == "" || q.After < to):
		to = q.After
	case !q.Newest:
		from = max(from, q.After+"\x00") // the least text behind it
	}
	if to != "" && from >= to {
		return nil, false, nil
	}
	var e expression
	condition := PartAttribute + " = " + e.value(q.Part)
	input = &dynamodb.QueryInput{TableName: &t.name, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!q.Newest)}
	switch {
	case from != "" && to != "":
		condition += " AND " + SortAttribute + " BETWEEN " + e.value(from) + " AND " + e.value(to)
		if q.Newest {
			input.ExclusiveStartKey, err = keyOf(Key{Part: q.Part, Sort: to})
		}
	case from != "":
		condition += " AND " + SortAttribute + " >= " + e.value(from)
	case to != "":
		condition += " AND " + SortAttribute + " < " + e.value(to)
	}
	if q.Limit > 0 {
		input.Limit = aws.Int32(int32(min(q.Limit, 1<<20)))
	}
	input.KeyConditionExpression, input.ExpressionAttributeValues = &condition, e.values
	if err == nil {
		err = e.err
	}
	if err != nil {
		return nil, false, fmt.Errorf("query table %s: %w", t.name, err)
	}
	return input, true, nil
}

// patiently asks until the answer is not that the service, or the row, is busy.
func (t *Table) patiently(ctx context.Context, what string, ask func() error) error {
	for failures := 1; ; failures++ {
		err := ask()
		if err == nil {
			return nil
		}
		refused, unreadable := refusal(err)
		switch {
		case unreadable != nil:
			return fmt.Errorf("%s table %s: %w", what, t.name, unreadable)
		case refused != nil:
			return refused
		case !busy(err):
			return attempt.Failed(err, "%s table %s", what, t.name)
		}
		if attempt.Wait(ctx, failures) != nil {
			return fault.Wrap(fault.Unavailable, err,
				"%s table %s: throttled, or held by other transactions, in %d attempts: try again", what, t.name, failures)
		}
	}
}
