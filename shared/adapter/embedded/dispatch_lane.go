package embedded

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// Bounds of what is held of one hook.
const (
	maxWindow   = 1024  // entries that wait or are being sent
	minWindow   = 64    // the same, where nobody answers or the windows of all hooks are full
	allWindows  = 65536 // of all hooks together, as far as minWindow lets it
	maxHeldRows = 1000  // jobs with rows; at half of it those that wait are sent away
)

// item is one job in memory. Its lane's lock guards it.
type item struct {
	seq, prev int64
	redrive   int
	group     string
	next      *item // the next of its group
	before    *item // the one whose next it is, nil for the first

	entry     *feed.Entry // nil while a job with a row waits
	attempts  int
	firstAt   int64
	redaction redact.Mode
	due       int64 // of a retry
	unwritten int   // what of its row is on its way to the database
	apart     bool  // of a group that is away: it goes there too once it is written

	row     bool // it has a row in job, or one is about to be written
	out     bool // an attempt is being made
	front   bool // the first of its group
	waiting bool // for its due time
	asleep  bool // no alarm is set for that
	settled bool // recorded: the cursor may pass it
	dropped bool // ended by others: what comes of it is not recorded
	shed    bool // given back to the log
}

func (it *item) job(hookID string) delivery.Job {
	return delivery.Job{
		Hook: hookID, Prev: it.prev, Redrive: it.redrive, Attempts: it.attempts,
		FirstAt: it.firstAt, Redaction: it.redaction, Entry: *it.entry,
	}
}

// rowOf names a row of job within a lane.
type rowOf struct {
	seq     int64
	redrive int
}

// lane is one webhook hook's line: a window of new entries in the order of
// their seq, jobs with rows beside it, and who of them may go out.
type lane struct {
	n      int64 // the hook's number
	memory int64
	id     string

	mu      sync.Mutex
	state   hook.State
	gone    bool
	moving  hook.State // what the hook is to be put in; not durable yet
	health  delivery.Health
	resting int64 // nothing goes out before, epoch milliseconds

	recovered bool
	loading   bool
	start     int64 // where the hook's entries begin: its Since
	cursor    int64 // settled or in job up to here
	read      int64 // of the log, up to here
	known     int64 // newest entry that the hook is known to see
	late      map[int64]bool

	window   []*item       // unsettled and settled ones, by seq; changed by hold alone
	held     *atomic.Int64 // entries in the windows of all lanes
	tails    map[string]*item
	rows     map[rowOf]*item
	ready    line
	redriven line    // the same, of jobs that are repeated by hand
	fetch    []*item // ready but for their entry
	away     awayGroups

	workers int
	slots   int  // how many workers there may be now
	stuck   bool // they have come down to one, and are not as many again as at first
}

// line is a queue of items that can take one back at its front.
type line struct {
	items []*item
	head  int
}

func (q *line) len() int { return len(q.items) - q.head }

func (q *line) push(it *item) { q.items = append(q.items, it) }

func (q *line) putBack(it *item) {
	if q.head > 0 {
		q.head--
		q.items[q.head] = it
		return
	}
	q.items = append([]*item{it}, q.items...)
}

func (q *line) pop() *item {
	if q.len() == 0 {
		return nil
	}
	it := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	} else if q.head > 64 && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return it
}

// remove takes out what gone picks.
func (q *line) remove(gone func(*item) bool) {
	q.items, q.head = slices.DeleteFunc(q.items[q.head:], gone), 0
}

// hasRoom reports whether the lane takes new entries.
func (l *lane) hasRoom(window int) bool {
	return l.recovered && l.state == hook.Active && len(l.window) < window
}

// hold replaces the window.
func (l *lane) hold(window []*item) {
	l.held.Add(int64(len(window) - len(l.window)))
	l.window = window
}

// behind reports whether there are entries in the log that were not read.
func (l *lane) behind() bool { return l.known > l.read }

// idle reports whether entries are wanted and nobody loads them.
func (l *lane) idle() bool { return len(l.fetch) > 0 && !l.loading }

// admit takes a new entry. It returns the item where it must be parked: jobs
// of its group before it have rows already.
func (l *lane) admit(e *feed.Entry, prev int64) (parked *item) {
	it := &item{seq: e.Seq, prev: prev, group: e.Change.Group(), entry: e}
	l.hold(append(l.window, it))
	return l.enqueue(it)
}

// enqueue puts an item behind those of its group. One that has no row yet
// follows its group where that is away.
func (l *lane) enqueue(it *item) (parked *item) {
	if l.tails == nil {
		l.tails = make(map[string]*item)
	}
	if !it.settled && l.away.has(it.group) {
		return l.setApart(it)
	}
	tail := l.tails[it.group]
	if tail != nil && tail.row && !it.row && len(l.rows) >= maxHeldRows/2 {
		l.away.add(it.group)
		return l.setApart(it)
	}
	l.tails[it.group] = it
	switch {
	case tail == nil:
		it.front = true
		l.offer(it)
	default:
		tail.next, it.before = it, tail
		if tail.row && !it.row {
			l.park(it)
			return it
		}
	}
	return nil
}

// park turns an item into one with a row, so that the cursor can pass it. What
// its row says is handed to the settler right after.
func (l *lane) park(it *item) {
	it.row, it.entry = true, nil
	it.unwritten++
	l.keep(it)
}

func (l *lane) keep(it *item) {
	if l.rows == nil {
		l.rows = make(map[rowOf]*item)
	}
	l.rows[rowOf{it.seq, it.redrive}] = it
}

// offer lets the first of a group go out, once its entry is at hand.
func (l *lane) offer(it *item) {
	switch {
	case it.waiting:
	case it.entry == nil:
		l.fetch = append(l.fetch, it)
	case it.redrive > 0:
		l.redriven.push(it)
	default:
		l.ready.push(it)
	}
}

// advance ends an item and offers the next of its group. A row is kept in mind
// until its end is recorded, lest it be read anew.
func (l *lane) advance(it *item) {
	it.front, it.entry = false, nil
	next := it.next
	it.next = nil
	for next != nil && next.dropped {
		next = next.next
	}
	if next == nil {
		delete(l.tails, it.group)
		l.away.recall(it.group)
		return
	}
	next.front, next.before = true, nil
	l.offer(next)
}

// pass goes on from an item that others have ended.
func (l *lane) pass(it *item) {
	if it.front {
		l.advance(it)
	}
}

// may reports whether anything can be handed out at a time.
func (l *lane) may(now int64) bool {
	if l.gone || now < l.resting {
		return false
	}
	return l.state == hook.Active && l.ready.len() > 0 ||
		(l.state == hook.Active || l.state == hook.Held) && l.redriven.len() > 0
}

// take hands out the next item, nil where there is none.
func (l *lane) take(now int64) *item {
	for l.may(now) {
		var it *item
		if l.redriven.len() > 0 {
			it = l.redriven.pop()
		} else {
			it = l.ready.pop()
		}
		if !it.dropped {
			it.out = true
			return it
		}
		l.pass(it)
	}
	return nil
}

// passed takes the settled entries off the window's front and returns how far
// the cursor has come.
func (l *lane) passed() int64 {
	n := 0
	for n < len(l.window) && (l.window[n].settled || l.window[n].dropped) {
		l.cursor = max(l.cursor, l.window[n].seq)
		n++
	}
	if n > 0 {
		rest := copy(l.window, l.window[n:])
		clear(l.window[rest:])
		l.hold(l.window[:rest])
	}
	return l.cursor
}
