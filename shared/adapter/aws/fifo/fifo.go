// Package fifo is the adapter's way to a FIFO queue of SQS: messages in groups,
// the first of each group only, hidden from others while it is in hand.
package fifo

import "time"

// Longest is how long a message may stay hidden after it was received.
const Longest = 12 * time.Hour

// Message is what is sent. Messages of one group are received in the order in
// which they were sent; a message whose Dedup was sent within the last five
// minutes is dropped.
type Message struct {
	Group string
	Dedup string
	Body  string
}

// Received is a message in hand. Handle stands for this reception of it;
// Receives counts receptions from 1, those that nobody noticed included.
type Received struct {
	Message
	ID       string
	Handle   string
	Receives int
}

// Delay hides a message that is in hand from now on, for so long and at most
// until Longest after its reception. 0 gives it back at once.
type Delay struct {
	Handle string
	For    time.Duration
}
