package awstest_test

import (
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
)

func TestTableKeepsThePromises(t *testing.T) {
	one := awstest.NewTable(2)
	for name, open := range map[string]func(*testing.T) awstest.Rows{
		"own":    func(*testing.T) awstest.Rows { return awstest.NewTable(0) },
		"shared": func(*testing.T) awstest.Rows { return one },
		"guarded": func(*testing.T) awstest.Rows {
			return new(awstest.Switch).Rows(awstest.NewFaults(1, 0).Rows(awstest.NewTable(1)))
		},
	} {
		t.Run(name, func(t *testing.T) { awstest.CheckRows(t, open) })
	}
}

func TestQueueKeepsThePromises(t *testing.T) {
	clock := time.Unix(0, 0)
	var q *awstest.Queue
	open := func(*testing.T) awstest.Line {
		q = awstest.NewQueue(func() time.Time { return clock }, time.Minute)
		return new(awstest.Switch).Line(awstest.NewFaults(1, 0).Line(q))
	}
	awstest.CheckLine(t, open, func(d time.Duration) { clock = clock.Add(d); q.Wake() })
}
