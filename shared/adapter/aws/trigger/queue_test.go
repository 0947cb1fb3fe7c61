package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const visible = 12 * time.Minute // as template.yaml has it

// noFault fails the test where a fault is told.
func noFault(t *testing.T) func(error) {
	return func(err error) { t.Errorf("the fault %v is told", err) }
}

func message(id, receives string) events.SQSMessage {
	return events.SQSMessage{MessageId: id, ReceiptHandle: "handle " + id, Body: "body " + id, Attributes: map[string]string{
		"ApproximateReceiveCount": receives, "MessageGroupId": "group", "MessageDeduplicationId": "dedup " + id,
	}}
}

func TestABatchOfTheQueueIsAnsweredWithWhatComesAgain(t *testing.T) {
	take := func(_ context.Context, batch []fifo.Received) ([]string, error) {
		want := []fifo.Received{
			{Message: fifo.Message{Group: "group", Dedup: "dedup a", Body: "body a"}, ID: "a", Handle: "handle a", Receives: 1},
			{Message: fifo.Message{Group: "group", Dedup: "dedup b", Body: "body b"}, ID: "b", Handle: "handle b", Receives: 7},
		}
		if !reflect.DeepEqual(batch, want) {
			t.Errorf("got  %+v\nwant %+v", batch, want)
		}
		return []string{"b"}, nil
	}
	got, err := trigger.Queue(noFault(t), take)(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("a", "1"), message("b", "7")}})
	if err != nil || len(got.BatchItemFailures) != 1 || got.BatchItemFailures[0].ItemIdentifier != "b" {
		t.Errorf("the answer is %+v, %v", got, err)
	}
}

func TestAFaultEndsNothingThatIsDone(t *testing.T) {
	down := errors.New("down")
	var told error
	serve := trigger.Queue(func(err error) { told = err }, func(context.Context, []fifo.Received) ([]string, error) { return []string{"b"}, down })
	got, err := serve(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("a", "1"), message("b", "1")}})
	if err != nil || len(got.BatchItemFailures) != 1 || got.BatchItemFailures[0].ItemIdentifier != "b" || !errors.Is(told, down) {
		t.Errorf("the answer is %+v, %v; %v is told", got, err, told)
	}
	if _, err := serve(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("a", "")}}); err == nil {
		t.Error("a message of which nobody knows how often it was received is taken")
	}
}

func TestABatchThatIsDoneIsAnsweredWithAnEmptyList(t *testing.T) {
	queue, err := trigger.Queue(noFault(t), func(context.Context, []fifo.Received) ([]string, error) { return nil, nil })(t.Context(), events.SQSEvent{})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := trigger.Stream(noFault(t), nil)(t.Context(), events.DynamoDBEvent{})
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []any{queue, stream} {
		if raw, err := json.Marshal(answer); err != nil || string(raw) != `{"batchItemFailures":[]}` {
			t.Errorf("%T is %s, %v", answer, raw, err)
		}
	}
}

func TestAMetricIsALineThatCloudWatchReads(t *testing.T) {
	var out bytes.Buffer
	if err := trigger.Count(&out, noon, "memhooks-Table-1", trigger.Overdue, 2); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%s: %v", out.Bytes(), err)
	}
	want := map[string]any{
		"_aws": map[string]any{
			"Timestamp": float64(noon.UnixMilli()),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace": "memhooks", "Dimensions": []any{[]any{"Table"}},
				"Metrics": []any{map[string]any{"Name": "ErasureOverdue", "Unit": "Count"}},
			}},
		},
		"Table": "memhooks-Table-1", "ErasureOverdue": float64(2),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
