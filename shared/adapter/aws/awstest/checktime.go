package awstest

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

// timeRules are promises that only a clock which a test moves can show.
var timeRules = []rule[bench]{
	{"what nobody settled comes again", func(ctx context.Context, b bench) error {
		first, err := b.inHand(ctx)
		if err != nil {
			return err
		}
		b.advance(fifo.Longest)
		again, err := b.some(ctx)
		if err != nil {
			return err
		}
		if m := again[0]; m.Message != first.Message || m.Receives != 2 || m.Handle == first.Handle {
			return fmt.Errorf("first received as %+v, then as %+v", first, m)
		}
		if err := b.Settle(ctx, nil, delays(again)); err != nil {
			return err
		}
		return b.drain(ctx, "a 1", "a 2")
	}},
	{"a delay hides a message and its group for as long, and no other group", func(ctx context.Context, b bench) error {
		return b.hidden(ctx, time.Hour, time.Hour)
	}},
	{"a message stays hidden for twelve hours after its reception at most", func(ctx context.Context, b bench) error {
		return b.hidden(ctx, 2*fifo.Longest, fifo.Longest)
	}},
	{"a message may be sent again after five minutes", func(ctx context.Context, b bench) error {
		for range 3 {
			if err := b.send(ctx, "a 1"); err != nil {
				return err
			}
			got, err := b.want(ctx, "a 1")
			if err != nil {
				return err
			}
			if err := b.end(ctx, got...); err != nil {
				return err
			}
			b.advance(dedupWindow + time.Second)
		}
		return nil
	}},
}

// inHand takes the first message of a group of two in hand.
func (b bench) inHand(ctx context.Context) (fifo.Received, error) {
	if err := b.send(ctx, "a 1"); err != nil {
		return fifo.Received{}, err
	}
	got, err := b.want(ctx, "a 1")
	if err != nil {
		return fifo.Received{}, err
	}
	return got[0], b.send(ctx, "a 2")
}

// hidden asks for a delay and checks that it ends when it must. The second
// before that is another group's.
func (b bench) hidden(ctx context.Context, asked, want time.Duration) error {
	first, err := b.inHand(ctx)
	if err != nil {
		return err
	}
	if err := b.Settle(ctx, nil, []fifo.Delay{{Handle: first.Handle, For: asked}}); err != nil {
		return err
	}
	const margin = 2 * time.Second
	b.advance(want - margin)
	if err := b.send(ctx, "b 1"); err != nil {
		return err
	}
	other, err := b.want(ctx, "b 1")
	if err != nil {
		return fmt.Errorf("shortly before the end: %w", err)
	}
	if err := b.end(ctx, other...); err != nil {
		return err
	}
	b.advance(2 * margin)
	if err := b.drain(ctx, "a 1", "a 2"); err != nil {
		return fmt.Errorf("after the end: %w", err)
	}
	return nil
}

// delays give messages back at once.
func delays(messages []fifo.Received) []fifo.Delay {
	var back []fifo.Delay
	for _, m := range messages {
		back = append(back, fifo.Delay{Handle: m.Handle})
	}
	return back
}
