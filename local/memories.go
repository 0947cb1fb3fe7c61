package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type memoriesCommand struct {
	remote

	List   memoriesListCommand   `cmd:"" help:"List memories."`
	Show   memoriesShowCommand   `cmd:"" help:"Show a memory's settings and count what is in it."`
	Create memoriesCreateCommand `cmd:"" help:"Make a memory."`
}

// pages are the flags of a list that may be long.
type pages struct {
	Limit  int    `default:"20" help:"At most so many."`
	Cursor string `placeholder:"CURSOR" help:"Go on where a list ended."`
}

// check refuses what no list can have.
func (p pages) check() error {
	if p.Limit < 1 {
		return usagef("--limit is %d: give 1 or more", p.Limit)
	}
	return nil
}

type memoriesListCommand struct{ pages }

// Run prints the table.
func (c memoriesListCommand) Run(ctx context.Context, w world, r *remote) error {
	if err := c.check(); err != nil {
		return err
	}
	return r.list(ctx, w, "memories", nil, client.Query("cursor", c.Cursor), c.Limit)
}

type memoriesShowCommand struct {
	Memory string `arg:"" help:"The memory's id."`
}

// Run prints settings and counts as one document.
func (c memoriesShowCommand) Run(ctx context.Context, w world, r *remote) error {
	path := "/api/memories" + client.Path(c.Memory)
	settings, err := r.call(ctx, w, "GET", path, nil, nil)
	if err != nil {
		return err
	}
	stats, err := r.call(ctx, w, "GET", path+"/stats", nil, nil)
	if err != nil {
		return err
	}
	whole := append(bytes.TrimSuffix(bytes.TrimSpace(settings), []byte("}")), `,"stats":`...)
	return r.print(w, append(append(whole, bytes.TrimSpace(stats)...), '}'))
}

// memoriesCreateCommand is the request's body too.
type memoriesCreateCommand struct {
	Name        string   `arg:"" optional:"" json:"name,omitempty" help:"What you call it; its id is made of that, where no --id is given."`
	ID          string   `name:"id" json:"id,omitempty" placeholder:"ID" help:"Its id in paths: a-z, 0-9, dot, underscore, hyphen."`
	Description string   `json:"description,omitempty" placeholder:"TEXT" help:"What it is for."`
	Policies    []string `json:"policies,omitempty" placeholder:"NAME" help:"gdpr, hipaa, …: hooks with full content then need an acknowledgement."`
}

// Run makes the memory and prints it.
func (c memoriesCreateCommand) Run(ctx context.Context, w world, r *remote) error {
	raw, err := r.call(ctx, w, "POST", "/api/memories", nil, c)
	if err != nil {
		return err
	}
	if err := r.print(w, raw); err != nil {
		return err
	}
	made, err := client.Parse(raw)
	if id := made.Text("id"); err == nil && c.ID == "" && id != c.Name {
		fmt.Fprintf(w.screen.Err, "it was made as %s: --memory takes that\n", terminal.Clean(id))
	}
	return err
}
