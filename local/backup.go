package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// dataFolder is what commands know that need no server.
type dataFolder struct {
	Data string `env:"MEMHOOKS_DATA" default:"./data" placeholder:"DIR" help:"The data folder; ./data by default."`
	JSON bool   `name:"json" help:"Print JSON, for programs."`
}

// print tells what came of a command: an object for programs, a line for
// people.
func (d dataFolder) print(w world, answer any, format string, args ...any) error {
	if d.JSON {
		return json.NewEncoder(w.screen.Out).Encode(answer)
	}
	_, err := fmt.Fprintf(w.screen.Out, format+"\n", args...)
	return err
}

type backupCommand struct {
	dataFolder

	To            string `arg:"" name:"folder" help:"A new folder for the backup."`
	WithMasterKey bool   `help:"Copy the master key too. Who has such a backup can read all that is in it, and what is erased later."`
}

// Run copies the data folder, which may be in use.
func (c backupCommand) Run(ctx context.Context, w world) error {
	var key []byte
	if c.WithMasterKey {
		var err error
		if key, err = os.ReadFile(filepath.Join(c.Data, localmaster.FileName)); err != nil {
			return fmt.Errorf("--with-master-key: %w: where the key is in %s, keep that", err, localmaster.Setting)
		}
	}
	made, err := embedded.Backup(ctx, c.Data, c.To)
	if err != nil {
		return err
	}
	if c.WithMasterKey {
		if err := writeKey(c.To, key); err != nil {
			return err
		}
	}
	return c.print(w, made, "%s: %d memories, %d changes, %d bytes%s", c.To, made.Memories, made.Changes, made.Bytes, c.keyNote())
}

func (c backupCommand) keyNote() string {
	if c.WithMasterKey {
		return "; with the master key"
	}
	return "; without the master key, which must be kept elsewhere"
}

// writeKey puts a master key into a folder that has none.
func writeKey(dir string, key []byte) error {
	file, err := os.OpenFile(filepath.Join(dir, localmaster.FileName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	_, err = file.Write(key)
	return errors.Join(err, file.Sync(), file.Close())
}
