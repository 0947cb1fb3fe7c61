// Command memhooks is the whole system in one process, and the command line
// that talks to it.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
)

// version is set when a release is built.
var version = "dev"

// commands are what memhooks can do; one field each. What is tried to show how
// stands in examples.go.
type commands struct {
	Serve       serveCommand       `cmd:"" group:"Run:" help:"Run the whole system in this process. Settings are environment variables, such as MEMHOOKS_ADDR and MEMHOOKS_DATA; README.md lists them."`
	Health      healthCommand      `cmd:"" group:"Run:" help:"Ask a server whether it takes writes."`
	Bench       benchCommand       `cmd:"" group:"Run:" help:"Measure this machine: figures beside bare references."`
	Listen      listenCommand      `cmd:"" group:"Watch:" help:"Follow events as they come, and forward them to a local address."`
	Verify      verifyCommand      `cmd:"" group:"Watch:" help:"Say whether a signature is right, and if not, why."`
	Hooks       hooksCommand       `cmd:"" group:"Manage:" help:"List, make, pause and test hooks."`
	Deliveries  deliveriesCommand  `cmd:"" group:"Manage:" help:"What was sent to hooks, and how it went."`
	DeadLetters deadLettersCommand `cmd:"" group:"Manage:" help:"Deliveries that gave up."`
	Replay      replayCommand      `cmd:"" group:"Manage:" help:"Send a hook past events again."`
	Memories    memoriesCommand    `cmd:"" group:"Manage:" help:"List and make memories."`
	Keys        keysCommand        `cmd:"" group:"Manage:" help:"List, make and revoke bearer keys."`
	Backup      backupCommand      `cmd:"" group:"Keep:" help:"Copy the data folder, which may be in use, into another folder."`
	Erasures    erasuresCommand    `cmd:"" group:"Keep:" help:"Print what was erased, for a restore to erase it again."`
	Restore     restoreCommand     `cmd:"" group:"Keep:" help:"Make a data folder of a backup, without those who were erased since."`
	Version     versionCommand     `cmd:"" group:"Shell:" help:"Print the version."`
	Completion  completionCommand  `cmd:"" group:"Shell:" help:"Print the script that completes commands in a shell."`

	Complete  completeCommand  `cmd:"" hidden:""`
	Reference referenceCommand `cmd:"" name:"bench-reference" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], world{
		in: os.Stdin, screen: terminal.For(os.Stdout, os.Stderr, os.Getenv),
		transport: http.DefaultTransport, now: time.Now, binary: os.Executable,
	}))
}
