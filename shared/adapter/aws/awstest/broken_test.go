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
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// brokenRows is a table that breaks one promise; nil functions break none.
type brokenRows struct {
	*Table
	ops   func([]table.Op) []table.Op
	fails func(error) error
	query func(*table.Query)
	page  func(*table.Page)
	rows  func([]table.Row)
}

func (b brokenRows) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	rows, err := b.Table.Get(ctx, keys...)
	if b.rows != nil {
		b.rows(rows)
	}
	return rows, err
}

func (b brokenRows) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if b.query != nil {
		b.query(&q)
	}
	page, err := b.Table.Query(ctx, q)
	if b.page != nil {
		b.page(&page)
	}
	return page, err
}

func (b brokenRows) Write(ctx context.Context, ops ...table.Op) error {
	if b.ops != nil {
		ops = b.ops(slices.Clone(ops))
	}
	err := b.Table.Write(ctx, ops...)
	if b.fails != nil {
		err = b.fails(err)
	}
	return err
}

// each changes every operation of a write.
func each(change func(*table.Op)) func([]table.Op) []table.Op {
	return func(ops []table.Op) []table.Op {
		for i := range ops {
			change(&ops[i])
		}
		return ops
	}
}

func refusal(change func(*table.ConditionError)) func(error) error {
	return func(err error) error {
		var refused *table.ConditionError
		if errors.As(err, &refused) {
			change(refused)
		}
		return err
	}
}

