package table

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
)

// Write applies all operations (at most MaxOps, on rows of their own) or none;
// no operations are no write. It fails with *ConditionError, of the first
// operation refused, where a condition does not hold. Any other failure leaves
// open whether the write happened.
//
// A write of several goes under one token however often it is sent, so it never
// meets itself. A write of one has no token: where the answer to it was lost
// and it was sent again, it may be refused by the row that it wrote itself.
// Callers whose condition would refuse that look at ConditionError.Row for
// something that only they can have written.
func (t *Table) Write(ctx context.Context, ops ...Op) error {
	if len(ops) > MaxOps {
		return fmt.Errorf("write to table %s: %d operations, %d allowed", t.name, len(ops), MaxOps)
	}
	actions := make([]types.TransactWriteItem, len(ops))
	seen := make(map[Key]bool, len(ops))
	for i, op := range ops {
		if seen[op.Key] { // an emulator would take it
			return fmt.Errorf("write to table %s: operation %d: another one is on the same row", t.name, i)
		}
		seen[op.Key] = true
		var err error
		if actions[i], err = action(t.name, op); err != nil {
			return fmt.Errorf("write to table %s: operation %d: %w", t.name, i, err)
		}
	}
	switch len(ops) {
	case 0:
		return nil
	case 1:
		return t.patiently(ctx, "write to", func() error { return t.single(ctx, actions[0]) })
	}
	token := rand.Text()
	return t.patiently(ctx, "write to", func() error {
		_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions, ClientRequestToken: &token})
		return err
	})
}

func (t *Table) single(ctx context.Context, a types.TransactWriteItem) (err error) {
	switch {
	case a.Put != nil:
		_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: a.Put.TableName, Item: a.Put.Item, ConditionExpression: a.Put.ConditionExpression,
			ExpressionAttributeNames: a.Put.ExpressionAttributeNames, ExpressionAttributeValues: a.Put.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: a.Put.ReturnValuesOnConditionCheckFailure,
		})
	case a.Update != nil:
		_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: a.Update.TableName, Key: a.Update.Key,
			UpdateExpression: a.Update.UpdateExpression, ConditionExpression: a.Update.ConditionExpression,
			ExpressionAttributeNames: a.Update.ExpressionAttributeNames, ExpressionAttributeValues: a.Update.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: a.Update.ReturnValuesOnConditionCheckFailure,
		})
	case a.Delete != nil:
		_, err = t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: a.Delete.TableName, Key: a.Delete.Key, ConditionExpression: a.Delete.ConditionExpression,
			ExpressionAttributeNames: a.Delete.ExpressionAttributeNames, ExpressionAttributeValues: a.Delete.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: a.Delete.ReturnValuesOnConditionCheckFailure,
		})
	default:
		err = errors.New("a check alone writes nothing: read the row instead")
	}
	return err
}

// refusal returns what a write was refused for, nil where it failed otherwise.
func refusal(err error) (*ConditionError, error) {
	var one *types.ConditionalCheckFailedException
	if errors.As(err, &one) {
		_, row, err := Unpack(one.Item, plain)
		return &ConditionError{Row: row}, err
	}
	var several *types.TransactionCanceledException
	if errors.As(err, &several) {
		for i, reason := range several.CancellationReasons {
			if code(reason) == "ConditionalCheckFailed" {
				_, row, err := Unpack(reason.Item, plain)
				return &ConditionError{At: i, Row: row}, err
			}
		}
	}
	return nil, nil
}

// busy reports whether a request was refused for its company alone: it did not
// happen, and later it may.
func busy(err error) bool {
	var conflict *types.TransactionConflictException
	var several *types.TransactionCanceledException
	switch {
	case errors.As(err, &conflict):
		return true
	case errors.As(err, &several):
		return slices.ContainsFunc(several.CancellationReasons, func(r types.CancellationReason) bool {
			return slices.Contains([]string{"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}, code(r))
		})
	}
	return attempt.Throttled(err) // TransactionInProgress too
}

func code(r types.CancellationReason) string {
	if r.Code == nil {
		return ""
	}
	return *r.Code
}
