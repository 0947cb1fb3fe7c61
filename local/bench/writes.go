package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	_ "modernc.org/sqlite" // the driver of the bare reference

	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
)

// content is a memory of 500 bytes, another for each n.
func content(n int64) string {
	raw := make([]byte, 244)
	_, _ = rand.Read(raw)
	return fmt.Sprintf("%011d ", n) + hex.EncodeToString(raw)
}

// writes measures answered durable writes, in turns with the bare writer.
func writes(ctx context.Context, b *bed) ([]sample, error) {
	settings, err := road.Load(nil)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	c, err := adapter.Open(ctx, settings.Cloud, adapter.Config{Dir: b.data("ours"), HoldAfter: settings.HoldAfter, Random: rand.Reader, Now: time.Now, Log: log})
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	st := road.Assemble(c, settings, "bench", time.Now, log)
	m := change.Memory{Tenant: "default", ID: store.DefaultID}
	if err := c.Memories.Put(ctx, store.Instance{Memory: m, Name: "bench", Version: 1}); err != nil {
		return nil, err
	}
	found, err := newBareWriter(ctx, b.data("found.db"), "CREATE TABLE t (n INTEGER PRIMARY KEY, hash BLOB UNIQUE, content TEXT)")
	if err != nil {
		return nil, err
	}
	defer found.close()
	appended, err := newBareWriter(ctx, b.data("appended.db"), "CREATE TABLE t (n INTEGER PRIMARY KEY, hash BLOB, content TEXT)")
	if err != nil {
		return nil, err
	}
	defer appended.close()
	ways := []func(n int64) error{
		func(n int64) error {
			_, err := st.Memory.Remember(ctx, m, change.NewDraw(time.Now()), memory.Input{
				Type: "event", Namespace: "bench", Fields: map[string]any{"content": content(n)},
			})
			return err
		},
		func(n int64) error { return found.put(content(n)) },
		func(n int64) error { return appended.put(content(n)) },
	}
	rates, err := inTurns(b.For, ways)
	if err != nil {
		return nil, err
	}
	return []sample{{
		name: "durable writes, 64 callers; bare: rows found by hash", unit: "writes/s", value: rates[0], bare: rates[1], budget: half,
		remarks: fmt.Sprintf("%.2f of a bare writer that only appends", rates[0]/rates[2]),
	}}, nil
}

// bareWriter is a group writer that does one INSERT a write and nothing else.
// It gathers its groups as the store's own writer does, and has as large a cache
// and log between two checkpoints.
type bareWriter struct {
	db       *sql.DB
	conn     *sql.Conn // transactions are begun by hand: database/sql would prepare anew in each
	insert   *sql.Stmt
	requests chan bareRequest
}

type bareRequest struct {
	content string
	done    chan error
}

func newBareWriter(ctx context.Context, path, table string) (*bareWriter, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+
		"&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-16384)")
	if err != nil {
		return nil, err
	}
	w := &bareWriter{db: db, requests: make(chan bareRequest, 1024)}
	if w.conn, err = db.Conn(ctx); err == nil {
		_, err = w.conn.ExecContext(ctx, table)
	}
	if err == nil {
		w.insert, err = w.conn.PrepareContext(ctx, "INSERT INTO t (hash, content) VALUES (?,?)")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go w.loop(ctx)
	return w, nil
}

func (w *bareWriter) put(content string) error {
	r := bareRequest{content, make(chan error, 1)}
	w.requests <- r
	return <-r.done
}

func (w *bareWriter) loop(ctx context.Context) {
	for first := range w.requests {
		group := w.gather([]bareRequest{first})
		err := w.commit(ctx, group)
		for _, r := range group {
			r.done <- err
		}
	}
}

// gather adds the requests that wait, and steps aside once for those whom the
// last commit woke.
func (w *bareWriter) gather(group []bareRequest) []bareRequest {
	for stepped := false; len(group) < 1024; {
		select {
		case r := <-w.requests:
			group = append(group, r)
		default:
			if stepped {
				return group
			}
			stepped = true
			runtime.Gosched()
		}
	}
	return group
}

func (w *bareWriter) commit(ctx context.Context, group []bareRequest) error {
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, r := range group {
		hash := sha256.Sum256([]byte(r.content))
		if _, err := w.insert.ExecContext(ctx, hash[:], r.content); err != nil {
			return err
		}
	}
	_, err := w.conn.ExecContext(ctx, "COMMIT")
	return err
}

func (w *bareWriter) close() { _ = w.db.Close() }
