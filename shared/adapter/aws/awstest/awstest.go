// Package awstest holds what the AWS adapter runs on where there is no AWS: a
// table with its stream and a FIFO queue in memory, which refuse what DynamoDB
// and SQS refuse and count what they charge; faults to put before them; and
// the suites that say what any Rows and any Line must keep.
//
// All of it waits on channels and timers only, so that it runs in a bubble of
// testing/synctest.
package awstest

import (
	"context"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// Rows is the adapter's port to a table, as package aws declares it.
type Rows interface {
	Get(ctx context.Context, keys ...table.Key) ([]table.Row, error)
	Query(ctx context.Context, q table.Query) (table.Page, error)
	Write(ctx context.Context, ops ...table.Op) error
}

// Line is the adapter's port to a queue, as package aws declares it.
type Line interface {
	Send(ctx context.Context, messages []fifo.Message) error
	Receive(ctx context.Context) ([]fifo.Received, error)
	Settle(ctx context.Context, done []string, later []fifo.Delay) error
}
