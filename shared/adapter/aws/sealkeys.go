package aws

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// keys is the port seal.Keys. A key has a row by its id, which stays when the
// key is destroyed; the row of its pair holds the current key once more, and
// the ids of all others.
//
// Creating a key and raising a fence write different rows, so that makers of
// keys never wait for each other: a maker looks at the fences before it writes,
// and after it where the write took long. What an erasure did not see is a key
// that was made beside it, and nothing older than the erasure is under it.
type keys struct{ a *Adapter }

// The attributes of the rows of keys and pairs.
const (
	keyPerson  = "person"
	keyScope   = "scope"
	keyState   = "state"
	keyCell    = "cell"
	keyWrapped = "wrapped"
	keyCreated = "at"   // epoch milliseconds
	pairLive   = "live" // ids of live keys, parted by spaces, the current one last
	pairGone   = "gone" // ids of destroyed keys, parted by spaces
)

// keyTries bounds how often a lost race for a pair is run again.
const keyTries = 16

func memoryOf(v seal.Vault) change.Memory { return change.Memory{Tenant: v.Tenant, ID: v.Memory} }

func keyKey(m change.Memory, id string) table.Key {
	return table.Key{Part: part(m), Sort: sortKey + url.QueryEscape(id)}
}

// pairsOf begins the sort keys of all pairs of a person.
func pairsOf(person string) string { return sortPair + hashed(person) + "#" }

func pairKey(m change.Memory, p seal.Pair) table.Key {
	return table.Key{Part: part(m), Sort: pairsOf(p.Person) + hashed(p.Scope)}
}

// hashed is a text of any length as 43 characters.
func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func pairIn(row table.Row) seal.Pair {
	return seal.Pair{Person: row.Text(keyPerson), Scope: row.Text(keyScope)}
}

func keyRow(k seal.KeyRecord) table.Row {
	row := table.Row{
		keyPerson: k.Pair.Person, keyScope: k.Pair.Scope, keyState: string(k.State), keyCell: k.Cell, keyCreated: k.CreatedAt.UnixMilli(),
	}
	if k.Wrapped != nil {
		row[keyWrapped] = k.Wrapped
	}
	return row
}

func keyOf(id string, row table.Row) seal.KeyRecord {
	return seal.KeyRecord{
		ID: id, Pair: pairIn(row), Cell: row.Text(keyCell), Wrapped: row.Bytes(keyWrapped),
		State: seal.State(row.Text(keyState)), CreatedAt: time.UnixMilli(row.Number(keyCreated)).UTC(),
	}
}

// currentOf is the current key of a pair's row, false where none is live.
func currentOf(row table.Row) (seal.KeyRecord, bool) {
	live := strings.Fields(row.Text(pairLive))
	if len(live) == 0 {
		return seal.KeyRecord{}, false
	}
	return keyOf(live[len(live)-1], row), true
}

// pair reads a pair's row, unless the pair is being erased.
func (s keys) pair(ctx context.Context, m change.Memory, p seal.Pair) (table.Row, error) {
	rows, err := s.a.cfg.Keys.Get(ctx, pairKey(m, p), fenceKey(m))
	if err != nil {
		return nil, fmt.Errorf("read a pair's key: %w", err)
	}
	stage, err := closedBy(rows[1], p, s.a.cfg.Now())
	if err == nil && stage != "" {
		err = errClosed()
	}
	return rows[0], err
}

// CurrentKey is the port's. That the key is live is believed for a while: the
// write that asks for it need not ask again.
func (s keys) CurrentKey(ctx context.Context, v seal.Vault, p seal.Pair) (seal.KeyRecord, bool, error) {
	m, asked := memoryOf(v), s.a.cfg.Now()
	row, err := s.pair(ctx, m, p)
	if err != nil {
		return seal.KeyRecord{}, false, err
	}
	k, live := currentOf(row)
	if live {
		s.a.believe(belief{m, k.ID}, asked)
	}
	return k, live, nil
}

