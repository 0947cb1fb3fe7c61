package cloudtest

import (
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

var consumerRules = []Rule{
	{"consumers/an ack never goes back", "An ack never goes back: a lower one answers with what stands.", ackMonotonic},
	{"consumers/an ack survives a crash", "everything up to and with this seq is done", ackDurable},
	{"consumers/acks at once", "An ack never goes back", ackRace},
	{"consumers/absent", "A consumer that is not there is fault.NotFound.", consumerAbsent},
	{"consumers/list by name", "List returns one hook's consumers by name.", consumerList},
	{"consumers/made again keep their place", "or answers with the one that is there, which keeps its own place", consumerAgain},
}

func (b *bench) consumer(name string, acked int64) feed.Consumer {
	return feed.Consumer{Hook: "h", Name: name, Acked: acked, At: b.opened.Now().UTC().Truncate(time.Millisecond)}
}

// follows makes a hook, a log of n entries and a consumer that has read none.
func (b *bench) follows(n int) {
	b.hook("h", polled)
	for i := range n {
		b.add(fmt.Sprint(i))
	}
	b.idle()
	_, err := b.Consumers.Put(b.ctx, b.mem, b.consumer("c", 0))
	b.done("making a consumer", err)
}

func (b *bench) ack(seq, want int64) {
	got, err := b.Consumers.Ack(b.ctx, b.mem, b.consumer("c", seq))
	b.done("an ack", err)
	b.want(got.Acked == want && got.Name == "c" && got.Hook == "h", "an ack of %d was answered with %d, where %d stands", seq, got.Acked, want)
	b.stays("c", want)
}

// stays ends the rule unless a consumer is listed at its place.
func (b *bench) stays(name string, want int64) {
	all, err := b.Consumers.List(b.ctx, b.mem, "h")
	b.done("listing consumers", err)
	for _, c := range all {
		if c.Name == name {
			b.want(c.Acked == want, "consumer %s is at %d, not at %d", name, c.Acked, want)
			return
		}
	}
	b.fail("consumer %s is not listed", name)
}

func ackMonotonic(b *bench) {
	b.follows(5)
	b.ack(3, 3)
	b.ack(1, 3)
	b.ack(3, 3)
	b.ack(5, 5)
	b.ack(0, 5)
}

func ackDurable(b *bench) {
	b.follows(5)
	b.ack(3, 3)
	b.crash()
	b.stays("c", 3)
	b.ack(2, 3)
	b.reopen()
	b.ack(1, 3)
	b.ack(4, 4)
	b.crash()
	b.stays("c", 4)
}

func ackRace(b *bench) {
	const n = 8
	b.follows(n)
	for _, err := range side(n, func(i int) error {
		c, err := b.Consumers.Ack(b.ctx, b.mem, b.consumer("c", int64(n-i)))
		if err == nil && c.Acked < int64(n-i) {
			err = fmt.Errorf("an ack of %d was answered with %d", n-i, c.Acked)
		}
		return err
	}) {
		b.done("acks at once", err)
	}
	b.stays("c", n)
}

func consumerAbsent(b *bench) {
	b.follows(1)
	_, err := b.Consumers.Ack(b.ctx, b.mem, b.consumer("nobody", 1))
	b.refused("an ack of a consumer that is not there", err, fault.NotFound)
	c := b.consumer("c", 1)
	c.Hook = "none"
	_, err = b.Consumers.Ack(b.ctx, b.mem, c)
	b.refused("an ack at a hook that is not there", err, fault.NotFound)
}

func consumerList(b *bench) {
	b.follows(3)
	b.hook("other", polled)
	for _, name := range []string{"b", "a", "B"} {
		_, err := b.Consumers.Put(b.ctx, b.mem, b.consumer(name, 1))
		b.done("making a consumer", err)
	}
	elsewhere := b.consumer("z", 1)
	elsewhere.Hook = "other"
	_, err := b.Consumers.Put(b.ctx, b.mem, elsewhere)
	b.done("making a consumer", err)
	made := b.opened.Now()
	b.pass(time.Hour)
	b.reopen()
	all, err := b.Consumers.List(b.ctx, b.mem, "h")
	b.done("listing consumers", err)
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		b.want(c.Hook == "h" && !c.At.After(made) && made.Sub(c.At) < time.Minute, "consumer %s is listed as %+v", c.Name, c)
	}
	b.want(fmt.Sprint(names) == "[B a b c]", "consumers B a b c are listed as %v", names)
}

func consumerAgain(b *bench) {
	b.follows(5)
	b.ack(2, 2)
	for _, place := range []int64{0, 5} {
		c, err := b.Consumers.Put(b.ctx, b.mem, b.consumer("c", place))
		b.done("making a consumer again", err)
		b.want(c.Acked == 2, "a consumer at 2 that was made again at %d is answered at %d", place, c.Acked)
		b.stays("c", 2)
	}
}
