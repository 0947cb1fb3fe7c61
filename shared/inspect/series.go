package inspect

import (
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// Series is what happened in equal buckets of time, the oldest first. Times are
// epoch milliseconds.
type Series struct {
	From, To int64
	Length   time.Duration
	Buckets  []Bucket
}

// Bucket is a part of a series. The latencies are those of the Timed deliveries
// that their first attempt ended well, from the event to the attempt's end.
type Bucket struct {
	At        int64
	Events    int
	Delivered int
	Failed    int // gave up, closed by hand since or not
	Timed     int
	P50, P95  time.Duration
}

// mostBuckets is how many buckets a series has at most.
const mostBuckets = 48

// quiet is how far back a series goes where nothing happened.
const quiet = time.Hour

// lengths are what a bucket may last, so that it begins at a round time.
var lengths = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// empty is a series without content that reaches from a time to another.
func empty(from, to int64) Series {
	length := lengths[len(lengths)-1]
	for _, l := range lengths {
		if length = l; to-from <= (mostBuckets-1)*l.Milliseconds() {
			break
		}
	}
	for to-from > (mostBuckets-1)*length.Milliseconds() {
		length *= 2
	}
	s := Series{From: from - from%length.Milliseconds(), To: to, Length: length}
	for at := s.From; at <= to; at += length.Milliseconds() {
		s.Buckets = append(s.Buckets, Bucket{At: at})
	}
	return s
}

// of is the bucket of a time, nil where the series does not reach there.
func (s *Series) of(at int64) *Bucket {
	if at < s.From || at > s.To {
		return nil
	}
	return &s.Buckets[(at-s.From)/s.Length.Milliseconds()]
}

// series puts what was read into buckets. Where older entries or deliveries
// were not read, it begins with the first event of which both were.
func (r *recent) series(of string, now time.Time) Series {
	from, to := now.Add(-quiet).UnixMilli(), now.UnixMilli()
	var times []int64
	for i := range r.entries {
		e := &r.entries[i]
		if _, sees := e.For(of); of == "" || sees {
			times = append(times, e.Change.At)
		}
	}
	if len(times) > 0 {
		from, to = min(slices.Min(times), to), max(slices.Max(times), to)
	}
	if r.whole { // nothing happened before
		from = min(from, to-(mostBuckets-1)*lengths[0].Milliseconds())
	}
	s := empty(from, to)
	for _, at := range times {
		if bucket := s.of(at); bucket != nil {
			bucket.Events++
		}
	}
	s.deliveries(r.records)
	return s
}

// deliveries adds how deliveries ended.
func (s *Series) deliveries(records []delivery.Record) {
	took := map[*Bucket][]time.Duration{}
	for i := range records {
		rec := &records[i]
		bucket := s.of(rec.LastAt)
		if bucket == nil {
			continue
		}
		switch rec.Status {
		case delivery.StatusDelivered:
			bucket.Delivered++
			if rec.Job.Attempts == 1 && rec.Job.Redrive == 0 {
				took[bucket] = append(took[bucket], time.Duration(max(0, rec.LastAt-rec.Job.Entry.Change.At))*time.Millisecond)
			}
		case delivery.StatusDead, delivery.StatusDiscarded:
			bucket.Failed++
		}
	}
	for bucket, all := range took {
		slices.Sort(all)
		bucket.Timed, bucket.P50, bucket.P95 = len(all), all[(len(all)-1)/2], all[(len(all)-1)*95/100]
	}
}
