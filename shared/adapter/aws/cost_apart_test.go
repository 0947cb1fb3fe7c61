package aws_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/infra/prices"
	"github.com/memhooks/memhooks/infra/template"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/seal"
)

// apart is what is counted beside the million writes: do does so many of it, in
// a system with one hook and 1,000 memories.
type apart struct {
	what string
	n    int
	do   func(*system)
}

func aparts() []apart {
	return []apart{
		{"first write of a new person", 100, func(s *system) { s.from = costPersons; s.write(100); s.drain(); s.from = 0 }},
		{"a write that replaces a memory", 100, replace},
		{"a write alone, told and delivered alone", 100, func(s *system) {
			for range 100 {
				s.write(1)
				s.drain()
				s.pass(time.Minute)
			}
		}},
		{"a request's share of the rate limit, one process", 1000, lease},
		{"a request's idempotency key", 100, receipt},
		{"the first recall after 1,000 writes", 1, (*system).recall},
		{"a recall after that", 10, func(s *system) {
			for range 10 {
				s.recall()
				s.pass(costPace)
			}
		}},
		{"events of those 11 recalls, each", 11, func(s *system) { s.drain() }},
		{"an erasure of 12 memories written among others, with its events", 1, func(s *system) { erase(s, person(7)) }},
		{"an erasure of 100 memories written in a row, with its events", 1, func(s *system) { erase(s, "person-of-100") }},
		{"upkeep after all that, a minute", 1, (*system).keep},
		{"upkeep of an idle system, a minute", 1, (*system).keep},
	}
}

func (s *system) recall() {
	s.invoke(s.memories, func(ctx context.Context) error {
		_, err := s.memories.stages.Memory.Recall(ctx, s.mem, change.NewDraw(time.Now()), memory.Query{Text: "where was it", Limit: 10})
		return err
	})
}

func (s *system) supersede(hash string) {
	s.invoke(s.memories, func(ctx context.Context) error {
		_, err := s.memories.stages.Memory.Supersede(ctx, s.mem, change.NewDraw(time.Now()), hash, s.input(person(1)))
		return err
	})
}

// replace supersedes the memories that it makes; what it makes is not counted.
func replace(s *system) {
	made := s.write(100)
	s.drain()
	s.used()
	for _, hash := range made {
		s.supersede(hash)
		s.pass(costPace)
	}
	s.drain()
}

func lease(s *system) {
	limiter := auth.NewLimiter(200, 400, s.memories.stages.Cloud.Leases)
	for range 1000 {
		limiter.Take(s.t.Context(), "key_cost", time.Now())
		s.pass(costPace)
	}
}

func receipt(s *system) {
	for i := range 100 {
		at := time.Now().UnixMilli()
		r := once.Receipt{Scope: "default/key_cost", Key: fmt.Sprint(i), Body: sha256.Sum256([]byte{byte(i)}), At: at}
		claimed, free, err := s.memories.stages.Cloud.Receipts.Claim(s.t.Context(), r, at-24*3600*1000)
		if err == nil && free {
			claimed.Status, claimed.Answer = 201, []byte(base64.StdEncoding.EncodeToString(make([]byte, 300)))
			err = s.memories.stages.Cloud.Receipts.Finish(s.t.Context(), claimed)
		}
		s.must(err)
	}
}

func erase(s *system, who string) {
	s.invoke(s.memories, func(ctx context.Context) error {
		_, err := s.memories.stages.Memory.Erase(ctx, s.mem, change.NewDraw(time.Now()), seal.Selector{Person: who})
		return err
	})
	s.drain()
}

// TestCostApart counts what does not come with every write, and what comes with
// none.
func TestCostApart(t *testing.T) {
	table := "| one of these | write units | read units | SQS requests | invocations | a million of them |\n|---|---:|---:|---:|---:|---:|\n"
	var idle *bill
	synctest.Test(t, func(t *testing.T) {
		s := settled(t, 1)
		s.write(costWrites)
		s.who = "person-of-100"
		s.write(100)
		s.who = ""
		s.drain()
		s.pass(time.Minute)
		s.used()
		for _, a := range aparts() {
			a.do(s)
			idle = s.used()
			t.Log(a.what, idle.writes, idle.reads)
			n := float64(a.n)
			each := idle.usd() / perMillion / n * 1e6
			table += fmt.Sprintf("| %s | %.2f | %.2f | %.2f | %.2f | $%.2f |\n",
				a.what, idle.writeUnits()/n, idle.readUnits()/n, idle.queueRequests()/n, idle.runs()/n, each)
			s.pass(time.Minute)
		}
	})
	t.Log("\n" + table)
	documented(t, "apart", table)
	month := idleMonth(t, idle)
	t.Log("\n" + month)
	documented(t, "month", month)
}

// idleMonth is what a deployed template costs where nobody writes: keep is one
// run of upkeep.
func idleMonth(t *testing.T, keep *bill) string {
	deployed, err := template.Read("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alarms := 0.0
	for _, r := range deployed.Resources {
		if r.Type == "AWS::CloudWatch::Alarm" {
			alarms++
		}
	}
	const (
		minutes = 730 * 60
		polls   = 5 * 3 * minutes // five pollers that wait 20 s each, as Lambda's guide has it
		metrics = 2
	)
	use := func(count float64) float64 { return count * minutes }
	spent := 0.0
	table := "| idle for a month of 730 h | so many | dollars |\n|---|---:|---:|\n"
	for _, line := range []struct {
		what string
		item prices.Item
		n    float64
	}{
		{"upkeep each minute: invocations", prices.Invocation, use(keep.runs())},
		{"upkeep: GB-seconds (estimate)", prices.GBSecond, use(keep.gbSeconds())},
		{"upkeep: read units, one memory with one hook", prices.ReadUnit, use(keep.readUnits())},
		{"upkeep: looks for dead letters", prices.QueueRequest, use(keep.queueRequests())},
		{"Lambda's poller: receptions that find nothing", prices.QueueRequest, polls},
		{"upkeep: GB of logs (estimate)", prices.LogGB, use(keep.runs() * invokedLog)},
		{"master key", prices.KeyMonth, 1},
		{"alarms", prices.AlarmMonth, alarms},
		{"metrics of our own", prices.MetricMonth, metrics},
	} {
		usd := prices.Of(line.item, line.n)
		spent += usd
		table += fmt.Sprintf("| %s | %.0f | $%.2f |\n", line.what, line.n, usd)
	}
	return table + fmt.Sprintf("| **together** | | **$%.2f** |\n", spent)
}
