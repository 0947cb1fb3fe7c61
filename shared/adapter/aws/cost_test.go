package aws_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/infra/prices"
)

// What is estimated, and not counted.
const (
	memoryGB   = 0.25      // of each function, as template.yaml has it
	callLog    = 290 / 1e9 // GB that an API call adds to its log
	invokedLog = 350 / 1e9 // GB that Lambda writes of an invocation
	perMillion = 1e6 / costWrites
)

// costBudgets are those of a million writes with one webhook hook, first writes of
// new persons apart.
var costBudgets = []struct {
	what  string
	most  float64
	spent func(*bill) float64
}{
	{"write units of grains and log", 1.2e6, func(b *bill) float64 { return (b.writes[ofGrains] + b.writes[ofLog]) * perMillion }},
	{"write units of attempts that succeed at first", 0.1e6, func(b *bill) float64 { return b.writes[ofAttempts] * perMillion }},
	{"other write units", 0, func(b *bill) float64 { return sum(b.writes, ofGrains, ofLog, ofAttempts) * perMillion }},
	{"SQS requests", 0.35e6, func(b *bill) float64 { return sum(b.queue) * perMillion }},
	{"invocations behind the API", 0.12e6, func(b *bill) float64 { return sum(b.invoked, "memories") * perMillion }},
	// Not by writes: one for each process and five minutes.
	{"KMS requests in a run of two minutes", 3, func(b *bill) float64 { return b.master }},
}

// costRow is a line of the table of a million writes.
type costRow struct {
	what  string
	form  string
	value func(*bill) float64
}

func millions(count func(*bill) float64) func(*bill) float64 {
	return func(b *bill) float64 { return count(b) * perMillion / 1e6 }
}

// dollars is what n of an item cost.
func dollars(i prices.Item, count func(*bill) float64) func(*bill) float64 {
	return func(b *bill) float64 { return prices.Of(i, count(b)*perMillion) }
}

func (b *bill) apiCalls() float64      { return b.invoked["memories"] }
func (b *bill) behindAPI() float64     { return sum(b.invoked, "memories") }
func (b *bill) runs() float64          { return sum(b.invoked) }
func (b *bill) writeUnits() float64    { return sum(b.writes) }
func (b *bill) readUnits() float64     { return sum(b.reads) }
func (b *bill) queueRequests() float64 { return sum(b.queue) }
func (b *bill) masterShare() float64   { return b.master / perMillion } // flat
func (b *bill) logGB() float64         { return b.apiCalls()*callLog + b.runs()*invokedLog }

func (b *bill) gbSeconds() float64 {
	total := 0.0
	for _, took := range b.took {
		total += took.Seconds() * memoryGB
	}
	return total
}

// costParts are what a million writes cost, and of whom.
func costParts() []costRow {
	return []costRow{
		{"HTTP API", "$%.2f", dollars(prices.HTTPRequest, (*bill).apiCalls)},
		{"Lambda, invocations", "$%.2f", dollars(prices.Invocation, (*bill).runs)},
		{"Lambda, duration (estimate)", "$%.2f", dollars(prices.GBSecond, (*bill).gbSeconds)},
		{"DynamoDB, writes", "$%.2f", dollars(prices.WriteUnit, (*bill).writeUnits)},
		{"DynamoDB, reads", "$%.2f", dollars(prices.ReadUnit, (*bill).readUnits)},
		{"SQS", "$%.2f", dollars(prices.QueueRequest, (*bill).queueRequests)},
		{"KMS", "$%.2f", dollars(prices.KeyRequest, (*bill).masterShare)},
	}
}

func (b *bill) usd() float64 {
	total := 0.0
	for _, p := range costParts() {
		total += p.value(b)
	}
	return total
}

// millionRows are the table of a million writes.
func millionRows() []costRow {
	written := func(what string) func(*bill) float64 {
		return millions(func(b *bill) float64 { return b.writes[what] })
	}
	read := func(function string) func(*bill) float64 {
		return millions(func(b *bill) float64 { return b.reads[function] })
	}
	queued := func(operation string) func(*bill) float64 {
		return millions(func(b *bill) float64 { return b.queue[operation] })
	}
	counts := []costRow{
		{"write units: memories", "%.2f M", written(ofGrains)},
		{"write units: log", "%.2f M", written(ofLog)},
		{"write units: attempts", "%.2f M", written(ofAttempts)},
		{"write units: other", "%.2f M", millions(func(b *bill) float64 { return sum(b.writes, ofGrains, ofLog, ofAttempts) })},
		{"read units: API", "%.2f M", read("memories")},
		{"read units: fan-out", "%.2f M", read("fanout")},
		{"read units: delivery", "%.2f M", read("deliver")},
		{"SQS: sent", "%.2f M", queued("SendMessageBatch")},
		{"SQS: received", "%.2f M", queued("ReceiveMessage")},
		{"SQS: deleted", "%.2f M", queued("DeleteMessageBatch")},
		{"invocations: API", "%.2f M", millions((*bill).apiCalls)},
		{"invocations: fan-out and delivery", "%.2f M", millions((*bill).behindAPI)},
		{"KMS requests of warm functions, not by writes", "%.0f", func(b *bill) float64 { return b.master }},
		{"stored, GB", "%.2f", func(b *bill) float64 { return b.stored * perMillion / 1e9 }},
	}
	rows := append(counts, costParts()...)
	return append(rows, costRow{"**together**", "**$%.2f**", (*bill).usd}, costRow{"and logs (estimate)", "$%.2f", dollars(prices.LogGB, (*bill).logGB)})
}

// TestCost runs the whole road and holds what it uses to the budgets, and
// docs/cost.md to what it costs.
func TestCost(t *testing.T) {
	hooks := []int{0, 1, 10}
	of := make(map[int]*bill)
	for _, n := range hooks {
		synctest.Test(t, func(t *testing.T) {
			s := settled(t, n)
			s.write(costWrites)
			s.drain()
			of[n] = s.used()
		})
	}
	for _, b := range costBudgets {
		if spent := b.spent(of[1]); spent > b.most {
			t.Errorf("%s: %.0f, the budget is %.0f", b.what, spent, b.most)
		}
	}
	table := "| a million writes of 500 bytes |"
	rule := "|---|"
	for _, n := range hooks {
		table += fmt.Sprintf(" hooks: %d |", n)
		rule += "---:|"
	}
	table += "\n" + rule + "\n"
	for _, r := range millionRows() {
		table += "| " + r.what + " |"
		for _, n := range hooks {
			table += " " + fmt.Sprintf(r.form, r.value(of[n])) + " |"
		}
		table += "\n"
	}
	t.Log("\n" + table)
	documented(t, "million", table)
}

// TestMoreWritesAskKMSNoMore holds that KMS is asked by time and process,
// whatever is written.
func TestMoreWritesAskKMSNoMore(t *testing.T) {
	asked := map[int]float64{}
	for _, n := range []int{10, 1000} {
		synctest.Test(t, func(t *testing.T) {
			s := settled(t, 1)
			begun := time.Now()
			s.write(n)
			s.drain()
			s.pass(time.Minute - time.Since(begun))
			s.write(1)
			s.drain()
			asked[n] = s.used().master
		})
	}
	if asked[10] != asked[1000] {
		t.Errorf("10 writes in a minute ask KMS %g times, 1000 %g times", asked[10], asked[1000])
	}
}
