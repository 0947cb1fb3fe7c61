package awstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

// bench is a queue under trial. advance is nil where nothing moves its clock.
type bench struct {
	Line
	advance func(time.Duration)
}

// CheckLine holds a queue to what the adapter relies on, each promise as a
// subtest on an empty queue that open gives. advance moves the queue's clock
// and has receptions that wait look at it; where it is nil the promises about
// time are passed over. The visibility timeout is 1 s to 12 h, and long enough
// for the subtests without a clock to stay below it.
func CheckLine(t *testing.T, open func(*testing.T) Line, advance func(time.Duration)) {
	rules := lineRules
	if advance != nil {
		rules = slices.Concat(lineRules, timeRules)
	}
	for _, r := range rules {
		t.Run(r.promise, func(t *testing.T) {
			if err := r.try(t.Context(), bench{open(t), advance}); err != nil {
				t.Error(err)
			}
		})
	}
}

var lineRules = []rule[bench]{
	{"messages of a group come in the order of their sending, however many", func(ctx context.Context, b bench) error {
		var sent []string
		for i := range 23 {
			sent = append(sent, fmt.Sprintf("a %02d", i))
		}
		if err := b.send(ctx, sent...); err != nil {
			return err
		}
		return b.drain(ctx, sent...)
	}},
	{"a reception tells the message as it was sent, and who received it", func(ctx context.Context, b bench) error {
		sent := fifo.Message{Group: "g#1+/=(~)", Dedup: "d:1!", Body: "{\"é\": \"\t\n<&>\"}"}
		if err := b.Send(ctx, []fifo.Message{sent}); err != nil {
			return err
		}
		got, err := b.want(ctx, sent.Body)
		if err != nil {
			return err
		}
		m := got[0]
		if m.Message != sent || m.ID == "" || m.Handle == "" || m.Receives != 1 {
			return fmt.Errorf("sent %+v, received %+v", sent, m)
		}
		return b.end(ctx, m)
	}},
	{"while one message of a group is in hand no other reception gets one of it", checkLock},
	{"what is given back comes again at once, before what follows it", func(ctx context.Context, b bench) error {
		if err := b.send(ctx, "a 1"); err != nil {
			return err
		}
		first, err := b.want(ctx, "a 1")
		if err != nil {
			return err
		}
		if err := errors.Join(b.send(ctx, "a 2"), b.Settle(ctx, nil, []fifo.Delay{{Handle: first[0].Handle}})); err != nil {
			return err
		}
		return b.drain(ctx, "a 1", "a 2")
	}},
	{"a message that was sent before is dropped, even when the first is gone", func(ctx context.Context, b bench) error {
		if err := errors.Join(b.send(ctx, "a 1", "a 1", "a 2"), b.send(ctx, "a 1")); err != nil {
			return err
		}
		if err := b.drain(ctx, "a 1", "a 2"); err != nil {
			return err
		}
		if err := b.send(ctx, "a 1", "a 2", "a 3"); err != nil {
			return err
		}
		return b.drain(ctx, "a 3")
	}},
	{"receptions of a message are counted, each has a handle of its own", func(ctx context.Context, b bench) error {
		if err := b.send(ctx, "a 1"); err != nil {
			return err
		}
		handles, ids := map[string]bool{}, map[string]bool{}
		for n := 1; n <= 3; n++ {
			got, err := b.want(ctx, "a 1")
			if err != nil {
				return err
			}
			handles[got[0].Handle], ids[got[0].ID] = true, true
			if got[0].Receives != n || len(handles) != n || len(ids) != 1 {
				return fmt.Errorf("reception %d is %+v", n, got[0])
			}
			if err := b.Settle(ctx, nil, []fifo.Delay{{Handle: got[0].Handle}}); err != nil {
				return err
			}
		}
		return b.drain(ctx, "a 1")
	}},
	{"a handle of an earlier reception is no error and does nothing", func(ctx context.Context, b bench) error {
		if err := b.send(ctx, "a 1"); err != nil {
			return err
		}
		stale := ""
		for range 3 {
			got, err := b.want(ctx, "a 1")
			if err != nil {
				return err
			}
			if stale != "" {
				err = errors.Join(b.Settle(ctx, []string{stale}, nil), b.Settle(ctx, nil, []fifo.Delay{{Handle: stale, For: time.Hour}}))
			}
			stale = got[0].Handle
			if err = errors.Join(err, b.Settle(ctx, nil, []fifo.Delay{{Handle: stale}})); err != nil {
				return err
			}
		}
		got, err := b.want(ctx, "a 1")
		if err != nil {
			return err
		}
		return errors.Join(b.end(ctx, got...), b.end(ctx, got...))
	}},
	{"more than ten are sent and settled in one call, and none is no error", func(ctx context.Context, b bench) error {
		var sent []string
		for i := range 25 {
			sent = append(sent, fmt.Sprintf("g%02d 1", i))
		}
		if err := errors.Join(b.send(ctx, sent...), b.Send(ctx, nil), b.Settle(ctx, nil, nil)); err != nil {
			return err
		}
		var got []fifo.Received
		for len(got) < len(sent) {
			some, err := b.some(ctx)
			if err != nil {
				return err
			}
			got = append(got, some...)
		}
		if texts := slices.Sorted(slices.Values(bodies(got))); !slices.Equal(texts, sent) {
			return fmt.Errorf("sent %q, received %q", sent, texts)
		}
		return b.end(ctx, got...)
	}},
}

