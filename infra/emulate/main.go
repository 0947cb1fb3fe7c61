// Command emulate deploys template.yaml into an emulator of AWS, with the very
// tools that deploy it into AWS, and says how to look around there.
//
//	emulate up            build, deploy, wait until the API answers, say what there is
//	emulate up -shell     the same; prints assignments for a shell and nothing else
//	emulate invoke        run each function in a container with its recorded event
//
// The emulator is the one at AWS_ENDPOINT_URL; it must run functions behind
// their triggers, as MiniStack does. sam must be on the PATH.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

const usage = "usage: emulate up [-shell] | emulate invoke"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "emulate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, err := fromEnvironment()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "up":
		return s.up(ctx, os.Stdout, person)
	case len(args) == 2 && args[0] == "up" && args[1] == "-shell":
		return s.up(ctx, os.Stdout, shell)
	case len(args) == 1 && args[0] == "invoke":
		return s.invokeAll(ctx, os.Stdout)
	}
	return fmt.Errorf("%v: %s", args, usage)
}
