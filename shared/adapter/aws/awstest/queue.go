package awstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

const (
	dedupWindow = 5 * time.Minute
	longPoll    = 20 * time.Second // how long a reception waits for messages
	maxReceive  = 10               // messages of one reception
)

// Queue is a FIFO queue of SQS in memory. It keeps the promises of Line and
// refuses what SQS refuses: bodies over 1 MiB, groups and deduplication ids of
// more than 128 characters or with blanks. It reads the clock that it is given
// and waits by timers; where that clock is moved by hand, Wake must be called
// after it. It is safe for concurrent use.
type Queue struct {
	now     func() time.Time
	visible time.Duration
	meter   Meter

	mu          sync.Mutex
	messages    []*message          // in the order in which they were sent
	sent        map[label]time.Time // when a message of that name was accepted
	told        chan struct{}       // closed when a message may have become visible
	taken       int                 // messages that were ever accepted
	dead        *Queue
	maxReceives int
}

// label is what a message is known by when it is sent again.
type label struct{ group, dedup string }

// message is one message. It is in hand while its hidden time has not come.
type message struct {
	fifo.Message
	id       string
	receives int
	received time.Time
	hidden   time.Time // until when
	extended bool      // hidden by word, not by the visibility timeout
}

// NewQueue makes an empty queue on a clock, with a visibility timeout.
func NewQueue(now func() time.Time, visible time.Duration) *Queue {
	return &Queue{now: now, visible: visible, sent: map[label]time.Time{}, told: make(chan struct{})}
}

// RedriveTo moves a message to dead instead of a reception, once it was
// received maxReceives times. It is called before the queue is used.
func (q *Queue) RedriveTo(dead *Queue, maxReceives int) { q.dead, q.maxReceives = dead, maxReceives }

// Meter is what the queue's calls used.
func (q *Queue) Meter() *Meter { return &q.meter }

// Send puts messages in line, those of one group in their order. A message
// whose Dedup was accepted within the last five minutes is dropped without a
// word, even where the first one is gone by now; in its own group only, as in
// a queue with high throughput.
func (q *Queue) Send(ctx context.Context, messages []fifo.Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("send messages: %w", err)
	}
	for i, m := range messages {
		if err := validMessage(m); err != nil {
			return fmt.Errorf("send messages: message %d: %w", i, err)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chargeSend(messages)
	now := q.now()
	for _, m := range messages {
		name := label{m.Group, m.Dedup}
		if at, there := q.sent[name]; there && now.Sub(at) < dedupWindow {
			continue
		}
		q.sent[name] = now
		q.taken++
		q.messages = append(q.messages, &message{Message: m, id: fmt.Sprintf("m%08d", q.taken)})
	}
	q.tell()
	return nil
}

// Receive returns up to ten messages, of each group that nobody has in hand
// the first and what follows it; nothing when none was visible for 20 s, or
// when the context ends.
func (q *Queue) Receive(ctx context.Context) ([]fifo.Received, error) {
	started := q.now()
	for {
		q.mu.Lock()
		if ctx.Err() != nil {
			q.mu.Unlock()
			return nil, nil
		}
		now := q.now()
		got, next := q.take(now)
		told := q.told
		wait := started.Add(longPoll).Sub(now)
		if len(got) > 0 || wait <= 0 {
			q.chargeReceive(got)
			q.mu.Unlock()
			return got, nil
		}
		q.mu.Unlock()
		if !next.IsZero() {
			wait = min(wait, next.Sub(now))
		}
		timer := time.NewTimer(wait)
		select {
		case <-told:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// take puts messages in hand; next is when the next one becomes visible by
// itself, zero where none will.
func (q *Queue) take(now time.Time) (got []fifo.Received, next time.Time) {
	q.bury(now)
	locked := map[string]bool{}
	for _, m := range q.messages {
		if m.hidden.After(now) {
			locked[m.Group] = true
			if next.IsZero() || m.hidden.Before(next) {
				next = m.hidden
			}
		}
	}
	for i, head := range q.messages {
		if len(got) == maxReceive {
			break
		}
		if locked[head.Group] {
			continue
		}
		for _, m := range q.messages[i:] {
			if m.Group == head.Group && len(got) < maxReceive {
				got = append(got, q.give(m, now))
			}
		}
		locked[head.Group] = true
	}
	return got, next
}

func (q *Queue) give(m *message, now time.Time) fifo.Received {
	m.receives++
	m.received, m.hidden, m.extended = now, now.Add(q.visible), false
	return fifo.Received{Message: m.Message, ID: m.id, Handle: m.handle(), Receives: m.receives}
}

func (m *message) handle() string { return fmt.Sprintf("%s/%d", m.id, m.receives) }

// bury moves what was received too often and is in nobody's hand to the dead
// letters, where it counts its receptions anew.
func (q *Queue) bury(now time.Time) {
	if q.dead == nil {
		return
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool {
		if m.hidden.After(now) || m.receives < q.maxReceives {
			return false
		}
		q.dead.mu.Lock()
		defer q.dead.mu.Unlock()
		q.dead.messages = append(q.dead.messages, &message{Message: m.Message, id: m.id})
		q.dead.tell()
		return true
	})
}

// Settle ends messages in hand and hides others, in whole seconds as SQS
// counts them (a part of one counts whole, less than none counts none), at most
// until fifo.Longest after the reception. A handle of a message that is not in this hand any more is
// passed over.
func (q *Queue) Settle(ctx context.Context, done []string, later []fifo.Delay) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("settle messages: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chargeSettle(len(done), len(later))
	now := q.now()
	inHand := map[string]*message{}
	for _, m := range q.messages {
		if m.hidden.After(now) {
			inHand[m.handle()] = m
		}
	}
	ended := map[*message]bool{}
	for _, handle := range done {
		if m := inHand[handle]; m != nil {
			ended[m] = true
		}
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return ended[m] })
	for _, d := range later {
		if m := inHand[d.Handle]; m != nil {
			m.hide(now, d.For)
		}
	}
	q.tell()
	return nil
}

func (m *message) hide(now time.Time, d time.Duration) {
	d = min(max(d, 0), fifo.Longest) // so that rounding up can't overflow
	until := now.Add((d + time.Second - 1).Truncate(time.Second))
	if longest := m.received.Add(fifo.Longest); until.After(longest) {
		until = longest
	}
	m.hidden, m.extended = until, true
}

// Expire ends the visibility timeout of all messages in hand, as if their time
// was over: their receiver died. What was hidden by word stays hidden.
func (q *Queue) Expire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if !m.extended {
			m.hidden = time.Time{}
		}
	}
	q.tell()
}

// Wake has waiting receptions look at the clock again.
func (q *Queue) Wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tell()
}

func (q *Queue) tell() {
	close(q.told)
	q.told = make(chan struct{})
}

// Bodies returns the bodies of all messages, in hand or not, in line's order.
func (q *Queue) Bodies() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	bodies := make([]string, len(q.messages))
	for i, m := range q.messages {
		bodies[i] = m.Body
	}
	return bodies
}
