// Fanout gives committed changes their seq, appends them to the log and puts
// jobs in line; the main table's stream starts it.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

// version is set when the function is built.
var version = "dev"

func main() {
	f, err := trigger.Open(os.Environ(), version)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fanout:", err)
		os.Exit(1)
	}
	lambda.Start(trigger.Stream(f.Fault, f.Adapter.Fanout))
}
