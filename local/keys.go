package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
)

type keysCommand struct {
	New keysNewCommand `cmd:"" help:"Print a new first admin key and its hash. Needs no server.\n\nExample: memhooks keys new"`
}

type keysNewCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the key and the hash that a deployment is given.
func (c keysNewCommand) Run() error { return c.print(os.Stdout) }

func (c keysNewCommand) print(out io.Writer) error {
	raw, sum, err := auth.NewAdminKey(change.NewDraw(time.Now()))
	if err != nil {
		return err
	}
	hash := hex.EncodeToString(sum[:])
	if c.JSON {
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
