package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

type restoreCommand struct {
	dataFolder

	From       string `arg:"" name:"folder" help:"The backup."`
	Erasures   string `placeholder:"FILE" help:"What was erased since the backup, as memhooks erasures prints it; it is erased again. - reads it from standard input."`
	NoneErased bool   `help:"Nobody was erased since the backup."`
}

// restored is what came of a restore.
type restored struct {
	embedded.Copied

	Erased int `json:"erased"` // erasures and removed memories that were repeated
}

// Run makes a data folder of a backup, without those who were erased since.
func (c restoreCommand) Run(ctx context.Context, w world) error {
	switch {
	case c.Erasures != "" && c.NoneErased:
		return usagef("--erasures and --none-erased exclude each other: give the one that is true")
	case c.Erasures == "" && !c.NoneErased:
		return usagef("the backup may hold people who were erased since: give what memhooks erasures prints for the newest data there is, with --erasures, or say --none-erased")
	}
	list, err := c.since(ctx, w.in)
	if err != nil {
		return err
	}
	undo, err := c.key()
	if err != nil {
		return err
	}
	var done restored
	done.Copied, err = embedded.Restore(ctx, c.From, embedded.Config{Dir: c.Data, Master: c.master}, func(ctx context.Context, opened *cloud.Cloud) error {
		st := road.Assemble(opened, road.Settings{}, version, time.Now, slog.New(slog.DiscardHandler))
		for _, e := range list.all {
			again, err := repeat(ctx, st, e)
			if err != nil {
				return fmt.Errorf("repeat an erasure of %s: %w", e.Memory, err)
			}
			if again {
				done.Erased++
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, undo())
	}
	return c.print(w, done, `%s: %d memories, %d changes, %d bytes; erased again: %d
What was pending when the backup was made is sent when this starts, perhaps a second time.
Keys that were revoked since the backup are valid again, and what was forgotten is back: repeat that.`,
		c.Data, done.Memories, done.Changes, done.Bytes, done.Erased)
}

// since reads what the backup does not know.
func (c restoreCommand) since(ctx context.Context, in io.Reader) (list erasureList, err error) {
	known, newest, err := embedded.Erasures(ctx, c.From)
	if err != nil || c.NoneErased {
		return list, err
	}
	if c.Erasures != "-" {
		file, err := os.Open(c.Erasures)
		if err != nil {
			return list, err
		}
		defer file.Close()
		in = file
	}
	if list, err = readErasures(in); err != nil {
		return list, fmt.Errorf("%s: %w", c.Erasures, err)
	}
	return list.without(known, newest)
}

// key takes the master key from the backup, where it is there and no other is.
func (c restoreCommand) key() (undo func() error, err error) {
	none := func() error { return nil }
	kept := filepath.Join(c.Data, localmaster.FileName)
	if _, err := os.Lstat(kept); err == nil || os.Getenv(localmaster.Setting) != "" {
		return none, nil
	}
	key, err := os.ReadFile(filepath.Join(c.From, localmaster.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	_, absent := os.Lstat(c.Data)
	if err := errors.Join(err, os.MkdirAll(c.Data, 0o700)); err != nil {
		return none, err
	}
	return func() error {
		err := os.Remove(kept)
		if absent != nil {
			err = errors.Join(err, os.Remove(c.Data))
		}
		return err
	}, writeKey(c.Data, key)
}

// master opens the key that the backup was sealed under: it stands beside the
// copy, not in it.
func (c restoreCommand) master(sealed bool) (seal.Wrapper, error) {
	open := localmaster.Open
	if sealed {
		kept := filepath.Join(c.Data, localmaster.FileName)
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) && os.Getenv(localmaster.Setting) == "" {
			return nil, fmt.Errorf("%s is missing, and the backup is sealed under it: put it there first, as in mkdir -p %s && cp -p …/%s %[2]s/, or set %[4]s to the key it held",
				kept, c.Data, localmaster.FileName, localmaster.Setting)
		}
		open = localmaster.OpenKept
	}
	m, err := open(c.Data, os.Getenv(localmaster.Setting), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return m, nil
}

// repeat erases once more, under the event id of the first time.
func repeat(ctx context.Context, st *road.Stages, e embedded.Erasure) (bool, error) {
	m := change.Memory{Tenant: e.Tenant, ID: e.Memory}
	there, err := st.Cloud.Memories.Get(ctx, m)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case e.Event != "":
		d, err := change.Repeat(strings.TrimPrefix(e.Event, "evt_"))
		if err == nil {
			_, err = st.Memory.Erase(ctx, m, d, seal.Selector{Person: e.UserID, Scope: e.ScopePath})
		}
		return err == nil, err
	case there.CreatedAt != e.CreatedAt:
		return false, nil // another memory of that id
	}
	hooks, err := st.Hooks.List(ctx, m)
	for _, h := range hooks {
		err = errors.Join(err, st.Hooks.Remove(ctx, m, h.ID))
	}
	if err != nil {
		return false, err
	}
	return true, st.Memory.Remove(ctx, m)
}
