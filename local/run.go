package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/alecthomas/kong"

	"github.com/memhooks/memhooks/local/bench"
	"github.com/memhooks/memhooks/local/completion"
	"github.com/memhooks/memhooks/local/terminal"
)

// What the process ends with besides 0.
const (
	failed     = 1
	usageError = 2
)

// world is all that a command touches besides its flags.
type world struct {
	in        io.Reader
	screen    terminal.Screen
	transport http.RoundTripper // to the server, and to where listen forwards
	now       func() time.Time
	binary    func() (string, error) // the path of this program
}

// run is the whole program but for its process: it returns what that ends with.
func run(ctx context.Context, args []string, w world) int {
	helped := false
	parser, err := newParser(ctx, w, kong.Exit(func(int) { helped = true }))
	if err != nil {
		return w.tell(err, failed)
	}
	parsed, err := parser.Parse(completion.CommandFirst(parser.Model.Node, args))
	switch {
	case helped:
		return 0
	case err != nil:
		return w.tell(misparsed(err), usageError)
	}
	if err = empty(parsed); err == nil {
		err = parsed.Run()
	}
	var misused usage
	switch {
	case err == nil:
		return 0
	case errors.As(err, &misused):
		return w.tell(fmt.Errorf("%w; %s --help shows an example", err, parsed.Selected().FullPath()), usageError)
	case misuse(err):
		return w.tell(err, usageError)
	}
	return w.tell(err, failed)
}

// tell writes an error out, unless it says no more than what was printed.
func (w world) tell(err error, code int) int {
	if !errors.Is(err, errTold) {
		fmt.Fprintf(w.screen.Err, "memhooks: %v\n", err)
	}
	return code
}

// errTold ends a command that printed itself what is wrong.
var errTold = errors.New("told")

// newParser reads commands; each that has an example shows it in its help.
func newParser(ctx context.Context, w world, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(&commands{}, append(options,
		kong.Name("memhooks"),
		kong.Description("Memory writes as events: filtered, redacted, signed, delivered.\n\n"+
			"--url, --key, --json and --memory stand before the command that takes them, or behind it."),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Writers(w.screen.Out, w.screen.Err),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
		kong.Vars{"benchmarks": bench.Names(), "memory": defaultMemory},
		kong.PostBuild(func(k *kong.Kong) error {
			for _, leaf := range k.Model.Leaves(false) {
				if example := examples[leaf.Path()]; example != "" {
					leaf.Detail = "Example:\n\n    " + example
				}
			}
			return nil
		}),
	)...)
}

type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the version.
func (c versionCommand) Run(w world) error {
	if c.JSON {
		_, err := fmt.Fprintf(w.screen.Out, "{\"version\":%q}\n", version)
		return err
	}
	_, err := fmt.Fprintln(w.screen.Out, "memhooks", version)
	return err
}
