// Hooks answers calls about hooks: their settings, their feed and its
// consumers, deliveries, dead letters. It is the API that Memories is; the
// gateway's routes decide which of the two a call reaches, and so with which
// rights.
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
		fmt.Fprintln(os.Stderr, "hooks:", err)
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
