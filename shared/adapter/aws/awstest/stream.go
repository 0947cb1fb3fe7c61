package awstest

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// Stream is a table's stream and the place up to which its one consumer has
// read it. Records of one row are in one shard, in the order of the writes;
// shards are read apart, so that records of different rows, even of one
// transaction, may come in any order. A write that changed nothing gives no
// record. It is safe for concurrent use.
type Stream struct {
	mu     sync.Mutex
	shards []shard
	told   chan struct{} // closed when there is something undone; nil: nobody waits
}

// shard is what one shard has told; its consumer is done with the first of it.
type shard struct {
	records []table.Record
	done    int
}

// Batch is records of one shard that are not done, the oldest first.
type Batch struct {
	Shard   int
	Records []table.Record
	from    int
}

func newStream(shards int) *Stream { return &Stream{shards: make([]shard, shards)} }

// Append adds a record that a table elsewhere told: the next one of the shard
// that its row is in. It gets an ID where it has none.
func (s *Stream) Append(r table.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := fnv.New32a()
	_, _ = io.WriteString(h, r.Key.Part+"\x00"+r.Key.Sort) // a hash takes all
	n := int(h.Sum32() % uint32(len(s.shards)))
	at := &s.shards[n]
	if r.ID == "" {
		r.ID = fmt.Sprintf("shard%d-%09d", n, len(at.records))
	}
	at.records = append(at.records, r)
	s.tell()
}

// tell wakes who waits.
func (s *Stream) tell() {
	if s.told != nil {
		close(s.told)
		s.told = nil
	}
}

// Undone returns how many records of each shard are not done.
func (s *Stream) Undone() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make([]int, len(s.shards))
	for i, at := range s.shards {
		counts[i] = len(at.records) - at.done
	}
	return counts
}

// Next gives up to n records of a shard, those that come first of what is not
// done; none where all is done. Until they are done the same come again.
func (s *Stream) Next(shard, n int) Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.shards[shard]
	batch := Batch{Shard: shard, from: at.done}
	for _, r := range at.records[at.done:min(at.done+n, len(at.records))] {
		r.Old, r.New = cloneRow(r.Old), cloneRow(r.New)
		batch.Records = append(batch.Records, r)
	}
	return batch
}

// Done says that the first n records of a batch are done; a batch of which
// more was done meanwhile changes nothing.
func (s *Stream) Done(b Batch, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := &s.shards[b.Shard]
	at.done = max(at.done, b.from+min(n, len(b.Records)))
}

// Rewind makes the last n records of a shard that were done undone, as where
// the word that they were done is lost. They keep their IDs.
func (s *Stream) Rewind(shard, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := &s.shards[shard]
	at.done = max(0, at.done-n)
	s.tell()
}

// Wait returns nil when something is undone, and the context's error once that
// has ended, whatever is undone.
func (s *Stream) Wait(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		for _, at := range s.shards {
			if at.done < len(at.records) {
				s.mu.Unlock()
				return nil
			}
		}
		if s.told == nil {
			s.told = make(chan struct{})
		}
		told := s.told
		s.mu.Unlock()
		select {
		case <-told:
		case <-ctx.Done():
		}
	}
}
