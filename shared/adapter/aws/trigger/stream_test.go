package trigger_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

const record = `{"eventID":"e1","eventName":"MODIFY","dynamodb":{"SequenceNumber":"100",
	"Keys":{"pk":{"S":"t/m"},"sk":{"S":"l#1"}},
	"OldImage":{"pk":{"S":"t/m"},"sk":{"S":"l#1"},"n":{"N":"-7"}},
	"NewImage":{"pk":{"S":"t/m"},"sk":{"S":"l#1"},"n":{"N":"9007199254740993"},"f":{"S":"c"},"b":{"B":"AP8="}}}}`

// batch is a batch of so many records; from the one that is odd on, a record
// has an attribute that no row has.
func batch(t testing.TB, n, odd int) events.DynamoDBEvent {
	t.Helper()
	var e events.DynamoDBEvent
	for i := range n {
		var r events.DynamoDBEventRecord
		if err := json.Unmarshal([]byte(record), &r); err != nil {
			t.Fatal(err)
		}
		r.Change.SequenceNumber = string(rune('A' + i))
		if i == odd {
			r.Change.NewImage["n"] = events.NewBooleanAttribute(true)
		}
		e.Records = append(e.Records, r)
	}
	return e
}

func TestARecordIsARowBeforeAndAfter(t *testing.T) {
	want := []table.Record{{
		ID: "e1", Key: table.Key{Part: "t/m", Sort: "l#1"}, Old: table.Row{"n": int64(-7)},
		New: table.Row{"n": int64(9007199254740993), "f": "c", "b": []byte{0, 255}},
	}}
	take := func(_ context.Context, got []table.Record) (int, error) {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		return len(got), nil
	}
	if got, err := trigger.Stream(noFault(t), take)(t.Context(), batch(t, 1, -1)); err != nil || len(got.BatchItemFailures) != 0 {
		t.Errorf("the answer is %+v, %v", got, err)
	}
}

func TestLambdaGoesOnBehindTheLastRecordThatIsDone(t *testing.T) {
	down := errors.New("down")
	for name, tc := range map[string]struct {
		odd, done int
		fails     error
		want      string // the record to go on with; "" = all done
		err       bool
	}{
		"all done":                         {odd: -1, done: 3},
		"none done":                        {odd: -1, fails: down, err: true},
		"none done, and no error":          {odd: -1, want: "A"},
		"some done":                        {odd: -1, done: 2, fails: down, want: "C"},
		"some done for lack of time":       {odd: -1, done: 1, want: "B"},
		"the second unreadable":            {odd: 1, done: 1, want: "B"},
		"the third unreadable, one done":   {odd: 2, done: 1, fails: down, want: "B"},
		"the first unreadable":             {odd: 0, err: true},
		"the second unreadable, none done": {odd: 1, fails: down, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			take := func(context.Context, []table.Record) (int, error) { return tc.done, tc.fails }
			var told error
			got, err := trigger.Stream(func(err error) { told = err }, take)(t.Context(), batch(t, 3, tc.odd))
			if failed := tc.fails != nil || tc.odd >= 0; failed != (err != nil || told != nil) {
				t.Errorf("of a failure, %v, nobody hears, or of none", failed)
			}
			if (err != nil) != tc.err {
				t.Errorf("it is answered with the error %v", err)
			}
			var at string
			for _, f := range got.BatchItemFailures {
				at += f.ItemIdentifier
			}
			if at != tc.want {
				t.Errorf("it goes on with %q, %q is wanted", at, tc.want)
			}
		})
	}
}

func FuzzNoRecordOfAStreamIsLostOrPanics(f *testing.F) {
	f.Add([]byte(`{"Records":[` + record + `,` + record + `]}`))
	f.Add([]byte(`{"Records":[{"dynamodb":{"Keys":{"pk":{"N":"x"}},"NewImage":{"a":{"N":"1e400"}}}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e events.DynamoDBEvent
		if json.Unmarshal(raw, &e) != nil {
			return
		}
		taken := 0
		take := func(_ context.Context, r []table.Record) (int, error) { taken = len(r); return taken, nil }
		got, err := trigger.Stream(func(error) {}, take)(t.Context(), e)
		if whole := err == nil && len(got.BatchItemFailures) == 0; whole != (taken == len(e.Records)) {
			t.Errorf("%d of %d records are taken, and the answer is %+v, %v", taken, len(e.Records), got, err)
		}
	})
}
