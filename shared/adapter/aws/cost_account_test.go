package aws_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/delivery"
	assembly "github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal"
)

// What services and receivers are taken to need. The bubble's clock moves by
// nothing else, so that an invocation lasts as long as it waits for these.
const (
	roundTrip = 5 * time.Millisecond // one request to DynamoDB, SQS or KMS
	agreed    = 100 * time.Millisecond
)

// What rows hold, as write units are told apart.
const (
	ofGrains   = "grains"
	ofLog      = "log"
	ofAttempts = "attempts"
	ofKeys     = "keys"
	ofIndex    = "search index"
	ofLeases   = "leases"
	ofReceipts = "receipts"
	ofOthers   = "other"
)

// holds says what a row of the main table holds.
func holds(key table.Key) string {
	for _, is := range []struct {
		part, sort, what string
	}{
		{"#log", "", ofLog}, {"#i", "", ofIndex}, {"#h#", "s#", ofAttempts}, {"Q#", "", ofLeases}, {"R#", "", ofReceipts},
		{"/", "l#", ofGrains}, {"/", "v#", ofGrains}, {"/", "g#", ofGrains}, {"/", "k#", ofGrains},
	} {
		if strings.Contains(key.Part, is.part) && strings.HasPrefix(key.Sort, is.sort) {
			return is.what
		}
	}
	return ofOthers
}

// bill is what was used of services that charge by use.
type bill struct {
	writes  map[string]float64 // write units by what was written
	reads   map[string]float64 // read units by the function that read
	stored  float64            // bytes of rows that were put, as DynamoDB counts and adds to them
	queue   map[string]float64 // SQS requests by operation
	master  float64            // KMS requests
	invoked map[string]float64 // invocations by function
	took    map[string]time.Duration
}

func newBill() *bill {
	return &bill{
		writes: map[string]float64{}, reads: map[string]float64{}, queue: map[string]float64{}, invoked: map[string]float64{}, took: map[string]time.Duration{},
	}
}

func sum(of map[string]float64, but ...string) float64 {
	total := 0.0
	for name, n := range of {
		skipped := false
		for _, b := range but {
			skipped = skipped || name == b
		}
		if !skipped {
			total += n
		}
	}
	return total
}

// account is an account of AWS in memory that writes a bill. Its functions are
// processes of their own, as on Lambda.
type account struct {
	t          *testing.T
	main, keys *awstest.Table
	jobs, dead *awstest.Queue

	beside map[*awstest.Table]aws.Rows // where all is done too; nil: nowhere

	mu   sync.Mutex
	bill *bill
}

func newAccount(t *testing.T) *account {
	return &account{
		t: t, main: awstest.NewTable(1), keys: awstest.NewTable(1), bill: newBill(),
		jobs: awstest.NewQueue(time.Now, visible), dead: awstest.NewQueue(time.Now, visible),
	}
}

// bytesOf is what a put adds to what is stored: the row and what DynamoDB keeps
// beside each.
func bytesOf(op table.Op) float64 {
	const beside = 100
	if op.Action != table.Put {
		return 0
	}
	size := beside + len(op.Key.Part) + len(op.Key.Sort)
	for name, value := range op.Set {
		size += len(name) + 4
		switch v := value.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return float64(size)
}

// used is the bill since it was last asked for.
func (c *account) used() *bill {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.bill
	c.bill = newBill()
	return was
}

// charge runs a call and notes what a service's meter says that it used. Calls
// are one at a time, so that the difference is this one's.
func (c *account) charge(m *awstest.Meter, note func(*bill, map[string]awstest.Usage), call func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := m.Usage()
	err := call()
	spent := map[string]awstest.Usage{}
	for name, u := range m.Usage() {
		if more := u.Requests - before[name].Requests; more > 0 {
			spent[name] = awstest.Usage{Requests: more, Units: u.Units - before[name].Units}
		}
	}
	note(c.bill, spent)
	return err
}

// billedRows are a table as one function uses it.
type billedRows struct {
	*account
	*awstest.Table
	function string
}

// reading is a call that takes as long as one does.
func (r billedRows) reading(ctx context.Context, call func() error) error {
	if err := pause(ctx, roundTrip); err != nil {
		return err
	}
	return r.charge(r.Meter(), func(b *bill, spent map[string]awstest.Usage) {
		for _, u := range spent {
			b.reads[r.function] += float64(u.Units)
		}
	}, call)
}

func (r billedRows) Get(ctx context.Context, keys ...table.Key) (rows []table.Row, err error) {
	err = r.reading(ctx, func() error { rows, err = r.Table.Get(ctx, keys...); return err })
	if other := r.beside[r.Table]; other != nil && err == nil {
		_, err = other.Get(ctx, keys...)
	}
	return rows, err
}

func (r billedRows) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	err = r.reading(ctx, func() error { page, err = r.Table.Query(ctx, q); return err })
	if other := r.beside[r.Table]; other != nil && err == nil {
		_, err = other.Query(ctx, q)
	}
	return page, err
}

