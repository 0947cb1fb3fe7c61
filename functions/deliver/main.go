// Deliver makes the signed POSTs and records what came of them; the queue of
// jobs starts it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

// version is set when the function is built.
var version = "dev"

func main() {
	f, err := trigger.Open(os.Environ(), version)
	if err != nil {
		fmt.Fprintln(os.Stderr, "deliver:", err)
		os.Exit(1)
	}
	deliver := func(ctx context.Context, batch []fifo.Received) ([]string, error) {
		return f.Adapter.Deliver(ctx, f.Stages.Sender.Handle, batch)
	}
	lambda.Start(trigger.Queue(f.Fault, deliver))
}
