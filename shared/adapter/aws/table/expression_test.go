package table

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// spelled is an expression with its marks.
func spelled(names map[string]string, values item) string {
	var b strings.Builder
	for _, mark := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&b, " %s=%s", mark, names[mark])
	}
	for _, mark := range slices.Sorted(maps.Keys(values)) {
		v, _ := plain(values[mark])
		fmt.Fprintf(&b, " %s=%v", mark, v)
	}
	return b.String()
}

func TestOperationsInDynamoDBsLanguage(t *testing.T) {
	key := Key{Part: "p", Sort: "s"}
	for want, op := range map[string]Op{
		"-":                        {Action: Put, Key: key, Set: Row{"a": "x"}, OrAbsent: true},
		"attribute_not_exists(pk)": {Action: Put, Key: key, If: Absent},
		"attribute_exists(pk)":     {Action: Delete, Key: key, If: Present},
		"#0 = :0 AND #1 < :1 #0=a #1=b :0=x :1=7":            {Action: Delete, Key: key, If: []Clause{{"a", Equal, "x"}, {"b", Less, int64(7)}}},
		"(attribute_not_exists(#0) OR #0 <> :0) #0=a :0=[1]": {Action: Check, Key: key, If: []Clause{{"a", NotEqual, []byte{1}}}},
		"attribute_exists(#0) AND attribute_not_exists(#1) #0=a #1=b": {Action: Check, Key: key,
			If: []Clause{{"a", Exists, nil}, {"b", Missing, nil}}},
		"attribute_not_exists(pk) OR (#0 >= :0) #0=a :0=7": {Action: Check, Key: key, If: []Clause{{"a", AtLeast, int64(7)}}, OrAbsent: true},
		"- | -": {Action: Update, Key: key},
		"SET #0 = :0, #1 = :1 REMOVE #2 ADD #3 :2 | - #0=a #1=b #2=c #3=d :0=x :1=y :2=-1": {Action: Update, Key: key,
			Set: Row{"b": "y", "a": "x"}, Remove: []string{"c"}, Add: map[string]int64{"d": -1}},
		"SET #1 = :1 | #0 = :0 #0=a #1=a :0=x :1=y": {Action: Update, Key: key, Set: Row{"a": "y"}, If: []Clause{{"a", Equal, "x"}}},
	} {
		a, err := action("t", op)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		var got string
		switch {
		case a.Put != nil:
			got = orDash(a.Put.ConditionExpression) + spelled(a.Put.ExpressionAttributeNames, a.Put.ExpressionAttributeValues)
		case a.Update != nil:
			got = orDash(a.Update.UpdateExpression) + " | " + orDash(a.Update.ConditionExpression) +
				spelled(a.Update.ExpressionAttributeNames, a.Update.ExpressionAttributeValues)
		case a.Delete != nil:
			got = orDash(a.Delete.ConditionExpression) + spelled(a.Delete.ExpressionAttributeNames, a.Delete.ExpressionAttributeValues)
		default:
			got = orDash(a.ConditionCheck.ConditionExpression) +
				spelled(a.ConditionCheck.ExpressionAttributeNames, a.ConditionCheck.ExpressionAttributeValues)
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestOperationsThatAreNoneAreRefused(t *testing.T) {
	key := Key{Part: "p", Sort: "s"}
	for name, ops := range map[string][]Op{
		"an action":      {{Action: 9, Key: key}},
		"a relation":     {{Action: Delete, Key: key, If: []Clause{{Is: 99}}}},
		"a value":        {{Action: Delete, Key: key, If: []Clause{{"a", Equal, 1}}}},
		"an attribute":   {{Action: Put, Key: key, Set: Row{"a": 1}}},
		"a key":          {{Action: Delete, Key: Key{Part: "\xff"}}},
		"a row twice":    {{Action: Delete, Key: key}, {Action: Delete, Key: key}},
		"a lonely check": {{Action: Check, Key: key, If: Present}},
		"one too many":   make([]Op, MaxOps+1),
	} {
		if err := New(dynamodb.New(dynamodb.Options{}), "t").Write(t.Context(), ops...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := New(nil, "t").Write(t.Context()); err != nil {
		t.Errorf("no operations: %v", err)
	}
}

func TestQueriesInDynamoDBsLanguage(t *testing.T) {
	for want, q := range map[string]Query{
		"pk = :0 :0=p":                                             {Part: "p"},
		"pk = :0 AND sk < :1 :0=p :1=d":                            {Part: "p", To: "d", Newest: true},
		"pk = :0 AND sk BETWEEN :1 AND :2 :0=p :1=b :2=d":          {Part: "p", From: "b", To: "d"},
		"pk = :0 AND sk BETWEEN :1 AND :2 behind d :0=p :1=b :2=d": {Part: "p", From: "b", To: "d", Newest: true},
		"pk = :0 AND sk BETWEEN :1 AND :2 behind c :0=p :1=b :2=c": {Part: "p", From: "b", To: "d", After: "c", Newest: true},
		"pk = :0 AND sk BETWEEN :1 AND :2 :0=p :1=c\x00 :2=d":      {Part: "p", From: "b", To: "d", After: "c"},
		"pk = :0 AND sk >= :1 :0=p :1=b":                           {Part: "p", From: "b", After: "a"},
		"nothing":                                                  {Part: "p", From: "b", To: "b"},
		"nothing ":                                                 {Part: "p", From: "b", To: "d", After: "d"},
		"nothing  ":                                                {Part: "p", From: "b", To: "d", After: "b", Newest: true},
	} {
		input, some, err := New(nil, "t").queryInput(q)
		if err != nil {
			t.Fatal(err)
		}
		got := "nothing"
		if some {
			got = *input.KeyConditionExpression
			if input.ExclusiveStartKey != nil {
				key, _, _ := Unpack(input.ExclusiveStartKey, plain)
				got += " behind " + key.Sort
			}
			got += spelled(nil, input.ExpressionAttributeValues)
		}
		if got != strings.TrimRight(want, " ") {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestWhyAWriteWasRefused(t *testing.T) {
	reason := func(code string, row item) types.CancellationReason {
		return types.CancellationReason{Code: &code, Item: row}
	}
	row := item{PartAttribute: &types.AttributeValueMemberS{Value: "p"}, "a": &types.AttributeValueMemberS{Value: "x"}}
	for _, tc := range []struct {
		name string
		err  error
		at   int // -1: not refused
		row  string
		busy bool
	}{
		{"one", &types.ConditionalCheckFailedException{Item: row}, 0, "x", false},
		{"one, no row", &types.ConditionalCheckFailedException{}, 0, "", false},
		{"the third of several", &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
			reason("None", nil), reason("TransactionConflict", nil), reason("ConditionalCheckFailed", row)}}, 2, "x", true},
		{"a conflict", &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
			reason("None", nil), reason("TransactionConflict", nil)}}, -1, "", true},
		{"a content", &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
			reason("ValidationError", nil), {}}}, -1, "", false},
		{"a conflict of one", &types.TransactionConflictException{}, -1, "", true},
		{"itself under way", &types.TransactionInProgressException{}, -1, "", true},
		{"load", &types.ProvisionedThroughputExceededException{}, -1, "", true},
		{"another token", &types.IdempotentParameterMismatchException{}, -1, "", false},
		{"anything", errors.New("x"), -1, "", false},
	} {
		refused, err := refusal(fmt.Errorf("wrapped: %w", tc.err))
		if err != nil {
			t.Fatal(err)
		}
		if (refused != nil) != (tc.at >= 0) || refused != nil && (refused.At != tc.at || refused.Row.Text("a") != tc.row) {
			t.Errorf("%s: refused for %+v", tc.name, refused)
		}
		if got := busy(tc.err); got != tc.busy {
			t.Errorf("%s: busy = %v", tc.name, got)
		}
	}
}
