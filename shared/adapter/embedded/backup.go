package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/memhooks/memhooks/shared/fault"
)

// Copied says what a copy of a data folder holds.
type Copied struct {
	Memories int   `json:"memories"`
	Changes  int64 `json:"changes"` // that its logs counted
	Bytes    int64 `json:"bytes"`
}

// Backup copies the database of a data folder into another folder, as it stood
// at one moment: all that was answered before the call is in it. Whoever has
// the data folder open goes on meanwhile; an erasure may have to wait for the
// copy. Nothing is overwritten, and no half of a copy keeps the database's
// name. The master key is not copied.
func Backup(ctx context.Context, dir, to string) (Copied, error) {
	file := filepath.Join(to, FileName)
	if _, err := os.Lstat(file); err == nil {
		return Copied{}, fault.New(fault.Conflict, "%s is there already, and no backup is overwritten: give another folder", file)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return Copied{}, fault.Wrap(fault.Unavailable, err, "the folder %s can't be made", to)
	}
	draft, err := os.CreateTemp(to, FileName+".draft-*") // mode 0600
	if err != nil {
		return Copied{}, fault.Wrap(fault.Unavailable, err, "the folder %s can't be written", to)
	}
	defer os.Remove(draft.Name())
	if err := copyDatabase(ctx, filepath.Join(dir, FileName), draft.Name()); err != nil {
		return Copied{}, errors.Join(err, draft.Close())
	}
	made, err := inspectCopy(ctx, draft.Name())
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return Copied{}, err
	}
	if err := os.Rename(draft.Name(), file); err != nil {
		return Copied{}, fmt.Errorf("name the backup: %w", err)
	}
	return made, syncFolder(to)
}

// reading opens a database that may be in use, to read it.
func reading(ctx context.Context, file string) (connection, error) {
	if _, err := os.Stat(file); err != nil {
		return connection{}, fault.Wrap(fault.NotFound, err, "there is no database in %s: give a data folder or a backup", filepath.Dir(file))
	}
	pool, err := sql.Open("sqlite", dsn(file, "mode=ro&", []string{"busy_timeout(5000)"}))
	if err != nil {
		return connection{}, fmt.Errorf("open %s: %w", file, err)
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return connection{}, errors.Join(storeError(err), pool.Close())
	}
	return connection{pool, conn}, nil
}

// copyDatabase writes the database of one file into another, which is empty.
func copyDatabase(ctx context.Context, from, to string) (err error) {
	source, err := reading(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if _, err := identify(ctx, source.conn); err != nil {
		return storeError(err)
	}
	if _, err := source.conn.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy %s: %w", from, storeError(err))
	}
	return nil
}

// inspectCopy reads a copy as a whole, and says what is in it.
func inspectCopy(ctx context.Context, file string) (c Copied, err error) {
	source, err := reading(ctx, file)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	var first string
	if err := source.conn.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&first); err != nil {
		return c, fmt.Errorf("check %s: %w", file, storeError(err))
	}
	if first != "ok" {
		return c, fault.New(fault.Unavailable, "the database in %s is damaged (%s): take another copy", filepath.Dir(file), first)
	}
	err = source.conn.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(head), 0) FROM memory").Scan(&c.Memories, &c.Changes)
	if err != nil {
		return c, storeError(err)
	}
	info, err := os.Stat(file)
	if err == nil {
		c.Bytes = info.Size()
	}
	return c, err
}
