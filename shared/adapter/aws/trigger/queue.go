package trigger

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

// Queue makes a batch of a FIFO queue a call, which returns the ids of the
// messages that come again; Lambda ends all others. What it fails with is told
// to fault and to nobody else: were it Lambda's, what is done would come again.
func Queue(fault func(error), take func(context.Context, []fifo.Received) (failed []string, err error)) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		ctx, cancel := early(ctx, margin)
		defer cancel()
		answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}} // null would do for AWS, not for emulators
		batch := make([]fifo.Received, len(e.Records))
		for i, m := range e.Records {
			var err error
			if batch[i], err = receivedOf(m); err != nil {
				return answer, err
			}
		}
		failed, err := take(ctx, batch)
		if err != nil {
			fault(err)
		}
		for _, id := range failed {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: id})
		}
		return answer, nil
	}
}

func receivedOf(m events.SQSMessage) (fifo.Received, error) {
	receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return fifo.Received{}, fmt.Errorf("message %s: how often it was received: %w", m.MessageId, err)
	}
	return fifo.Received{
		Message: fifo.Message{Group: m.Attributes["MessageGroupId"], Dedup: m.Attributes["MessageDeduplicationId"], Body: m.Body},
		ID:      m.MessageId, Handle: m.ReceiptHandle, Receives: receives,
	}, nil
}