func (r billedRows) Write(ctx context.Context, ops ...table.Op) error {
	what := ofKeys
	if r.Table == r.main && len(ops) > 0 {
		what = holds(ops[0].Key)
	}
	if err := pause(ctx, roundTrip); err != nil {
		return err
	}
	err := r.charge(r.Meter(), func(b *bill, spent map[string]awstest.Usage) {
		for _, u := range spent {
			b.writes[what] += float64(u.Units)
		}
		for _, op := range ops {
			b.stored += bytesOf(op)
		}
	}, func() error { return r.Table.Write(ctx, ops...) })
	if other := r.beside[r.Table]; other != nil && err == nil {
		err = other.Write(ctx, ops...)
	}
	return err
}

// billedLine is a queue as functions use it, and as Lambda's poller does, whose
// requests the queue's owner pays.
type billedLine struct {
	*account
	*awstest.Queue
	short bool // it does not wait for messages
}

func asked(b *bill, spent map[string]awstest.Usage) {
	for name, u := range spent {
		b.queue[name] += float64(u.Units)
	}
}

func (l billedLine) Send(ctx context.Context, messages []fifo.Message) error {
	requests := (len(messages) + 9) / 10
	if err := pause(ctx, time.Duration(requests)*roundTrip); err != nil {
		return err
	}
	return l.charge(l.Meter(), asked, func() error { return l.Queue.Send(ctx, messages) })
}

func (l billedLine) Receive(ctx context.Context) (got []fifo.Received, err error) {
	if l.short && len(l.Bodies()) == 0 {
		l.mu.Lock()
		l.bill.queue["ReceiveMessage"]++
		l.mu.Unlock()
		return nil, pause(ctx, roundTrip)
	}
	err = l.charge(l.Meter(), asked, func() error { got, err = l.Queue.Receive(ctx); return err })
	return got, err
}

func (l billedLine) Settle(ctx context.Context, done []string, later []fifo.Delay) error {
	return l.charge(l.Meter(), asked, func() error { return l.Queue.Settle(ctx, done, later) })
}

// billedMaster is KMS as a function uses it.
type billedMaster struct {
	*account
	seal.Wrapper
}

func (m billedMaster) note() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bill.master++
}

func (m billedMaster) Wrap(ctx context.Context, about map[string]string, raw []byte) ([]byte, error) {
	m.note()
	return m.Wrapper.Wrap(ctx, about, raw)
}

func (m billedMaster) Unwrap(ctx context.Context, about map[string]string, wrapped []byte) ([]byte, error) {
	m.note()
	return m.Wrapper.Unwrap(ctx, about, wrapped)
}

// lambda is one function's process. Its sender's POSTs go nowhere.
type lambda struct {
	name    string
	adapter *aws.Adapter
	stages  *assembly.Stages
	sender  *delivery.Sender
}

// function starts a process of a function.
func (c *account) function(name string) *lambda {
	s, err := assembly.Load(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	l := &lambda{name: name}
	log := slog.New(slog.DiscardHandler)
	l.adapter = aws.New(aws.Config{
		Main: billedRows{c, c.main, name}, Keys: billedRows{c, c.keys, name}, Jobs: billedLine{c, c.jobs, false}, Dead: billedLine{c, c.dead, true},
		Wrapper: billedMaster{c, awstest.NewWrapper()}, Now: time.Now, Pause: pause, Company: time.Second,
		HoldAfter: s.HoldAfter, Timeout: s.Timeout, Log: log,
	})
	l.stages = assembly.Assemble(l.adapter.Cloud(), s, "test", time.Now, log)
	l.sender = delivery.New(delivery.Config{
		Hooks: l.stages.Cloud.Hooks.Get, Teller: l.stages.Memory, Secrets: l.stages.Hooks, Modes: l.stages.Hooks, Now: time.Now,
		Transport: agreeing{},
		Settings:  delivery.Settings{Base: s.RetryBase, Factor: s.RetryFactor, Jitter: s.RetryJitter, Timeout: s.Timeout, Version: "test"},
	})
	return l
}

// agreeing is a receiver that takes what it is sent.
type agreeing struct{}

func (agreeing) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := pause(r.Context(), agreed); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}
