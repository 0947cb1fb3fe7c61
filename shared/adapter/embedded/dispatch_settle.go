package embedded

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/redact"
)

const (
	// settlePause is how long the settler waits for company when few outcomes
	// wait: a commit more or less a second is nothing, a commit each is much.
	settlePause  = 3 * time.Millisecond
	settleAtOnce = 128             // so many outcomes do not wait
	settleRetry  = 1 * time.Second // after the store refused them
)

// The ends and pauses of a job, as rows of job say them beside the ends of
// package delivery.
const (
	statusRetry  = "retry"
	statusParked = "parked"
	pendingRows  = "('" + statusRetry + "','" + statusParked + "')"
)

// ending is what is to be recorded of one job; without an item, that the
// lane's health has changed, or its place.
type ending struct {
	lane      *lane
	it        *item
	status    string
	fresh     bool // it has no row yet
	attempts  int
	due       int64
	firstAt   int64
	at        int64
	code      int
	err       string
	took      time.Duration
	redaction redact.Mode
}

// settler records outcomes off the senders' path: all that wait, in one
// request to the writer.
type settler struct {
	mu      sync.Mutex
	waiting []ending
	asked   []chan struct{} // to be closed once what waits before them is recorded
	serving bool
	signal  chan struct{} // holds one
	gaveUp  bool          // on a batch; its items count as settled, and no place may pass them; the recording goroutine's alone
}

func newSettler() *settler { return &settler{signal: make(chan struct{}, 1)} }

// add hands in an ending. It never waits; a lane's lock may be held.
func (s *settler) add(e ending) {
	s.mu.Lock()
	s.waiting = append(s.waiting, e)
	s.mu.Unlock()
	s.wake()
}

func (s *settler) serve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving = true
}

func (s *settler) wake() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// recorded waits until all that was handed in before is recorded; it does not
// wait where nobody records.
func (s *settler) recorded(ctx context.Context) error {
	s.mu.Lock()
	if !s.serving {
		s.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	s.asked = append(s.asked, done)
	s.mu.Unlock()
	s.wake()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for deliveries to be recorded: %w", ctx.Err())
	}
}

// takeAll takes what waits, and whom to tell that it is recorded. After it has
// taken the last, nobody can ask.
func (s *settler) takeAll(spare []ending, more bool) ([]ending, []chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, asked := s.waiting, s.asked
	s.waiting, s.asked, s.serving = spare[:0], nil, more
	return all, asked
}

func (s *settler) many() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) >= settleAtOnce
}

// settle records until end is closed and nothing waits any more.
func (q *queue) settle(end <-chan struct{}) {
	pause := time.NewTimer(settlePause)
	defer pause.Stop()
	q.settler.serve()
	var spare []ending
	for open := true; open; {
		select {
		case <-q.settler.signal:
			if !q.settler.many() {
				pause.Reset(settlePause)
				select {
				case <-pause.C:
				case <-end:
				}
			}
		case <-end:
			open = false
		}
		batch, asked := q.settler.takeAll(spare, open)
		q.record(batch, end)
		for _, done := range asked {
			close(done)
		}
		clear(batch)
		spare = batch
	}
}

// record writes a batch, and tries again while the store refuses it, until the
// service ends: what is unrecorded then is handed out again after a start, and
// what comes later with it.
func (q *queue) record(batch []ending, end <-chan struct{}) {
	if len(batch) == 0 || q.settler.gaveUp {
		return
	}
	sheets := q.sheets(batch)
	for {
		err := q.d.writer.do(context.Background(), func(t *tx) error {
			for _, s := range sheets {
				if err := s.apply(t); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			break
		}
		q.d.log.Error("deliveries could not be recorded", "count", len(batch), "error", err)
		select {
		case <-time.After(settleRetry):
		case <-end:
			q.settler.gaveUp = true
			return
		}
	}
	for _, s := range sheets {
		q.wake(s.lane) // its window may have room again
	}
}
