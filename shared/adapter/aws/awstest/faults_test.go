package awstest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

var _ seal.Wrapper = (*awstest.Wrapper)(nil)

func TestCallsFailBeforeOrAfterTheyHappened(t *testing.T) {
	const calls = 400
	run := func(seed uint64) (failed, lost int) {
		rows, faults := awstest.NewTable(0), awstest.NewFaults(seed, 0.5)
		faulty := faults.Rows(rows)
		for i := range calls {
			err := faulty.Write(t.Context(), version(fmt.Sprintf("%03d", i), "1"))
			if err != nil && fault.KindOf(err) != fault.Unavailable {
				t.Fatal(err)
			}
		}
		return faults.Failed(), len(rows.Dump()) - (calls - faults.Failed())
	}
	failed, lost := run(1)
	if failed < calls/3 || failed > 2*calls/3 || lost < failed/3 || lost > 2*failed/3 {
		t.Errorf("of %d calls %d failed, %d of them after they happened", calls, failed, lost)
	}
	if again, lostAgain := run(1); again != failed || lostAgain != lost {
		t.Error("an equal seed decides otherwise")
	}
}

func TestFailedCallsAnswerNothing(t *testing.T) {
	rows, q := awstest.NewTable(0), awstest.NewQueue(time.Now, time.Minute)
	mustWrite(t, rows, version("a", "1"))
	faults := awstest.NewFaults(1, 1)
	for range 20 {
		send(t, q, "a 1")
		got, err := faults.Rows(rows).Get(t.Context(), at("a"))
		page, failed := faults.Rows(rows).Query(t.Context(), table.Query{Part: "p"})
		received, refused := faults.Line(q).Receive(t.Context())
		sent := faults.Line(q).Send(t.Context(), nil)
		settled := faults.Line(q).Settle(t.Context(), nil, nil)
		if got != nil || page.Rows != nil || received != nil {
			t.Fatalf("answers are %v, %v, %v", got, page, received)
		}
		for _, err := range []error{err, failed, refused, sent, settled} {
			if fault.KindOf(err) != fault.Unavailable {
				t.Fatalf("the call gave %v", err)
			}
		}
		q.Expire()
	}
	faults.Share(0)
	if got, err := faults.Rows(rows).Get(t.Context(), at("a")); err != nil || len(got) != 1 {
		t.Errorf("without faults: %v, %v", got, err)
	}
}

func TestConsumersWordIsLost(t *testing.T) {
	const batch = 4
	records := make([]table.Record, batch)
	calls, partly, own := 0, 0, fmt.Errorf("its own")
	faults := awstest.NewFaults(3, 1)
	consume := faults.Consumer(func(_ context.Context, records []table.Record) (int, error) {
		calls++
		return len(records), nil
	})
	const tries = 100
	for range tries {
		done, err := consume(t.Context(), records)
		if err == nil || done < 0 || done > batch {
			t.Fatalf("done with %d, %v", done, err)
		}
		if done > 0 && done < batch {
			partly++
		}
	}
	if calls < tries/3 || calls > 2*tries/3 || partly == 0 {
		t.Errorf("of %d batches %d reached the consumer, %d were done in part", tries, calls, partly)
	}
	faults.Share(0)
	failing := faults.Consumer(func(context.Context, []table.Record) (int, error) { return 3, own })
	if done, err := failing(t.Context(), records); done != 3 || err != own {
		t.Errorf("the consumer's own word is %d, %v", done, err)
	}
}

func TestDeadProcessChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, q, alive := awstest.NewTable(0), awstest.NewQueue(time.Now, time.Minute), new(awstest.Switch)
		gated, line := alive.Rows(rows), alive.Line(q)
		mustWrite(t, gated, version("a", "1"))
		var waited error
		go func() { _, waited = line.Receive(t.Context()) }()
		synctest.Wait()
		alive.Kill()
		send(t, q, "a 1")
		synctest.Wait()
		_, got := gated.Get(t.Context(), at("a"))
		_, queried := gated.Query(t.Context(), table.Query{Part: "p"})
		_, received := line.Receive(t.Context())
		for call, err := range map[string]error{
			"get": got, "query": queried, "write": gated.Write(t.Context(), version("a", "2")),
			"receive": received, "the reception that waited": waited,
			"send":   line.Send(t.Context(), []fifo.Message{{Group: "g", Dedup: "d", Body: "b"}}),
			"settle": line.Settle(t.Context(), nil, nil),
		} {
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("%s: %v", call, err)
			}
		}
		if dump := rows.Dump(); len(dump) != 1 || dump[0].Row.Text("v") != "1" || !alive.Dead() {
			t.Errorf("the table holds %v", dump)
		}
		receive(t, q, "a 1 x1")
	})
}

func TestProcessDiesAfterAnyChange(t *testing.T) {
	for n := 1; n <= 3; n++ {
		rows, alive := awstest.NewTable(0), new(awstest.Switch)
		gated := alive.Rows(rows)
		mustWrite(t, gated, version("before", "1"))
		alive.KillAfter(n)
		made := 0
		for i := range 3 {
			if _, err := gated.Get(t.Context(), at("before")); err == nil {
				made++
			}
			if err := gated.Write(t.Context(), version(fmt.Sprint(i), "1")); (err == nil) != (i+1 < n) {
				t.Errorf("dying after change %d, change %d gives %v", n, i+1, err)
			}
		}
		if there := len(rows.Dump()) - 1; there != n || made != n || alive.Calls() != n+1 {
			t.Errorf("dying after change %d, %d changes were made, %d counted", n, there, alive.Calls())
		}
	}
	alive := new(awstest.Switch)
	alive.KillAfter(1)
	alive.KillAfter(0)
	mustWrite(t, alive.Rows(awstest.NewTable(0)), version("a", "1"))
}

func TestWrapperBindsKeysToWhatTheyAreAbout(t *testing.T) {
	about, raw := map[string]string{"tenant": "t", "memory": "m"}, []byte("a key of thirty-two bytes, there")
	wrapped, err := awstest.NewWrapper().Wrap(t.Context(), about, raw)
	if err != nil {
		t.Fatal(err)
	}
	other := awstest.NewWrapper()
	if got, err := other.Unwrap(t.Context(), about, wrapped); err != nil || string(got) != string(raw) {
		t.Errorf("unwrapped %q, %v", got, err)
	}
	for _, another := range []map[string]string{
		nil, {"tenant": "t"}, {"tenant": "m", "memory": "t"}, {"tenant": "t", "memory": "m", "x": ""},
		{"memory": `m","tenant":"t`},
	} {
		if _, err := other.Unwrap(t.Context(), another, wrapped); err == nil {
			t.Errorf("it opens about %v", another)
		}
	}
	for i := range wrapped {
		spoilt := append([]byte{}, wrapped...)
		spoilt[i] ^= 1
		if _, err := other.Unwrap(t.Context(), about, spoilt); err == nil {
			t.Fatalf("it opens with byte %d changed", i)
		}
		if _, err := other.Unwrap(t.Context(), about, wrapped[:i]); err == nil {
			t.Fatalf("it opens with %d bytes", i)
		}
	}
}
