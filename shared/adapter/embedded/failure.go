package embedded

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/memhooks/memhooks/shared/fault"
)

// remedies says what a failure of the database means to a caller, by SQLite's
// primary result code.
var remedies = map[int]struct {
	kind fault.Kind
	text string
}{
	sqlite3.SQLITE_FULL:     {fault.Unavailable, "the disk that holds the data folder is full: free some space, then try again"},
	sqlite3.SQLITE_BUSY:     {fault.Unavailable, "another program holds the database locked: end it, or try again"},
	sqlite3.SQLITE_LOCKED:   {fault.Unavailable, "the database is locked: try again"},
	sqlite3.SQLITE_READONLY: {fault.Unavailable, "the data folder can't be written: check its owner, its mode and its mount"},
	sqlite3.SQLITE_PERM:     {fault.Unavailable, "the data folder can't be written: check its owner and its mode"},
	sqlite3.SQLITE_CANTOPEN: {fault.Unavailable, "a file of the data folder can't be opened: check its owner, its mode and the limit of open files"},
	sqlite3.SQLITE_IOERR:    {fault.Unavailable, "the disk that holds the data folder fails, or can't be written any more: check it and its mount, then try again"},
	sqlite3.SQLITE_NOMEM:    {fault.Unavailable, "the database has no memory left: try again"},
	sqlite3.SQLITE_CORRUPT:  {fault.Internal, "the database is damaged: restore the data folder from a sound copy"},
	sqlite3.SQLITE_NOTADB:   {fault.Internal, "memhooks.db is no database: restore the data folder from a sound copy"},
}

// storeError gives an error of the database its kind and says what to do. Any
// other error is returned as it is.
func storeError(err error) error {
	var known *fault.Error
	var e *sqlite.Error
	if err == nil || errors.As(err, &known) || !errors.As(err, &e) {
		return err
	}
	if r, ok := remedies[e.Code()&0xff]; ok {
		return fault.Wrap(r.kind, err, "%s", r.text)
	}
	return fault.Wrap(fault.Internal, err, "the database refused a statement")
}
