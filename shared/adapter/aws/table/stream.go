package table

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
)

// lookAgain is after how many calls of Next the list of shards is asked for,
// beside whenever a shard has ended.
const lookAgain = 60

// Stream reads the stream of a table from its oldest record, which is up to 24
// hours old, each shard after the one that it came from. It is for where no
// Lambda trigger does this, by one goroutine at a time. Where it stands is kept
// in memory only: a new Stream begins at the oldest record again.
type Stream struct {
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	name    string // of the table
	arn     string // "" until it was asked for
	shards  []*shard
	calls   int      // of Next that read, since the shards were listed
	held    []Record // what Next gave and Done did not confirm
}

type shard struct {
	id, parent string
	iterator   *string // nil: to be asked for
	last       string  // number of the last record read; "" = none
	ended      bool
}

// NewStream makes the reader of a table's stream; it asks nothing of the
// services yet.
func NewStream(tables *dynamodb.Client, streams *dynamodbstreams.Client, name string) *Stream {
	return &Stream{tables: tables, streams: streams, name: name}
}

// Next returns the records that come next, all of one shard; none where there
// are none right now, in which case the caller waits a while. What Done has not
// confirmed is returned again, and holds up all other records.
func (s *Stream) Next(ctx context.Context) ([]Record, error) {
	if len(s.held) > 0 {
		return s.held, nil
	}
	if err := s.list(ctx); err != nil {
		return nil, attempt.Failed(err, "list the shards of table %s's stream", s.name)
	}
	s.calls++
	for range s.shards { // the one that gave records goes to the end of the line
		sh := s.shards[0]
		s.shards = append(s.shards[1:], sh)
		if sh.ended || slices.ContainsFunc(s.shards, func(p *shard) bool { return p.id == sh.parent && !p.ended }) {
			continue
		}
		var err error
		if s.held, err = s.read(ctx, sh); err != nil {
			return nil, attempt.Failed(err, "read table %s's stream", s.name)
		}
		if len(s.held) > 0 {
			break
		}
	}
	return s.held, nil
}

// Done confirms the first n of the records that Next returned last.
func (s *Stream) Done(n int) { s.held = s.held[min(max(n, 0), len(s.held)):] }

// list looks for shards that are new, and forgets those that are gone, where
// there may be such.
func (s *Stream) list(ctx context.Context) error {
	childless := slices.ContainsFunc(s.shards, func(p *shard) bool {
		return p.ended && !slices.ContainsFunc(s.shards, func(c *shard) bool { return c.parent == p.id })
	})
	if len(s.shards) > 0 && s.calls < lookAgain && !childless {
		return nil
	}
	if s.arn == "" {
		if err := s.find(ctx); err != nil {
			return err
		}
	}
	var listed []*shard
	ask := &dynamodbstreams.DescribeStreamInput{StreamArn: &s.arn}
	for {
		answer, err := s.streams.DescribeStream(ctx, ask)
		if err != nil {
			return err
		}
		for _, described := range answer.StreamDescription.Shards {
			sh := &shard{id: text(described.ShardId), parent: text(described.ParentShardId)}
			if i := slices.IndexFunc(s.shards, func(known *shard) bool { return known.id == sh.id }); i >= 0 {
				sh = s.shards[i]
			}
			listed = append(listed, sh)
		}
		if ask.ExclusiveStartShardId = answer.StreamDescription.LastEvaluatedShardId; ask.ExclusiveStartShardId == nil {
			break
		}
	}
	s.shards, s.calls = listed, 0
	return nil
}

func (s *Stream) find(ctx context.Context) error {
	answer, err := s.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.name})
	if err != nil {
		return err
	}
	spec := answer.Table.StreamSpecification
	if spec == nil || spec.StreamViewType != "NEW_AND_OLD_IMAGES" || answer.Table.LatestStreamArn == nil {
		return errors.New("the table has no stream of new and old images: switch it on, as template.yaml does")
	}
	s.arn = *answer.Table.LatestStreamArn
	return nil
}

// read returns what comes next in a shard. An iterator lives for a quarter of
// an hour; where it has run out, the next one continues behind the last record,
// or at the oldest there is where that one is gone.
func (s *Stream) read(ctx context.Context, sh *shard) ([]Record, error) {
	if sh.iterator == nil {
		if err := s.place(ctx, sh); err != nil {
			return nil, err
		}
	}
	answer, err := s.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: sh.iterator})
	var late *types.ExpiredIteratorException
	var trimmed *types.TrimmedDataAccessException
	switch {
	case errors.As(err, &late):
		sh.iterator = nil
		return nil, nil
	case errors.As(err, &trimmed):
		sh.iterator, sh.last = nil, ""
		return nil, nil
	case err != nil:
		return nil, err
	}
	records := make([]Record, len(answer.Records))
	for i, r := range answer.Records {
		if records[i], err = recordOf(r); err != nil {
			return nil, fmt.Errorf("record %s: %w", text(r.EventID), err)
		}
	}
	if n := len(answer.Records); n > 0 {
		sh.last = text(answer.Records[n-1].Dynamodb.SequenceNumber)
	}
	sh.iterator, sh.ended = answer.NextShardIterator, answer.NextShardIterator == nil
	return records, nil
}

func (s *Stream) place(ctx context.Context, sh *shard) error {
	ask := &dynamodbstreams.GetShardIteratorInput{StreamArn: &s.arn, ShardId: &sh.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if sh.last != "" {
		ask.ShardIteratorType, ask.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &sh.last
	}
	answer, err := s.streams.GetShardIterator(ctx, ask)
	var trimmed *types.TrimmedDataAccessException
	if errors.As(err, &trimmed) && sh.last != "" {
		sh.last = ""
		return s.place(ctx, sh)
	}
	if err == nil {
		sh.iterator = answer.ShardIterator
	}
	return err
}

func recordOf(r types.Record) (Record, error) {
	if r.Dynamodb == nil {
		return Record{}, errors.New("it tells no change")
	}
	made := Record{ID: text(r.EventID)}
	var err error
	if made.Key, _, err = Unpack(r.Dynamodb.Keys, plainStreamed); err != nil {
		return made, err
	}
	if _, made.Old, err = Unpack(r.Dynamodb.OldImage, plainStreamed); err != nil {
		return made, err
	}
	_, made.New, err = Unpack(r.Dynamodb.NewImage, plainStreamed)
	return made, err
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
