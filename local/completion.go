package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/memhooks/memhooks/local/completion"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the script.
func (c completionCommand) Run(w world) error {
	script, err := completion.Script(c.Shell)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(w.screen.Out, script)
	return err
}

// completeCommand is what those scripts ask.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints what may follow, a word a line.
func (c completeCommand) Run(w world, k *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, word := range completion.Words(k.Model.Node, words) {
		if _, err := fmt.Fprintln(w.screen.Out, word); err != nil {
			return err
		}
	}
	return nil
}
