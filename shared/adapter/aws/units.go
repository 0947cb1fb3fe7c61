package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// counting has every answered request counted. It asks DynamoDB to tell what
// each consumes.
func counting(count func(service, operation string, units float64)) func(*middleware.Stack) error {
	ask := middleware.InitializeMiddlewareFunc("AskForUnits", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		askForUnits(in.Parameters)
		return next.HandleInitialize(ctx, in)
	})
	tell := middleware.FinalizeMiddlewareFunc("CountRequest", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleFinalize(ctx, in)
		if awsmiddleware.GetRawResponse(meta) != nil {
			count(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), units(out.Result))
		}
		return out, meta, err
	})
	return func(stack *middleware.Stack) error {
		if err := stack.Initialize.Add(ask, middleware.Before); err != nil {
			return err
		}
		return stack.Finalize.Insert(tell, "Retry", middleware.After) // within: each attempt is a request
	}
}

func askForUnits(request any) {
	const total = types.ReturnConsumedCapacityTotal
	switch r := request.(type) {
	case *dynamodb.GetItemInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.BatchGetItemInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.QueryInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.PutItemInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.UpdateItemInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.DeleteItemInput:
		r.ReturnConsumedCapacity = total
	case *dynamodb.TransactWriteItemsInput:
		r.ReturnConsumedCapacity = total
	}
}

func units(answer any) float64 {
	var one *types.ConsumedCapacity
	var several []types.ConsumedCapacity
	switch a := answer.(type) {
	case *dynamodb.GetItemOutput:
		one = a.ConsumedCapacity
	case *dynamodb.BatchGetItemOutput:
		several = a.ConsumedCapacity
	case *dynamodb.QueryOutput:
		one = a.ConsumedCapacity
	case *dynamodb.PutItemOutput:
		one = a.ConsumedCapacity
	case *dynamodb.UpdateItemOutput:
		one = a.ConsumedCapacity
	case *dynamodb.DeleteItemOutput:
		one = a.ConsumedCapacity
	case *dynamodb.TransactWriteItemsOutput:
		several = a.ConsumedCapacity
	}
	if one != nil {
		several = append(several, *one)
	}
	sum := 0.0
	for _, c := range several {
		sum += sdk.ToFloat64(c.CapacityUnits)
	}
	return sum
}
