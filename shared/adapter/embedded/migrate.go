package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/memhooks/memhooks/shared/fault"
)

// The settings of connections, as they stand in a data source name.
var (
	writerPragmas = [...]string{
		"busy_timeout(5000)", "page_size(4096)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(OFF)",
		"temp_store(MEMORY)", "cache_size(-16384)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
	}
	readerPragmas = [...]string{"busy_timeout(5000)", "query_only(ON)", "temp_store(MEMORY)", "cache_size(-8192)"}
)

// promised are the settings that durability and erasure rest on, as SQLite
// says them when they are in force.
var promised = [...]struct{ pragma, value string }{
	{"journal_mode", "wal"}, {"synchronous", "2"}, {"secure_delete", "1"}, {"foreign_keys", "0"},
}

// prepare checks the writer's settings and brings the schema up to date.
func prepare(ctx context.Context, conn *sql.Conn) error {
	for _, p := range promised {
		var have string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+p.pragma).Scan(&have); err != nil {
			return fmt.Errorf("read back the setting %s: %w", p.pragma, err)
		}
		if have != p.value {
			return fault.New(fault.Unavailable, "the database's setting %s is %s, not %s: put the data folder on a local disk", p.pragma, have, p.value)
		}
	}
	return migrate(ctx, conn)
}

// migrate runs the schema's steps that are missing, all in one transaction.
func migrate(ctx context.Context, conn *sql.Conn) error {
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	version := 0
	if tables > 0 {
		var err error
		if version, err = identify(ctx, conn); err != nil {
			return err
		}
	}
	if version == len(versions) {
		return nil
	}
	steps := "BEGIN IMMEDIATE;\n"
	for _, s := range versions[version:] {
		steps += s
	}
	steps += "PRAGMA application_id=" + strconv.Itoa(applicationID) + ";\nPRAGMA user_version=" + strconv.Itoa(len(versions)) + ";\nCOMMIT"
	if _, err := conn.ExecContext(ctx, steps); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return fmt.Errorf("bring the schema from version %d to %d: %w", version, len(versions), err)
	}
	return nil
}

// identify returns the schema's version of a database that is ours, and that
// this program knows.
func identify(ctx context.Context, conn *sql.Conn) (version int, err error) {
	var id int
	for query, into := range map[string]*int{"PRAGMA user_version": &version, "PRAGMA application_id": &id} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return 0, fmt.Errorf("read the schema's version: %w", err)
		}
	}
	switch {
	case id != applicationID:
		return 0, fault.New(fault.Unavailable, "%s in the data folder is not a database of memhooks: choose another data folder", FileName)
	case version > len(versions):
		return 0, fault.New(fault.Unavailable, "the data folder has schema %d, this program knows up to %d: start the newer version of memhooks that wrote it",
			version, len(versions))
	}
	return version, nil
}
