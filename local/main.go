// Command memhooks is the whole system in one process, and the command line
// that talks to it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "dev"

// commands are what memhooks can do; one field each.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the whole system in this process."`
	Keys    keysCommand    `cmd:"" help:"Make bearer keys."`
	Bench   benchCommand   `cmd:"" help:"Measure this machine: figures beside bare references."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Reference referenceCommand `cmd:"" name:"bench-reference" hidden:""`
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("memhooks", version)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser := kong.Must(&commands{},
		kong.Name("memhooks"),
		kong.Description("Memory writes as events: filtered, redacted, signed, delivered."),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "memhooks: %v; memhooks --help lists what there is\n", err)
		os.Exit(usageError)
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "memhooks: %v\n", err)
		os.Exit(failed)
	}
}

// What the process ends with besides 0.
const (
	failed     = 1
	usageError = 2
)