func TestBrokenTablesAreFound(t *testing.T) {
	for name, broken := range map[string]brokenRows{
		"no conditions": {ops: each(func(op *table.Op) {
			if op.Action != table.Check {
				op.If = nil
			}
		})},
		"absent never passes":  {ops: each(func(op *table.Op) { op.OrAbsent = false })},
		"absent always passes": {ops: each(func(op *table.Op) { op.OrAbsent = true })},
		"an update puts": {ops: each(func(op *table.Op) {
			if op.Action == table.Update && op.Add == nil && op.Remove == nil {
				op.Action = table.Put
			}
		})},
		"an update needs the row": {ops: each(func(op *table.Op) {
			if op.Action == table.Update && op.If == nil {
				op.If = table.Present
			}
		})},
		"nothing is removed": {ops: each(func(op *table.Op) { op.Remove = nil })},
		"nothing is added":   {ops: each(func(op *table.Op) { op.Add = nil })},
		"the first operation alone happens": {ops: func(ops []table.Op) []table.Op {
			if len(ops) == 0 || ops[0].Action == table.Check {
				return ops
			}
			return ops[:1]
		}},
		"ninety-nine operations at most":  {ops: func(ops []table.Op) []table.Op { return ops[:min(99, len(ops))] }},
		"a refusal without its row":       {fails: refusal(func(e *table.ConditionError) { e.Row = nil })},
		"a refusal of the first":          {fails: refusal(func(e *table.ConditionError) { e.At = 0 })},
		"a refusal of another kind":       {fails: func(err error) error { return plain(err) }},
		"an invalid write is a refusal":   {fails: func(err error) error { return conflict(err) }},
		"the end is included":             {query: func(q *table.Query) { q.To += strings.Repeat("\x00", min(1, len(q.To))) }},
		"always ascending":                {query: func(q *table.Query) { q.Newest = false }},
		"no limit":                        {query: func(q *table.Query) { q.Limit = 0 }},
		"pages never end":                 {page: func(p *table.Page) { p.More = true }},
		"pages end too early":             {page: func(p *table.Page) { p.More = false }},
		"rows without their sort key":     {page: func(p *table.Page) { p.Rows = slices.Clone(p.Rows); blank(p.Rows) }},
		"answers sorted by what is there": {rows: func(rows []table.Row) { slices.Reverse(rows) }},
		"a bare row is none":              {rows: bare},
	} {
		found := 0
		for _, r := range rowRules {
			broken.Table = NewTable(0)
			if r.try(t.Context(), broken) != nil {
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s: no rule finds it", name)
		}
	}
}

func plain(err error) error {
	if err != nil {
		return errors.New("it failed")
	}
	return nil
}

func conflict(err error) error {
	var refused *table.ConditionError
	if err != nil && !errors.As(err, &refused) {
		return &table.ConditionError{}
	}
	return err
}

func blank(rows []table.Found) {
	for i := range rows {
		rows[i].Sort = ""
	}
}

func bare(rows []table.Row) {
	for i := range rows {
		if len(rows[i]) == 0 {
			rows[i] = nil
		}
	}
}

// brokenLine is a queue that breaks one promise.
type brokenLine struct {
	*Queue
	send    func([]fifo.Message) []fifo.Message
	receive func([]fifo.Received) []fifo.Received
	settle  func(done []string, later []fifo.Delay) ([]string, []fifo.Delay)
	fails   bool // where nothing is to be settled
}

func (b *brokenLine) Send(ctx context.Context, messages []fifo.Message) error {
	if b.send != nil {
		messages = b.send(slices.Clone(messages))
	}
	return b.Queue.Send(ctx, messages)
}

func (b *brokenLine) Receive(ctx context.Context) ([]fifo.Received, error) {
	ctx, end := context.WithCancel(ctx)
	timer := time.AfterFunc(time.Millisecond, end) // there is something at once or never
	defer timer.Stop()
	got, err := b.Queue.Receive(ctx)
	if b.receive != nil {
		got = b.receive(got)
	}
	return got, err
}

func (b *brokenLine) Settle(ctx context.Context, done []string, later []fifo.Delay) error {
	if b.settle != nil {
		done, later = b.settle(done, slices.Clone(later))
	}
	if b.fails && len(done)+len(later) == 0 {
		return errors.New("nothing to settle")
	}
	return b.Queue.Settle(ctx, done, later)
}

func TestBrokenQueuesAreFound(t *testing.T) {
	for name, make := range brokenLines {
		found := 0
		for _, r := range slices.Concat(lineRules, timeRules) {
			clock := time.Unix(0, 0)
			line := make()
			line.Queue = NewQueue(func() time.Time { return clock }, time.Hour)
			if r.try(t.Context(), bench{line, func(d time.Duration) { clock = clock.Add(d); line.Wake() }}) != nil {
				found++
			}
		}
		if sound := name == "sound"; sound != (found == 0) {
			t.Errorf("%s: %d rules find it", name, found)
		}
	}
}

var brokenLines = map[string]func() *brokenLine{
	"sound": func() *brokenLine { return &brokenLine{} },
	"every message a group of its own": func() *brokenLine {
		return &brokenLine{send: func(messages []fifo.Message) []fifo.Message {
			for i := range messages {
				messages[i].Group = messages[i].Dedup
			}
			return messages
		}}
	},
	"one group for all": func() *brokenLine {
		return &brokenLine{send: func(messages []fifo.Message) []fifo.Message {
			for i := range messages {
				messages[i].Group = "all"
			}
			return messages
		}}
	},
	"no deduplication": func() *brokenLine {
		n := 0
		return &brokenLine{send: func(messages []fifo.Message) []fifo.Message {
			for i := range messages {
				n++
				messages[i].Dedup = fmt.Sprint(n)
			}
			return messages
		}}
	},
	"ten messages of a call": func() *brokenLine {
		return &brokenLine{send: func(messages []fifo.Message) []fifo.Message { return messages[:min(10, len(messages))] }}
	},
	"backwards": func() *brokenLine {
		return &brokenLine{send: func(messages []fifo.Message) []fifo.Message { slices.Reverse(messages); return messages }}
	},
	"receptions not counted": func() *brokenLine {
		return &brokenLine{receive: func(got []fifo.Received) []fifo.Received {
			for i := range got {
				got[i].Receives = 1
			}
			return got
		}}
	},
	"deleted when received": func() *brokenLine {
		seen := map[string]bool{}
		return &brokenLine{receive: func(got []fifo.Received) []fifo.Received {
			return slices.DeleteFunc(got, func(m fifo.Received) bool { again := seen[m.ID]; seen[m.ID] = true; return again })
		}}
	},
	"nothing ends": func() *brokenLine {
		return &brokenLine{settle: func(_ []string, later []fifo.Delay) ([]string, []fifo.Delay) { return nil, later }}
	},
	"nothing is given back": func() *brokenLine {
		return &brokenLine{settle: func(done []string, _ []fifo.Delay) ([]string, []fifo.Delay) { return done, nil }}
	},
	"no delay": func() *brokenLine {
		return &brokenLine{settle: func(done []string, later []fifo.Delay) ([]string, []fifo.Delay) {
			for i := range later {
				later[i].For = 0
			}
			return done, later
		}}
	},
	"half of the delay": func() *brokenLine {
		return &brokenLine{settle: func(done []string, later []fifo.Delay) ([]string, []fifo.Delay) {
			for i := range later {
				later[i].For /= 2
			}
			return done, later
		}}
	},
	"nothing settled is an error": func() *brokenLine { return &brokenLine{fails: true} },
}
