package trigger

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// Stream makes a batch of a table's stream a call, which says how many records
// from the front are done. Lambda goes on behind them: it is told the first
// record that is not done, or, where that is the batch's first, the error. Of
// others fault is told. A record that can't be read ends the batch before it.
func Stream(fault func(error), take func(context.Context, []table.Record) (done int, err error)) func(context.Context, events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
		ctx, cancel := early(ctx, margin)
		defer cancel()
		answer := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}} // null would do for AWS, not for emulators
		records, unread := recordsOf(e)
		done, err := 0, error(nil)
		if len(records) > 0 {
			done, err = take(ctx, records)
		}
		if done == len(records) && err == nil {
			err = unread
		}
		switch {
		case done == len(e.Records):
		case done == 0 && err != nil:
			return answer, err
		default:
			if err != nil {
				fault(fmt.Errorf("%d of %d records are done: %w", done, len(e.Records), err))
			}
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: e.Records[done].Change.SequenceNumber})
		}
		return answer, nil
	}
}

// recordsOf are a batch's records up to the first that can't be read.
func recordsOf(e events.DynamoDBEvent) ([]table.Record, error) {
	records := make([]table.Record, 0, len(e.Records))
	for _, told := range e.Records {
		r, err := recordOf(told)
		if err != nil {
			return records, fmt.Errorf("record %s of the stream: %w", told.Change.SequenceNumber, err)
		}
		records = append(records, r)
	}
	return records, nil
}

func recordOf(told events.DynamoDBEventRecord) (r table.Record, err error) {
	r.ID = told.EventID
	if r.Key, _, err = table.Unpack(told.Change.Keys, plain); err != nil {
		return r, fmt.Errorf("its key: %w", err)
	}
	if _, r.Old, err = table.Unpack(told.Change.OldImage, plain); err != nil {
		return r, fmt.Errorf("its old image: %w", err)
	}
	if _, r.New, err = table.Unpack(told.Change.NewImage, plain); err != nil {
		return r, fmt.Errorf("its new image: %w", err)
	}
	return r, nil
}

// plain is an attribute's value as rows have it.
func plain(v events.DynamoDBAttributeValue) (any, error) {
	switch v.DataType() {
	case events.DataTypeString:
		return v.String(), nil
	case events.DataTypeNumber:
		return strconv.ParseInt(v.Number(), 10, 64)
	case events.DataTypeBinary:
		return v.Binary(), nil
	}
	return nil, fmt.Errorf("type %d is none of S, N, B", v.DataType())
}