func checkLock(ctx context.Context, b bench) error {
	if err := b.send(ctx, "a 1"); err != nil {
		return err
	}
	first, err := b.want(ctx, "a 1")
	if err != nil {
		return err
	}
	if err := b.send(ctx, "a 2", "b 1"); err != nil {
		return err
	}
	other, err := b.want(ctx, "b 1")
	if err != nil {
		return fmt.Errorf("while a 1 is in hand: %w", err)
	}
	if err := errors.Join(b.send(ctx, "c 1"), b.Settle(ctx, nil, []fifo.Delay{{Handle: first[0].Handle, For: time.Hour}})); err != nil {
		return err
	}
	third, err := b.want(ctx, "c 1")
	if err != nil {
		return fmt.Errorf("while a 1 is hidden: %w", err)
	}
	if err := b.end(ctx, first...); err != nil {
		return err
	}
	last, err := b.want(ctx, "a 2")
	if err != nil {
		return fmt.Errorf("when a 1 is gone: %w", err)
	}
	return b.end(ctx, slices.Concat(other, third, last)...)
}

// send puts messages "group number" in line; the text is its own Dedup.
func (b bench) send(ctx context.Context, texts ...string) error {
	var messages []fifo.Message
	for _, text := range texts {
		group, _, _ := strings.Cut(text, " ")
		messages = append(messages, fifo.Message{Group: group, Dedup: strings.ReplaceAll(text, " ", "-"), Body: text})
	}
	return b.Send(ctx, messages)
}

// some receives at least one message; a queue that waits three times in vain
// has none.
func (b bench) some(ctx context.Context) ([]fifo.Received, error) {
	for range 3 {
		got, err := b.Receive(ctx)
		if err != nil || len(got) > 0 {
			return got, err
		}
	}
	return nil, errors.New("nothing is received")
}

// want receives until it has these bodies in hand, in this order, and no other.
func (b bench) want(ctx context.Context, texts ...string) ([]fifo.Received, error) {
	var got []fifo.Received
	for len(got) < len(texts) {
		some, err := b.some(ctx)
		if err != nil {
			return nil, fmt.Errorf("received %q, want %q: %w", bodies(got), texts, err)
		}
		got = append(got, some...)
	}
	if !slices.Equal(bodies(got), texts) {
		return nil, fmt.Errorf("received %q, want %q", bodies(got), texts)
	}
	return got, nil
}

// drain receives these bodies and ends each reception's before the next one,
// until all came in this order.
func (b bench) drain(ctx context.Context, texts ...string) error {
	var got []string
	for len(got) < len(texts) {
		some, err := b.some(ctx)
		if err != nil {
			return fmt.Errorf("received %q, want %q: %w", got, texts, err)
		}
		got = append(got, bodies(some)...)
		if err := b.end(ctx, some...); err != nil {
			return err
		}
	}
	if !slices.Equal(got, texts) {
		return fmt.Errorf("received %q, want %q", got, texts)
	}
	return nil
}

func (b bench) end(ctx context.Context, messages ...fifo.Received) error {
	var handles []string
	for _, m := range messages {
		handles = append(handles, m.Handle)
	}
	return b.Settle(ctx, handles, nil)
}

func bodies(messages []fifo.Received) []string {
	var texts []string
	for _, m := range messages {
		texts = append(texts, m.Body)
	}
	return texts
}
