package table_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

// river is a stream of two shards, the second of which came from the first. It
// lists the second only once the first has ended, and one iterator runs out.
type river struct {
	ended bool
	late  bool
	asked []string // iterators that were asked for
}

func (r *river) answer(operation, body string) string {
	record := func(sort string) string {
		return fmt.Sprintf(`{"eventID":"e%s","dynamodb":{"SequenceNumber":"n%s","Keys":{"pk":{"S":"p"},"sk":{"S":"%s"}}}}`, sort, sort, sort)
	}
	switch operation {
	case "DescribeTable":
		return `{"Table":{"LatestStreamArn":"arn","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}}`
	case "DescribeStream":
		child := ""
		if r.ended {
			child = `{"ShardId":"child-of-the-first-one","ParentShardId":"the-first-shard-that-was"},`
		}
		return `{"StreamDescription":{"Shards":[` + child + `{"ShardId":"the-first-shard-that-was","ParentShardId":"gone-long-since-then"}]}}`
	case "GetShardIterator":
		place := "oldest"
		if _, after, found := strings.Cut(body, `"SequenceNumber":"`); found {
			place, _, _ = strings.Cut(after, `"`)
		}
		if strings.Contains(body, "child") {
			place = "child " + place
		}
		r.asked = append(r.asked, place)
		return `{"ShardIterator":"` + place + `"}`
	case "GetRecords":
		switch {
		case strings.Contains(body, `"child oldest"`):
			return `{"Records":[` + record("c") + `],"NextShardIterator":"child quiet"}`
		case strings.Contains(body, `"oldest"`):
			return `{"Records":[` + record("a") + `],"NextShardIterator":"late"}`
		case strings.Contains(body, `"late"`) && !r.late:
			r.late = true
			return `{"__type":"ExpiredIteratorException"}`
		case strings.Contains(body, `"na"`):
			r.ended = true
			return `{"Records":[` + record("b") + `]}`
		}
		return `{"Records":[],"NextShardIterator":"child quiet"}`
	}
	return `{"__type":"UnknownOperationException"}`
}

func TestAShardIsReadAfterItsParent(t *testing.T) {
	r := &river{}
	stream := table.NewStream(service(r.answer).tables(), service(r.answer).streams(), "t")
	var got []string
	for range 8 {
		records, err := stream.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			got = append(got, record.Key.Sort)
		}
		stream.Done(len(records))
	}
	if s := strings.Join(got, ""); s != "abc" {
		t.Errorf("read %q", s)
	}
	if want := []string{"oldest", "na", "child oldest"}; !slices.Equal(r.asked, want) {
		t.Errorf("iterators of %q, want %q", r.asked, want)
	}
}

func TestATableWithoutAStreamSaysSo(t *testing.T) {
	for answer, want := range map[string]fault.Kind{
		`{"Table":{}}`: fault.Internal,
		`{"Table":{"LatestStreamArn":"arn","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}}`: fault.Internal,
		`{"__type":"ThrottlingException"}`: fault.Unavailable,
	} {
		s := service(func(string, string) string { return answer })
		_, err := table.NewStream(s.tables(), s.streams(), "t").Next(t.Context())
		if err == nil || fault.KindOf(err) != want {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
