// Console serves the pages on which a person sees what happened. It may do
// nothing in the account: all that it shows it asks the API for, with the
// visitor's own key, under the name that the visitor called.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
	"github.com/memhooks/memhooks/shared/httpapi/client"
	"github.com/memhooks/memhooks/shared/httpapi/console"
)

// version is set when the function is built.
var version = "dev"

func main() {
	pages, err := console.New(console.Config{
		API:      &client.Client{Base: os.Getenv("AWS_ENDPOINT_URL")}, // an emulator; on AWS it is empty: the API is where the visitor is
		SameHost: true, Version: version, Log: slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		os.Exit(1)
	}
	lambda.Start(trigger.HTTP(pages))
}
