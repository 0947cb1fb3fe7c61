package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type keysCommand struct {
	remote

	New    keysNewCommand    `cmd:"" help:"Print a new first admin key and its hash. Needs no server."`
	List   keysListCommand   `cmd:"" help:"List keys, never their raw form."`
	Create keysCreateCommand `cmd:"" help:"Make a key; its raw form is shown this once."`
	Revoke keysRevokeCommand `cmd:"" help:"Revoke a key."`
}

type keysListCommand struct {
	pages

	Tenant string `placeholder:"NAME" help:"For the operator's first key only: whose keys."`
}

// Run prints the table.
func (c keysListCommand) Run(ctx context.Context, w world, r *remote) error {
	if err := c.check(); err != nil {
		return err
	}
	return r.list(ctx, w, "keys", nil, client.Query("cursor", c.Cursor, "tenant", c.Tenant), c.Limit)
}

// keysCreateCommand is the request's body too.
type keysCreateCommand struct {
	Name   string   `arg:"" json:"name" help:"What you call it."`
	Scopes []string `json:"scopes,omitempty" enum:"read,write,admin" placeholder:"SCOPE" help:"What it may do: read, write, admin; read and write by default."`
	Tenant string   `json:"tenant,omitempty" placeholder:"NAME" help:"For the operator's first key only: whose key it is."`
}

// Run makes the key and prints it.
func (c keysCreateCommand) Run(ctx context.Context, w world, r *remote) error {
	return r.change(ctx, w, "POST", "/v1/keys", nil, c)
}

type keysRevokeCommand struct {
	Name   string `arg:"" name:"key" help:"The key's id, or its name."`
	Tenant string `placeholder:"NAME" help:"For the operator's first key only: whose key."`
}

// maxNamed is among how many keys a name is looked up.
const maxNamed = 10_000

// Run revokes the key.
func (c keysRevokeCommand) Run(ctx context.Context, w world, r *remote) error {
	items, _, err := r.collect(ctx, w, listings["keys"], nil, client.Query("tenant", c.Tenant), maxNamed)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{"keys": items})
	if err != nil {
		return err
	}
	id, err := named(raw, "keys", c.Name, "memhooks keys list shows them")
	if err != nil {
		return err
	}
	return r.change(ctx, w, "DELETE", "/v1/keys"+client.Path(id), client.Query("tenant", c.Tenant), nil)
}

type keysNewCommand struct{}

// Run prints the key and the hash that a deployment is given.
func (keysNewCommand) Run(w world, r *remote) error { return printNewKey(w.screen.Out, r.JSON) }

func printNewKey(out io.Writer, asJSON bool) error {
	raw, sum, err := auth.NewAdminKey(change.NewDraw(time.Now()))
	if err != nil {
		return err
	}
	hash := hex.EncodeToString(sum[:])
	if asJSON {
		return json.NewEncoder(out).Encode(map[string]string{"key": raw, "sha256": hash})
	}
	_, err = fmt.Fprintf(out, `key     %s
sha256  %s

Keep the key, it is not stored anywhere. Give the server its hash:
  in one process  MEMHOOKS_ADMIN_KEY_SHA256=%[2]s
  on AWS          sam deploy --parameter-overrides AdminKeyHash=%[2]s
`, raw, hash)
	return err
}
