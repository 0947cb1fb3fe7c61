// Testreport runs `go test` with the arguments it is given and tells what came
// of it: each package's ordinary closing line, the output of what failed, and
// at the end how many tests passed, failed and were skipped, the skipped ones
// each with its reason.
//
//	go run ./infra/testreport -race ./...
//
// Its exit status is go test's; it is 1 as well when no test ran at all.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

// run starts go test, reports what it says as it says it, and returns an error
// when it failed or when there was nothing to test.
func run(args []string, stdout, stderr io.Writer) error {
	command := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	command.Stderr = stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("connect to go test: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	r := newReport(stdout)
	if err := r.read(bufio.NewReader(output)); err != nil {
		return fmt.Errorf("read go test's output: %w", err)
	}
	err = command.Wait()
	r.close()
	if err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	if r.count() == 0 {
		return fmt.Errorf("no test ran: look at the packages and at -run in %q", args)
	}
	return nil
}
