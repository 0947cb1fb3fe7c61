package aws

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// The attributes of a grain's rows: a lineage's, which holds its current grain
// and its last change, and an older version's. What is as usual is left out.
// Rows that lead to a lineage have grainLineage and grainStamp alone.
const (
	grainHash    = "h"
	grainLineage = "l" // left out: the hash
	grainType    = "t"
	grainSpace   = "n"
	grainPerson  = "u"
	grainScope   = "p"
	grainMade    = "a" // its own CreatedAt
	grainFirst   = "i" // FirstAt; left out: grainMade
	grainVersion = "v" // left out: 1
	grainState   = "s" // left out: current
	grainKey     = "k"
	grainSubject = "j"
	grainName    = "m"
	grainBox     = "b"
	grainStamp   = "o" // of the write that made the row what it is; rises with each
	grainEnding  = "e" // set while older versions or a name of a gone lineage may stand
)

// markerKept is how long the row of a change about no grain stays: longer than
// the stream keeps its record.
const markerKept = 48 * time.Hour

func lineageKey(m change.Memory, lineage string) table.Key {
	return table.Key{Part: part(m), Sort: sortLineage + lineage}
}

func versionKey(m change.Memory, lineage, hash string) table.Key {
	return table.Key{Part: part(m), Sort: sortVersion + lineage + "#" + hash}
}

func pointerKey(m change.Memory, hash string) table.Key {
	return table.Key{Part: part(m), Sort: sortPointer + hash}
}

func nameKey(m change.Memory, blind []byte) table.Key {
	return table.Key{Part: part(m), Sort: sortName + hex.EncodeToString(blind)}
}

func markerKey(m change.Memory, id string) table.Key {
	return table.Key{Part: part(m), Sort: sortMarker + id}
}

// rawHash is how a hash is stored: 32 bytes, or as it is where it is no hash.
func rawHash(h string) any {
	if raw, err := hex.DecodeString(h); err == nil && len(raw) == 32 && h == strings.ToLower(h) {
		return raw
	}
	return h
}

func hashIn(row table.Row, name string) string {
	if raw := row.Bytes(name); raw != nil {
		return hex.EncodeToString(raw)
	}
	return row.Text(name)
}

// rowOf is the row of a grain, without stamp and change.
func rowOf(s store.Stored) table.Row {
	row := table.Row{grainHash: rawHash(s.Hash), grainMade: s.CreatedAt}
	for name, text := range map[string]string{
		grainType: s.Type, grainSpace: s.Namespace, grainPerson: s.Person, grainScope: s.ScopePath, grainKey: s.KeyID,
	} {
		if text != "" {
			row[name] = text
		}
	}
	for name, blob := range map[string][]byte{grainSubject: s.Subject, grainName: s.Name, grainBox: s.Box} {
		if blob != nil {
			row[name] = blob
		}
	}
	if s.Lineage != s.Hash {
		row[grainLineage] = rawHash(s.Lineage)
	}
	if s.FirstAt != s.CreatedAt {
		row[grainFirst] = s.FirstAt
	}
	if s.Version != 1 {
		row[grainVersion] = int64(s.Version)
	}
	if s.State != store.Current {
		row[grainState] = int64(s.State)
	}
	return row
}

// storedOf is the grain of a lineage's or an older version's row.
func storedOf(row table.Row) store.Stored {
	s := store.Stored{
		Hash: hashIn(row, grainHash), Lineage: hashIn(row, grainLineage),
		Type: row.Text(grainType), Namespace: row.Text(grainSpace), Person: row.Text(grainPerson), ScopePath: row.Text(grainScope),
		CreatedAt: row.Number(grainMade), FirstAt: row.Number(grainFirst),
		Version: max(1, int(row.Number(grainVersion))), State: stateOf(row), KeyID: row.Text(grainKey),
	}
	if s.Lineage == "" {
		s.Lineage = s.Hash
	}
	if _, own := row[grainFirst]; !own {
		s.FirstAt = s.CreatedAt
	}
	if s.State != store.Gone {
		s.Subject, s.Name, s.Box = row.Bytes(grainSubject), row.Bytes(grainName), row.Bytes(grainBox)
	}
	return s
}

// stateOf is the state of a grain's row that is there.
func stateOf(row table.Row) store.State {
	return store.State(row.Number(grainState))
}

// isCurrent says whether a lineage's row is there and its current grain is hash.
func isCurrent(row table.Row, hash string) bool {
	return row != nil && stateOf(row) == store.Current && hashIn(row, grainHash) == hash
}

// changeAttrs are the attributes of a row that tells a change: they differ
// from those of any other change.
func changeAttrs(c change.Change, at time.Time) table.Row {
	head := fmt.Appendf(nil, "%s %s %d\n", c.ID, c.Cause, c.At)
	return table.Row{attrTells: tellsChange, attrChange: append(head, change.Pack(&c)...), attrCommitted: at.UnixMilli()}
}

var errChange = errors.New("the change of a row is damaged: restore the table from a sound backup")

// changeOf is the change that a row of a memory tells; false: it tells none.
func changeOf(m change.Memory, row table.Row) (change.Change, bool, error) {
	if row.Text(attrTells) != tellsChange {
		return change.Change{}, false, nil
	}
	c := change.Change{Memory: m}
	head, packed, _ := bytes.Cut(row.Bytes(attrChange), []byte("\n"))
	words := strings.Split(string(head), " ")
	if len(words) != 3 {
		return change.Change{}, false, errChange
	}
	at, err := strconv.ParseInt(words[2], 10, 64)
	if err == nil {
		err = change.Unpack(packed, &c)
	}
	if err != nil {
		return change.Change{}, false, fmt.Errorf("%w: %w", errChange, err)
	}
	c.ID, c.Cause, c.At = words[0], events.Cause(words[1]), at
	return c, true, nil
}

// ended is a lineage's row after the lineage is gone: identifiers only. It
// tells what it is given; nothing new where that is nil.
func ended(row, told table.Row, stamp int64) table.Row {
	gone := maps.Clone(row)
	delete(gone, grainBox)
	delete(gone, grainSubject)
	gone[grainState] = int64(store.Gone)
	gone[grainStamp] = max(stamp, row.Number(grainStamp)+1)
	if row.Number(grainVersion) > 1 || row.Bytes(grainName) != nil {
		gone[grainEnding] = int64(1)
	}
	maps.Copy(gone, told)
	return gone
}

// unchanged is the condition that a row is what it was when it was read: nil,
// that there is still none.
func unchanged(was table.Row) []table.Clause {
	if was == nil {
		return table.Absent
	}
	return []table.Clause{{Name: grainStamp, Is: table.Equal, Value: was.Number(grainStamp)}}
}
