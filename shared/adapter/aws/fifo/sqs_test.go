package fifo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/fault"
)

// request is what the tests look at of a request to SQS.
type request struct {
	operation string
	Entries   []struct {
		ID                string `json:"Id"`
		MessageGroupID    string `json:"MessageGroupId"`
		MessageBody       string
		ReceiptHandle     string
		VisibilityTimeout int
	}
}

func (r request) bodies() string {
	var all []string
	for _, e := range r.Entries {
		all = append(all, e.MessageBody)
	}
	return strings.Join(all, " ")
}

// service answers requests; its answer names the entries that failed.
type service func(r request) (failed string)

func (s service) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var made request
	if err := json.Unmarshal(body, &made); err != nil {
		return nil, err
	}
	_, made.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer := fmt.Sprintf(`{"Successful":[],"Failed":[%s]}`, s(made))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader([]byte(answer))), Request: r}, nil
}

func (s service) queue() *fifo.Queue {
	return fifo.New(sqs.New(sqs.Options{Region: "x", HTTPClient: s, Retryer: aws.NopRetryer{}, BaseEndpoint: aws.String("http://x"),
		Credentials: aws.AnonymousCredentials{}, DisableMessageChecksumValidation: true}), "http://x/q.fifo", 0)
}

func failing(id string, sender bool) string {
	return fmt.Sprintf(`{"Id":%q,"Code":"SomeCode","SenderFault":%v}`, id, sender)
}

func messages(groupsAndBodies ...string) []fifo.Message {
	made := make([]fifo.Message, len(groupsAndBodies))
	for i, s := range groupsAndBodies {
		made[i] = fifo.Message{Group: s[:1], Dedup: s, Body: s}
	}
	return made
}

func TestNothingOvertakesItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		q := service(func(r request) string {
			sent = append(sent, r.bodies())
			if len(sent) <= 2 {
				return failing("0", false) // a1, twice
			}
			return ""
		}).queue()
		if err := q.Send(t.Context(), messages("a1", "b1", "a2", "c1", "b2", "a3")); err != nil {
			t.Fatal(err)
		}
		want := []string{"a1 b1 c1", "a1 b2", "a1", "a2", "a3"}
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
	})
}

func TestBatchesKeepTheirLimits(t *testing.T) {
	var all []fifo.Message
	for i := range 25 {
		all = append(all, fifo.Message{Group: fmt.Sprint(i), Dedup: fmt.Sprint(i), Body: "x"})
	}
	all = append(all, fifo.Message{Group: "big", Dedup: "big", Body: strings.Repeat("x", 300<<10)},
		fifo.Message{Group: "y", Dedup: "y", Body: strings.Repeat("x", 200<<10)}, fifo.Message{Group: "z", Dedup: "z", Body: strings.Repeat("x", 60<<10)})
	var sizes []int
	q := service(func(r request) string { sizes = append(sizes, len(r.Entries)); return "" }).queue()
	if err := q.Send(t.Context(), all); err != nil || !slices.Equal(sizes, []int{10, 10, 5, 1, 1, 1}) {
		t.Errorf("batches of %v, %v", sizes, err)
	}
	sizes = nil
	if err := q.Settle(t.Context(), make([]string, 21), make([]fifo.Delay, 10)); err != nil || !slices.Equal(sizes, []int{10, 10, 1, 10}) {
		t.Errorf("batches of %v, %v", sizes, err)
	}
}

func TestWhatIsNotTakenIsToldInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := service(func(request) string { return failing("0", false) }).queue()
		err := q.Send(t.Context(), messages("a1", "b1"))
		if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "1 of 2 entries") {
			t.Errorf("never taken: %v", err)
		}
		if err := q.Settle(t.Context(), []string{"h"}, nil); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("never ended: %v", err)
		}
		refusing := service(func(request) string { return failing("0", true) }).queue()
		if err := refusing.Send(t.Context(), messages("a1")); err == nil || fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "SomeCode") {
			t.Errorf("refused: %v", err)
		}
		if err := refusing.Settle(t.Context(), []string{"gone"}, []fifo.Delay{{Handle: "gone"}}); err != nil {
			t.Errorf("no longer in hand: %v", err)
		}
	})
}

func TestDelaysAreWholeSecondsWithinTheLongest(t *testing.T) {
	for d, want := range map[time.Duration]int{
		-time.Second: 0, 0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 90 * time.Minute: 5400, 24 * time.Hour: 42300,
	} {
		got := -1
		q := service(func(r request) string { got = r.Entries[0].VisibilityTimeout; return "" }).queue()
		if err := q.Settle(t.Context(), nil, []fifo.Delay{{Handle: "h", For: d}}); err != nil || got != want {
			t.Errorf("%s: hidden for %d s, want %d (%v)", d, got, want, err)
		}
	}
}

func needsEndpoint(t *testing.T) {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("needs SQS; with an emulator (LocalStack lets a handle of an earlier reception work: one rule fails there): AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test " +
			"AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 go test ./shared/adapter/aws/fifo")
	}
}

// open makes a queue of its own.
func open(t *testing.T) *fifo.Queue {
	t.Helper()
	loaded, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := sqs.NewFromConfig(loaded)
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String(fmt.Sprintf("memhooks-test-%d.fifo", time.Now().UnixNano())),
		Attributes: map[string]string{"FifoQueue": "true", "VisibilityTimeout": "60",
			"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl}); err != nil {
			t.Error(err)
		}
	})
	return fifo.New(client, *made.QueueUrl, 10*time.Second)
}

// receive gathers n messages.
func receive(t *testing.T, q *fifo.Queue, n int) []fifo.Received {
	t.Helper()
	var got []fifo.Received
	for len(got) < n {
		more, err := q.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more...)
	}
	return got
}

func TestTheQueueKeepsWhatTheAdapterReliesOn(t *testing.T) {
	needsEndpoint(t)
	awstest.CheckLine(t, func(t *testing.T) awstest.Line { return open(t) }, nil)
}

func TestMessagesGoThroughARealQueue(t *testing.T) {
	needsEndpoint(t)
	q := open(t)
	sent := messages("a1", "b1", "a2", "c1", "a3")
	for range 2 { // the second time all of them are dropped
		if err := q.Send(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	got := receive(t, q, len(sent))
	var handles []string
	var ofA string
	for _, m := range got {
		if m.Group == "a" {
			ofA += m.Body
		}
		if m.Receives != 1 || m.ID == "" || m.Handle == "" || m.Dedup != m.Body {
			t.Errorf("received %+v", m)
		}
		handles = append(handles, m.Handle)
	}
	if ofA != "a1a2a3" || len(got) != len(sent) {
		t.Errorf("received %d messages, of group a: %s", len(got), ofA)
	}
	back := slices.IndexFunc(got, func(m fifo.Received) bool { return m.Body == "b1" })
	if err := q.Settle(t.Context(), slices.Concat(handles[:back], handles[back+1:]), []fifo.Delay{{Handle: handles[back]}}); err != nil {
		t.Fatal(err)
	}
	again := receive(t, q, 1)
	if len(again) != 1 || again[0].Body != "b1" || again[0].Receives != 2 {
		t.Errorf("given back: %+v", again)
	}
	if err := q.Settle(t.Context(), []string{again[0].Handle}, nil); err != nil {
		t.Fatal(err)
	}
	if err := q.Settle(t.Context(), handles[:2], []fifo.Delay{{Handle: handles[2], For: time.Second}}); err != nil {
		t.Errorf("messages that are gone: %v", err)
	}
}