// CreateKey is the port's.
func (s keys) CreateKey(ctx context.Context, v seal.Vault, k seal.KeyRecord, replaces string) (seal.KeyRecord, error) {
	m := memoryOf(v)
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return seal.KeyRecord{}, err
	}
	for range keyTries {
		begun := s.a.cfg.Now()
		row, err := s.pair(ctx, m, k.Pair)
		if err != nil {
			return seal.KeyRecord{}, err
		}
		if now, live := currentOf(row); live && now.ID != replaces {
			return now, nil
		}
		err = s.a.cfg.Keys.Write(ctx, creating(m, k, row)...)
		var refused *table.ConditionError
		switch {
		case err == nil && s.a.cfg.Now().Sub(begun) > writeFor:
			_, err = s.pair(ctx, m, k.Pair)
			return k, err
		case err == nil:
			return k, nil
		case !errors.As(err, &refused):
			return seal.KeyRecord{}, fmt.Errorf("create a key: %w", err)
		case refused.At > 0:
			return seal.KeyRecord{}, fault.New(fault.Conflict, "key id %s is taken: draw another", k.ID)
		}
	}
	return seal.KeyRecord{}, fault.New(fault.Unavailable, "too many writers make a key of one pair at once: try again")
}

// creating is the write that makes a key the current one of its pair, whose
// row is as it was read.
func creating(m change.Memory, k seal.KeyRecord, was table.Row) []table.Op {
	pair := keyRow(k)
	pair[pairLive] = strings.TrimSpace(was.Text(pairLive) + " " + k.ID)
	return []table.Op{
		{Action: table.Update, Key: pairKey(m, k.Pair), Set: pair, If: stillLive(was)},
		{Key: keyKey(m, k.ID), Set: keyRow(k), If: table.Absent},
	}
}

// stillLive is the condition that no key of a pair was made or destroyed since
// its row was read.
func stillLive(was table.Row) []table.Clause {
	if live := was.Text(pairLive); live != "" {
		return []table.Clause{{Name: pairLive, Is: table.Equal, Value: live}}
	}
	return []table.Clause{{Name: pairLive, Is: table.Missing}}
}

// KeyByID is the port's. Of a pair that is being erased it fails until the
// erasure can't be undone any more, and from then on says Destroyed.
func (s keys) KeyByID(ctx context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	m := memoryOf(v)
	rows, err := s.a.cfg.Keys.Get(ctx, keyKey(m, id), fenceKey(m))
	if err != nil {
		return seal.KeyRecord{}, false, fmt.Errorf("read a key: %w", err)
	}
	k := keyOf(id, rows[0])
	if rows[0] == nil || k.State == seal.Destroyed {
		return k, rows[0] != nil, nil
	}
	switch stage, err := closedBy(rows[1], k.Pair, s.a.cfg.Now()); {
	case err != nil:
		return seal.KeyRecord{}, false, err
	case stage == stageRaised:
		return seal.KeyRecord{}, false, errClosed()
	case stage != "":
		k.State, k.Wrapped = seal.Destroyed, nil
	}
	return k, true, nil
}

// liveKeys says which of some keys are live and not being erased; one that this
// memory never had is not. That a key is live is believed for a while.
func (a *Adapter) liveKeys(ctx context.Context, m change.Memory, ids ...string) (map[string]bool, error) {
	asked := a.cfg.Now()
	live := make(map[string]bool, len(ids))
	at := []table.Key{fenceKey(m)}
	var unsure []string
	for _, id := range ids {
		if live[id] = a.believed(belief{m, id}, asked); !live[id] {
			unsure, at = append(unsure, id), append(at, keyKey(m, id))
		}
	}
	if len(unsure) == 0 {
		return live, nil
	}
	rows, err := a.cfg.Keys.Get(ctx, at...)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for i, id := range unsure {
		row := rows[i+1]
		if row == nil || row.Text(keyState) != string(seal.Live) {
			continue
		}
		stage, err := closedBy(rows[0], pairIn(row), asked)
		if err != nil {
			return nil, err
		}
		if stage == "" {
			live[id] = true
			a.believe(belief{m, id}, asked)
		}
	}
	return live, nil
}
