package aws_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
)

// TestCostIsCountedAsAnEmulatorCounts does on an emulator's tables all that is
// done in memory, and compares the units that both tell. Of single rows they
// must be equal. Of several the emulator may tell less: it does not double what
// a transaction of small rows writes, and takes nothing for rows of a batch or
// a query that are not there. DynamoDB's guide says that both are charged, and
// so they are in memory.
func TestCostIsCountedAsAnEmulatorCounts(t *testing.T) {
	e := newEmulator(t)
	var mu sync.Mutex
	told := map[string]float64{} // units by operation
	name := fmt.Sprintf("%s-cost", e.run)
	s := aws.Settings{
		Table: name, KeyTable: name + "-keys", QueueURL: "not asked", DeadQueueURL: "not asked", Base: &e.base,
		Count: func(_, operation string, units float64) {
			mu.Lock()
			defer mu.Unlock()
			told[operation] += units
		},
	}
	t.Cleanup(func() {
		if err := e.remove(context.Background(), s); err != nil {
			t.Error(err)
		}
	})
	if err := e.create(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	services, err := aws.Connect(s)
	if err != nil {
		t.Fatal(err)
	}
	c := newAccount(t)
	c.beside = map[*awstest.Table]aws.Rows{c.main: services.Main, c.keys: services.Keys}
	sys := newSystem(c)
	sys.subscribe(1)
	hashes := sys.write(50)
	sys.drain()
	sys.recall()
	sys.supersede(hashes[0])
	sys.drain()
	mu.Lock()
	defer mu.Unlock()
	counted := c.main.Meter().Usage()
	for operation, u := range c.keys.Meter().Usage() {
		counted[operation] = awstest.Usage{Units: counted[operation].Units + u.Units, Requests: counted[operation].Requests + u.Requests}
	}
	for operation, u := range counted {
		t.Logf("%s: %d units, the emulator tells %g", operation, u.Units, told[operation])
		single := operation == "GetItem" || operation == "PutItem" || operation == "UpdateItem"
		if float64(u.Units) < told[operation] || single && float64(u.Units) > told[operation] {
			t.Errorf("%s: %d units in memory, the emulator tells %g", operation, u.Units, told[operation])
		}
	}
}
