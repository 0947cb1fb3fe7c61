package fifo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
	"github.com/memhooks/memhooks/shared/fault"
)

const (
	maxBatch  = 10        // entries of one request
	maxBytes  = 256 << 10 // of the bodies of one request; one body may be longer
	maxRounds = 6         // requests in a row of which nothing was taken
	// inHand is how long a message may be in hand until it is hidden: SQS counts
	// the 12 hours from its reception, which a handle does not tell.
	inHand = 15 * time.Minute
)

// Queue is a FIFO queue of SQS. It is safe for concurrent use. How long a
// message that was received stays hidden is the queue's own setting.
type Queue struct {
	client *sqs.Client
	url    string
	wait   time.Duration
}

// New makes the Queue of a URL, whose receptions wait so long for messages, 20
// seconds at most; it asks nothing of the service yet.
func New(client *sqs.Client, url string, wait time.Duration) *Queue {
	return &Queue{client: client, url: url, wait: wait}
}

// Send puts messages in line, those of one group in their order: none is sent
// before the one ahead of it in its group has arrived, so that one request
// takes one message of a group only. When it fails some may be in line; sending
// all again is harmless for five minutes.
func (q *Queue) Send(ctx context.Context, messages []Message) error {
	next := func(left []int) []int {
		var batch []int
		var bytes int
		groups := make(map[string]bool, maxBatch)
		for _, i := range left {
			m := messages[i]
			if len(batch) == maxBatch || len(batch) > 0 && bytes+len(m.Body) > maxBytes {
				break
			}
			if !groups[m.Group] {
				groups[m.Group] = true
				bytes += len(m.Body)
				batch = append(batch, i)
			}
		}
		return batch
	}
	return q.settle(ctx, "send to", len(messages), next, func(batch []int) ([]types.BatchResultErrorEntry, error) {
		entries := make([]types.SendMessageBatchRequestEntry, len(batch))
		for at, i := range batch {
			m := messages[i]
			entries[at] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
				MessageGroupId: &m.Group, MessageDeduplicationId: &m.Dedup, MessageBody: &m.Body}
		}
		answer, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return nil, err
		}
		return answer.Failed, nil
	})
}

// Receive returns up to ten messages, the first of each group that nobody has
// in hand and what follows it; where there are none it waits as long as the
// Queue was made to.
func (q *Queue) Receive(ctx context.Context) ([]Received, error) {
	answer, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: maxBatch, WaitTimeSeconds: int32(q.wait / time.Second),
		// An answer that was lost is given again, instead of after the time that
		// its messages stay hidden.
		ReceiveRequestAttemptId: aws.String(rand.Text()),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount,
			types.MessageSystemAttributeNameMessageGroupId,
			types.MessageSystemAttributeNameMessageDeduplicationId,
		},
	})
	if err != nil {
		return nil, attempt.Failed(err, "receive from queue %s", q.url)
	}
	received := make([]Received, len(answer.Messages))
	for i, m := range answer.Messages {
		attribute := func(name types.MessageSystemAttributeName) string { return m.Attributes[string(name)] }
		receives, err := strconv.Atoi(attribute(types.MessageSystemAttributeNameApproximateReceiveCount))
		if err != nil {
			return nil, fmt.Errorf("receive from queue %s: count of receptions: %w", q.url, err)
		}
		received[i] = Received{
			Message: Message{
				Group: attribute(types.MessageSystemAttributeNameMessageGroupId),
				Dedup: attribute(types.MessageSystemAttributeNameMessageDeduplicationId),
				Body:  aws.ToString(m.Body),
			},
			ID: aws.ToString(m.MessageId), Handle: aws.ToString(m.ReceiptHandle), Receives: receives,
		}
	}
	return received, nil
}

// Settle ends messages in hand and hides others, for whole seconds, rounded up,
// and at most 11 h 45 min, so that those received within the last quarter of an
// hour stay within Longest. A message that is no longer in hand is passed over:
// it has ended, or it is received again. When Settle fails any part may be
// settled; the same call again is harmless.
func (q *Queue) Settle(ctx context.Context, done []string, later []Delay) error {
	first := func(left []int) []int { return left[:min(len(left), maxBatch)] }
	ended := q.settle(ctx, "end messages of", len(done), first, func(batch []int) ([]types.BatchResultErrorEntry, error) {
		entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
		for at, i := range batch {
			entries[at] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &done[i]}
		}
		answer, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return nil, err
		}
		return others(answer.Failed), nil
	})
	hidden := q.settle(ctx, "hide messages of", len(later), first, func(batch []int) ([]types.BatchResultErrorEntry, error) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
		for at, i := range batch {
			entries[at] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
				ReceiptHandle: &later[i].Handle, VisibilityTimeout: seconds(later[i].For)}
		}
		answer, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return nil, err
		}
		return others(answer.Failed), nil
	})
	return errors.Join(ended, hidden)
}

func seconds(d time.Duration) int32 {
	d = min(max(d, 0), Longest-inHand)
	return int32((d + time.Second - 1) / time.Second)
}

// others drops the entries that were refused for their handle: all that a
// request to end or to hide can be refused for by entry.
func others(failed []types.BatchResultErrorEntry) []types.BatchResultErrorEntry {
	return slices.DeleteFunc(failed, func(f types.BatchResultErrorEntry) bool {
		return f.SenderFault || slices.ContainsFunc([]string{"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"},
			func(code string) bool { return strings.Contains(aws.ToString(f.Code), code) })
	})
}

// settle sends entries, named by their index below count, batch by batch, until
// all have been taken. What a batch could not place stays ahead of what
// follows. It ends early where the service refuses an entry for its content, or
// nothing at all was taken a number of times.
func (q *Queue) settle(ctx context.Context, what string, count int, next func(left []int) []int,
	send func(batch []int) ([]types.BatchResultErrorEntry, error),
) error {
	left := make([]int, count)
	for i := range left {
		left[i] = i
	}
	for idle := 0; len(left) > 0; {
		batch := next(left)
		failed, err := send(batch)
		if err != nil {
			return attempt.Failed(err, "%s queue %s", what, q.url)
		}
		again := make(map[int]bool, len(failed))
		for _, f := range failed {
			i, err := strconv.Atoi(aws.ToString(f.Id))
			if err != nil || f.SenderFault {
				return fmt.Errorf("%s queue %s: entry %s was refused: %s: %s", what, q.url,
					aws.ToString(f.Id), aws.ToString(f.Code), aws.ToString(f.Message))
			}
			again[i] = true
		}
		left = slices.DeleteFunc(left, func(i int) bool { return slices.Contains(batch, i) && !again[i] })
		if idle++; len(failed) < len(batch) {
			idle = 0
		}
		if len(failed) > 0 && (idle == maxRounds || attempt.Wait(ctx, idle) != nil) {
			return fault.New(fault.Unavailable, "%s queue %s: %d of %d entries were not taken (%s): try again", what, q.url,
				len(left), count, aws.ToString(failed[0].Code))
		}
	}
	return nil
}
