package awstest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

// send puts messages in line whose texts are "group number".
func send(t *testing.T, q awstest.Line, texts ...string) {
	t.Helper()
	var messages []fifo.Message
	for _, text := range texts {
		group, _, _ := strings.Cut(text, " ")
		messages = append(messages, fifo.Message{Group: group, Dedup: strings.ReplaceAll(text, " ", "-"), Body: text})
	}
	if err := q.Send(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
}

// receive returns what a reception gives, and fails where that is not want.
func receive(t *testing.T, q awstest.Line, want ...string) []fifo.Received {
	t.Helper()
	got, err := q.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, m := range got {
		texts = append(texts, fmt.Sprintf("%s x%d", m.Body, m.Receives))
	}
	if !slices.Equal(texts, want) {
		t.Fatalf("received %q, want %q", texts, want)
	}
	return got
}

func settle(t *testing.T, q awstest.Line, done []string, later ...fifo.Delay) {
	t.Helper()
	if err := q.Settle(t.Context(), done, later); err != nil {
		t.Fatal(err)
	}
}

func newQueue() *awstest.Queue { return awstest.NewQueue(time.Now, 30*time.Second) }

func TestGroupIsLockedWhileOneOfItIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		send(t, q, "a 1", "b 1", "a 2")
		got := receive(t, q, "a 1 x1", "a 2 x1", "b 1 x1")
		send(t, q, "a 3", "c 1")
		receive(t, q, "c 1 x1")
		settle(t, q, []string{got[0].Handle}, fifo.Delay{Handle: got[1].Handle})
		receive(t, q, "a 2 x2", "a 3 x1")
	})
}

func TestReceptionTakesTenOfOneGroupAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		for i := range 12 {
			send(t, q, fmt.Sprintf("a %d", i))
		}
		got, err := q.Receive(t.Context())
		if err != nil || len(got) != 10 || got[9].Body != "a 9" {
			t.Fatalf("received %d messages, %v", len(got), err)
		}
		if got, err := q.Receive(t.Context()); got != nil || err != nil {
			t.Fatalf("received %v, %v of a locked group", got, err)
		}
	})
}

func TestMessageComesAgainWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		send(t, q, "a 1")
		first := receive(t, q, "a 1 x1")
		receive(t, q) // the wait of 20 s
		started := time.Now()
		second := receive(t, q, "a 1 x2")
		if waited := time.Since(started); waited != 10*time.Second || first[0].Handle == second[0].Handle {
			t.Fatalf("it came after %v with handle %s", waited, second[0].Handle)
		}
		settle(t, q, []string{first[0].Handle})
		settle(t, q, nil, fifo.Delay{Handle: first[0].Handle})
		receive(t, q)
		settle(t, q, []string{second[0].Handle})
		if got := q.Bodies(); len(got) != 0 {
			t.Fatalf("still there: %q", got)
		}
	})
}

func TestHandleEndsWithItsVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		send(t, q, "a 1")
		got := receive(t, q, "a 1 x1")
		time.Sleep(30 * time.Second)
		settle(t, q, []string{got[0].Handle})
		receive(t, q, "a 1 x2")
	})
}

func TestDelayCountsWholeSecondsAndEndsTwelveHoursAfterTheReception(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		for _, tc := range []struct{ before, asked, want time.Duration }{
			{0, -time.Minute, 0},
			{0, time.Minute, time.Minute},
			{0, time.Millisecond, time.Second},
			{20 * time.Second, 1 << 62, fifo.Longest},
		} {
			send(t, q, "a "+tc.asked.String())
			got, _ := q.Receive(t.Context())
			begun := time.Now()
			time.Sleep(tc.before)
			settle(t, q, nil, fifo.Delay{Handle: got[0].Handle, For: tc.asked})
			q.Expire()
			var again []fifo.Received
			for again == nil {
				again, _ = q.Receive(t.Context())
			}
			if late := time.Since(begun); late != tc.want {
				t.Errorf("hidden for %v it came after %v, want %v", tc.asked, late, tc.want)
			}
			settle(t, q, []string{again[0].Handle})
		}
	})
}

func TestSendingAgainIsDroppedForFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		send(t, q, "a 1", "a 1")
		settle(t, q, []string{receive(t, q, "a 1 x1")[0].Handle})
		time.Sleep(5*time.Minute - 1)
		send(t, q, "a 1")
		receive(t, q)
		send(t, q, "a 1")
		receive(t, q, "a 1 x1")
		if err := q.Send(t.Context(), []fifo.Message{{Group: "b", Dedup: "a-1", Body: "in another group"}}); err != nil {
			t.Fatal(err)
		}
		receive(t, q, "in another group x1")
	})
}

func TestDeadReceiversMessagesComeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		send(t, q, "a 1", "b 1")
		got := receive(t, q, "a 1 x1", "b 1 x1")
		settle(t, q, nil, fifo.Delay{Handle: got[1].Handle, For: time.Hour})
		q.Expire()
		receive(t, q, "a 1 x2")
	})
}

func TestTooManyReceptionsEndInAnotherQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		dead := awstest.NewQueue(time.Now, time.Minute)
		q.RedriveTo(dead, 2)
		send(t, q, "a 1", "a 2")
		for n := range 2 {
			got := receive(t, q, fmt.Sprintf("a 1 x%d", n+1), fmt.Sprintf("a 2 x%d", n+1))
			settle(t, q, nil, fifo.Delay{Handle: got[0].Handle}, fifo.Delay{Handle: got[1].Handle})
		}
		receive(t, q)
		receive(t, dead, "a 1 x1", "a 2 x1")
	})
}

func TestWaitingReceptionIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		ctx, cancel := context.WithCancel(t.Context())
		var got []fifo.Received
		go func() {
			defer cancel()
			got, _ = q.Receive(t.Context())
		}()
		synctest.Wait()
		send(t, q, "a 1")
		synctest.Wait()
		if len(got) != 1 || ctx.Err() == nil {
			t.Fatalf("received %v", got)
		}
		if got, err := q.Receive(ctx); got != nil || err != nil {
			t.Fatalf("a reception whose context has ended gave %v, %v", got, err)
		}
	})
}

func TestClockMovedByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := time.Unix(0, 0)
		q := awstest.NewQueue(func() time.Time { return clock }, time.Hour)
		send(t, q, "a 1")
		receive(t, q, "a 1 x1")
		var got []fifo.Received
		go func() { got, _ = q.Receive(t.Context()) }()
		synctest.Wait()
		clock = clock.Add(10 * time.Second)
		q.Expire()
		synctest.Wait()
		if len(got) != 1 || got[0].Receives != 2 {
			t.Fatalf("received %v", got)
		}
		clock = clock.Add(time.Hour)
		q.Wake()
		receive(t, q, "a 1 x3")
	})
}

func TestQueueRefusesWhatSQSRefuses(t *testing.T) {
	good := fifo.Message{Group: "g", Dedup: "d", Body: "b"}
	for name, spoil := range map[string]func(*fifo.Message){
		"no group":          func(m *fifo.Message) { m.Group = "" },
		"a blank":           func(m *fifo.Message) { m.Group = "g again" },
		"a long dedup":      func(m *fifo.Message) { m.Dedup = strings.Repeat("d", 129) },
		"an empty body":     func(m *fifo.Message) { m.Body = "" },
		"a large body":      func(m *fifo.Message) { m.Body = strings.Repeat("b", 1<<20+1) },
		"a control":         func(m *fifo.Message) { m.Body = "a\x00" },
		"what is not UTF-8": func(m *fifo.Message) { m.Body = "\xff" },
	} {
		q := awstest.NewQueue(time.Now, time.Minute)
		bad := good
		spoil(&bad)
		if err := q.Send(t.Context(), []fifo.Message{good, bad}); err == nil || len(q.Bodies()) != 0 {
			t.Errorf("%s passes", name)
		}
	}
}

func TestQueueCountsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		var messages []fifo.Message
		for i := range 11 {
			messages = append(messages, fifo.Message{Group: "g", Dedup: fmt.Sprint(i), Body: strings.Repeat("b", 64<<10)})
		}
		if err := q.Send(t.Context(), messages); err != nil {
			t.Fatal(err)
		}
		got, _ := q.Receive(t.Context())
		settle(t, q, []string{got[0].Handle}, fifo.Delay{Handle: got[1].Handle})
		want := map[string]awstest.Usage{
			"SendMessageBatch": {Requests: 2, Units: 11}, "ReceiveMessage": {Requests: 1, Units: 10},
			"DeleteMessageBatch": {Requests: 1, Units: 1}, "ChangeMessageVisibilityBatch": {Requests: 1, Units: 1},
		}
		for name, usage := range want {
			if got := q.Meter().Sum(name); got != usage {
				t.Errorf("%s used %+v, want %+v", name, got, usage)
			}
		}
		if sum := q.Meter().Sum(); sum != (awstest.Usage{Requests: 5, Units: 23}) {
			t.Errorf("all used %+v", sum)
		}
		q.Meter().Reset()
		if left := q.Meter().Usage(); len(left) != 0 {
			t.Errorf("after a reset %v stands", left)
		}
	})
}
