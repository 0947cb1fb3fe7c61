// Package embedded is the whole cloud in one process: every port on one SQLite
// database in a data folder. One goroutine writes, many callers share its
// commits, and a change, its log entry and what is to be delivered of it are
// durable together or not at all.
package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// FileName is the name of the database in the data folder.
const FileName = "memhooks.db"

// Config is what Open works with. Dir is required.
type Config struct {
	Dir     string       // the data folder; it is made where it is missing, mode 0700
	Wrapper seal.Wrapper // becomes cloud.Cloud.Wrapper; may be nil where nothing is sealed
	// Master opens the wrapper in Wrapper's place, once the folder is this
	// process's. Where sealed is true there is data that no new key would open,
	// and a wrapper that doesn't open it is refused.
	Master  func(sealed bool) (seal.Wrapper, error)
	Now     func() time.Time // nil: a clock that never goes back
	Log     *slog.Logger     // nil: nothing is logged
	Readers int              // how many reads may run at once; 0: 4
	Workers int              // how many deliveries of one hook may run at once; 0: 32
	// Attempts is how many deliveries of all hooks may run at once, beside one of
	// each hook; 0: 512.
	Attempts int
	// Window is how many entries of one hook may wait in memory; 0: 1024, which
	// is the most.
	Window int
	// Unfiled is from how many grains on their hashes are filed; 0: 16384.
	Unfiled int
	// HoldAfter is how many dead letters in a row hold a hook; 0: none do.
	HoldAfter int
}

// Open opens a data folder, or makes one, and brings an older schema up to
// date. It fails with fault.Unavailable where another process has the folder
// open, where it was written by a newer version, or where the master key that
// it was sealed under is missing. The caller closes the cloud.
func Open(ctx context.Context, c Config) (*cloud.Cloud, error) {
	d, closeAll, err := openDB(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.Master != nil {
		if c.Wrapper, err = d.unlock(ctx, c.Master); err != nil {
			return nil, errors.Join(err, closeAll())
		}
	}
	q := newQueue(d, c)
	return &cloud.Cloud{
		Features: cloud.Features{Name: "embedded", LongPoll: true, SeqAtCommit: true, OneProcess: true},
		Memories: memories{d}, Remover: memories{d}, Counter: memories{d},
		Grains: grains{d}, Eraser: eraser{d}, Index: index{d},
		Keys: sealKeys{d}, Cells: sealKeys{d}, Wrapper: c.Wrapper,
		Hooks: hooks{d}, HookRemover: hooks{d}, HookMover: q,
		Log: logs{d}, Compactor: logs{d}, Consumers: consumers{d}, Ahead: d.ahead,
		Queue: q, Ledger: q, Redriver: q, Troubles: q,
		Auth: authKeys{d}, AuthList: authKeys{d}, Receipts: receipts{d, &begun{}},
		Ready: d.ready, Close: closeAll,
	}, nil
}

// steady is the time of day at the start and what has passed since: a clock
// that is set back meanwhile holds up no retry.
func steady() func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(time.Since(start)) }
}

// openDB opens the database and starts its writer.
func openDB(ctx context.Context, c Config) (*db, func() error, error) {
	if c.Now == nil {
		c.Now = steady()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Readers <= 0 {
		c.Readers = 4
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, nil, fault.Wrap(fault.Unavailable, err, "the data folder %s can't be made: check the owner of the folder above", c.Dir)
	}
	held, err := lockFolder(c.Dir)
	if err != nil {
		return nil, nil, err
	}
	if err := whole(c.Dir); err != nil {
		return nil, nil, errors.Join(err, held.Close())
	}
	d := newDB(c.Now, c.Log)
	d.unfiled.most = cmp.Or(c.Unfiled, maxUnfiled)
	writing, err := openWriter(ctx, filepath.Join(c.Dir, FileName))
	if err == nil {
		err = d.recover(ctx, writing.conn)
	}
	if err != nil {
		return nil, nil, errors.Join(storeError(err), writing.Close(), held.Close())
	}
	d.readers, err = openReaders(filepath.Join(c.Dir, FileName), c.Readers)
	if err != nil {
		return nil, nil, errors.Join(err, writing.Close(), held.Close())
	}
	d.writer = newWriter(d, writing.conn)
	return d, func() error {
		d.writer.close()
		return errors.Join(d.closeReaders(), writing.Close(), held.Close())
	}, nil
}

// connection is one connection and the pool of one that it belongs to.
type connection struct {
	pool io.Closer
	conn *sql.Conn
}

// Close ends the connection; the zero value is closed.
func (c connection) Close() error {
	if c.pool == nil {
		return nil
	}
	return errors.Join(c.conn.Close(), c.pool.Close())
}

func openWriter(ctx context.Context, path string) (connection, error) {
	// SQLite gives its other files the mode of this one.
	if made, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		_ = made.Close()
	} // else it says better what is wrong
	pool, err := sql.Open("sqlite", dsn(path, "", writerPragmas[:]))
	if err != nil {
		return connection{}, fmt.Errorf("open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return connection{}, errors.Join(fmt.Errorf("open %s: %w", path, err), pool.Close())
	}
	w := connection{pool, conn}
	if err := prepare(ctx, conn); err != nil {
		return connection{}, errors.Join(err, w.Close())
	}
	return w, nil
}

func openReaders(path string, n int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn(path, "mode=ro&", readerPragmas[:]))
	if err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", path, err)
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool, nil
}

func (d *db) closeReaders() error {
	var errs []error
	d.reading.Range(func(_, s any) bool {
		errs = append(errs, s.(*sql.Stmt).Close())
		return true
	})
	return errors.Join(append(errs, d.readers.Close())...)
}

func dsn(path, options string, pragmas []string) string {
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + options
	for _, p := range pragmas {
		name += "_pragma=" + p + "&"
	}
	return name[:len(name)-1]
}

// farOff is further off than any retry is planned: one that stands there was
// planned by a clock that has been set back since, and is due.
const farOff = 48 * time.Hour

// recover reads what the process keeps beside the database.
func (d *db) recover(ctx context.Context, conn *sql.Conn) error {
	if err := conn.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM grain").Scan(&d.lastN); err != nil {
		return fmt.Errorf("find the newest grain: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "UPDATE mark SET n=min(n, ?)", d.lastN); err != nil {
		return err
	}
	if err := d.readUnfiled(ctx, conn); err != nil {
		return err
	}
	now := d.now()
	if _, err := conn.ExecContext(ctx, "UPDATE job SET due=? WHERE status='retry' AND due>?",
		now.UnixMilli(), now.Add(farOff).UnixMilli()); err != nil {
		return err
	}
	_, err := truncateLog(conn) // an erasure may have been cut short
	return err
}

// ready fails while no write can be taken.
func (d *db) ready(ctx context.Context) error {
	err := d.writer.do(ctx, func(t *tx) error {
		t.probe = true
		_, err := t.exec("UPDATE mark SET n=n")
		return err
	})
	if err != nil {
		return err
	}
	return d.writer.trouble(d.now())
}
