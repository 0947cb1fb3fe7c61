package trigger_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
)

var home = change.Memory{Tenant: "default", ID: "default"}

// account is the services in memory, with a memory and a hook, and the same
// randomness each time.
type account struct {
	*testing.T
	main   *awstest.Table
	jobs   *awstest.Queue
	cloud  *aws.Adapter
	stages *road.Stages
}

func newAccount(t *testing.T) *account {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 1)
	a := &account{T: t, main: awstest.NewTable(1), jobs: awstest.NewQueue(time.Now, visible)}
	log := slog.New(slog.DiscardHandler)
	a.cloud = aws.New(aws.Config{
		Main: a.main, Keys: awstest.NewTable(1), Jobs: a.jobs, Dead: awstest.NewQueue(time.Now, visible),
		Wrapper: awstest.NewWrapper(), Now: time.Now, Company: time.Millisecond, Log: log,
		Pause: func(context.Context, time.Duration) error { return nil },
		View: func(ctx context.Context, m change.Memory, s store.Stored) (change.View, error) {
			return a.stages.Memory.View(ctx, m, s)
		},
	})
	s, err := road.Load(nil)
	a.must(err)
	a.stages = road.Assemble(a.cloud.Cloud(), s, "test", time.Now, log)
	a.must(a.stages.Cloud.Memories.Put(t.Context(), store.Instance{Memory: home, Name: "default", Version: 1}))
	url, dialect, secret := "https://example.com/webhooks/remlabs", "rem", "your-webhook-secret"
	_, _, err = a.stages.Hooks.Create(t.Context(), home, change.NewDraw(time.Now()), "wh_01M83BZEC8HQ5EXZDEKQQMBT4Q", "key_1",
		hook.Settings{URL: &url, Dialect: dialect, Secret: &secret})
	a.must(err)
	return a
}

func (a *account) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// told is what the table's stream has, as far as its filter lets it pass.
func (a *account) told() []table.Record {
	var told []table.Record
	for _, r := range a.main.Stream().Next(0, 100).Records {
		if r.New.Text("f") != "" {
			told = append(told, r)
		}
	}
	return told
}

func TestTheRecordedBatchOfTheStreamIsFannedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon)) // a bubble's time begins in 2000
		a := newAccount(t)
		_, err := a.stages.Memory.Remember(t.Context(), home, change.NewDraw(time.Now()), memory.Input{
			Type: "event", Namespace: "my-project", Fields: map[string]any{"content": "We decided to use Redis for caching", "tags": []any{"architecture"}},
		})
		a.must(err)
		a.golden("fanout.json", streamed(a.told()))
		var e events.DynamoDBEvent
		recorded(t, "fanout.json", &e)
		got, err := trigger.Stream(noFault(t), a.cloud.Fanout)(t.Context(), e)
		if err != nil || len(got.BatchItemFailures) != 0 {
			t.Fatalf("the answer is %+v, %v", got, err)
		}
		entries, err := a.stages.Cloud.Log.Read(t.Context(), home, 0, 10)
		if err != nil || len(entries) != 1 || entries[0].Change.Cause != "created" || entries[0].Change.Namespace != "my-project" {
			t.Fatalf("the log has %+v, %v", entries, err)
		}
		jobs, err := a.jobs.Receive(t.Context())
		if err != nil || len(jobs) != 1 {
			t.Fatalf("in line are %+v, %v", jobs, err)
		}
		a.golden("deliver.json", queued(jobs))
	})
}

func TestTheRecordedBatchOfTheQueueIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon)) // a bubble's time begins in 2000
		a := newAccount(t)
		var told events.DynamoDBEvent
		recorded(t, "fanout.json", &told)
		_, err := trigger.Stream(noFault(t), a.cloud.Fanout)(t.Context(), told)
		a.must(err)
		var e events.SQSEvent
		recorded(t, "deliver.json", &e)
		var seen []delivery.Job
		attempt := func(_ context.Context, jobs []delivery.Job) (out []delivery.Outcome) {
			seen = append(seen, jobs...)
			for _, j := range jobs {
				j.Attempts++
				out = append(out, delivery.Outcome{Job: j, Verdict: delivery.Delivered, Status: 200, At: time.Now().UnixMilli()})
			}
			return out
		}
		deliver := func(ctx context.Context, batch []fifo.Received) ([]string, error) {
			return a.cloud.Deliver(ctx, attempt, batch)
		}
		got, err := trigger.Queue(noFault(t), deliver)(t.Context(), e)
		if err != nil || len(got.BatchItemFailures) != 0 {
			t.Errorf("the answer is %+v, %v", got, err)
		}
		if len(seen) != 1 || seen[0].Entry.Seq != 1 || seen[0].Entry.Change.Namespace != "my-project" {
			t.Errorf("attempted is %+v", seen)
		}
	})
}

// golden holds a recorded invocation to what the code gives now: so it is what
// a function meets.
func (a *account) golden(name string, e any) {
	a.Helper()
	raw, err := json.MarshalIndent(e, "", "  ")
	a.must(err)
	raw = append(raw, '\n')
	file := "../../../../events/" + name
	if os.Getenv("UPDATE_GOLDEN") != "" {
		a.must(os.WriteFile(file, raw, 0o600))
	}
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, raw) {
		a.Errorf("events/%s is not what is handed over now, %v; make golden writes it anew:\n%s", name, err, raw)
	}
}

const region = "eu-central-1"

type object = map[string]any

// streamed is how Lambda hands over records of a table's stream.
func streamed(told []table.Record) object {
	var records []object
	for i, r := range told {
		key := table.Row{table.PartAttribute: r.Key.Part, table.SortAttribute: r.Key.Sort}
		body := object{
			"ApproximateCreationDateTime": noon.Unix(), "Keys": attributes(key, nil), "NewImage": attributes(r.New, key),
			"SequenceNumber": fmt.Sprintf("1000000000000000000000%03d", i+1), "SizeBytes": 512, "StreamViewType": "NEW_AND_OLD_IMAGES",
		}
		name := "INSERT"
		if r.Old != nil {
			name, body["OldImage"] = "MODIFY", attributes(r.Old, key)
		}
		records = append(records, object{
			"eventID": fmt.Sprintf("5f2e8d1c7b6a4930a1b2c3d4e5f6%04x", i+1), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
			"awsRegion": region, "dynamodb": body,
			"eventSourceARN": "arn:aws:dynamodb:" + region + ":123456789012:table/memhooks-Table-1A2B3C4D5E6F7/stream/2026-11-02T09:00:00.000",
		})
	}
	return object{"Records": records}
}

func attributes(row, key table.Row) object {
	made := object{}
	for _, part := range []table.Row{row, key} {
		for name, v := range part {
			switch v := v.(type) {
			case string:
				made[name] = object{"S": v}
			case int64:
				made[name] = object{"N": strconv.FormatInt(v, 10)}
			case []byte:
				made[name] = object{"B": base64.StdEncoding.EncodeToString(v)}
			}
		}
	}
	return made
}

// queued is how Lambda hands over messages of a FIFO queue.
func queued(jobs []fifo.Received) object {
	var records []object
	for i, j := range jobs {
		at := strconv.FormatInt(noon.UnixMilli(), 10)
		records = append(records, object{
			"messageId": fmt.Sprintf("059f36b4-87a3-44ab-83d2-66197%07d", i+1), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
			"body": j.Body, "md5OfBody": "", "messageAttributes": object{}, "eventSource": "aws:sqs", "awsRegion": region,
			"eventSourceARN": "arn:aws:sqs:" + region + ":123456789012:memhooks-jobs.fifo",
			"attributes": object{
				"ApproximateReceiveCount": "1", "SentTimestamp": at, "ApproximateFirstReceiveTimestamp": at, "SenderId": "AIDAIENQZJOLO23YVJ4VO",
				"SequenceNumber": "18849496460467696128", "MessageGroupId": j.Group, "MessageDeduplicationId": j.Dedup,
			},
		})
	}
	return object{"Records": records}
}
