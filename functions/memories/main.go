// Memories answers memory calls: both APIs' grains, memories and keys, their
// description, health.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
	"github.com/memhooks/memhooks/shared/httpapi"
)

// version is set when the function is built.
var version = "dev"

func main() {
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "memories:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	f, err := trigger.Open(os.Environ(), version)
	if err != nil {
		return err
	}
	api, _, err := httpapi.Assemble(ctx, f.Stages, f.Settings, version, f.Log)
	if err != nil {
		return err
	}
	lambda.Start(trigger.HTTP(api))
	return nil
}
