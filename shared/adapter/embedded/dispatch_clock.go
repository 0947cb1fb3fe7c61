package embedded

import (
	"container/heap"
	"sync"
	"time"
)

// clock wakes lanes and items at their times, with one timer for all.
type clock struct {
	now    func() time.Time
	mu     sync.Mutex
	alarms alarms
	sooner chan struct{} // holds one: the first alarm has changed
}

// alarm is an item to be sent again, or without one a lane that rests.
type alarm struct {
	at   int64 // epoch milliseconds
	lane *lane
	it   *item
}

func newClock(now func() time.Time) *clock {
	return &clock{now: now, sooner: make(chan struct{}, 1)}
}

// set adds an alarm. It never waits; a lane's lock may be held.
func (c *clock) set(a alarm) {
	c.mu.Lock()
	heap.Push(&c.alarms, a)
	first := c.alarms[0] == a
	c.mu.Unlock()
	if first {
		select {
		case c.sooner <- struct{}{}:
		default:
		}
	}
}

// next takes the first alarm that is due, or says how long to wait for it.
func (c *clock) next() (due alarm, ok bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.alarms) == 0 {
		return alarm{}, false, time.Hour
	}
	wait = time.UnixMilli(c.alarms[0].at).Sub(c.now())
	if wait > 0 {
		return alarm{}, false, wait
	}
	return heap.Pop(&c.alarms).(alarm), true, 0
}

// run calls each alarm that is due until end is closed, then forgets the rest.
func (c *clock) run(end <-chan struct{}, call func(alarm)) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		a, ok, wait := c.next()
		if ok {
			call(a)
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-c.sooner:
		case <-end:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.alarms = nil
			return
		}
	}
}

// alarms is a heap by time.
type alarms []alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at < a[j].at }
func (a alarms) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }

// Push is heap.Interface's.
func (a *alarms) Push(x any) { *a = append(*a, x.(alarm)) }

// Pop is heap.Interface's.
func (a *alarms) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = alarm{}
	*a = old[:len(old)-1]
	return last
}
