package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
)

// The attributes of a hook's place.
const (
	placeEpoch    = "e"
	placeRaised   = "at" // when the epoch began, epoch milliseconds
	placeLine     = "l"
	placeDead     = "dd"
	placeDeadAt   = "da"
	placeDeadFrom = "df"
	placeFloor    = "fl"
	placeDone     = "dn"
	placeChanges  = "r" // counts changes of floor, done and the tallies
	placeTally    = "n_"
)

// place is how far a hook has come. What has ended below done is counted in
// ended, but for deliveries that have a row of their own; those are counted
// there too, and their rows are gone, below floor.
type place struct {
	epoch, raised int64
	line          int64 // the seq up to which catch-up has put jobs of the epoch in line
	dead          int   // dead letters in a row in this epoch
	deadAt        int64 // when the first of them died, epoch milliseconds
	deadFrom      int64 // done as it was then: what ended later has no lower seq, but for redrives
	floor         int64 // the lowest seq that has rows
	done          int64 // all that the hook saw below it has ended; without any row: as skipped
	changes       int64
	ended         map[delivery.Status]int64
}

func readPlace(row table.Row) place {
	p := place{
		epoch: row.Number(placeEpoch), raised: row.Number(placeRaised), line: row.Number(placeLine), dead: int(row.Number(placeDead)),
		deadAt: row.Number(placeDeadAt), deadFrom: row.Number(placeDeadFrom),
		floor: row.Number(placeFloor), done: row.Number(placeDone), changes: row.Number(placeChanges),
		ended: make(map[delivery.Status]int64),
	}
	for name := range row {
		if status, is := strings.CutPrefix(name, placeTally); is {
			p.ended[delivery.Status(status)] = row.Number(name)
		}
	}
	return p
}

// place reads a hook's place, zero where the hook is gone.
func (a *Adapter) place(ctx context.Context, m change.Memory, hookID string) (place, error) {
	rows, err := a.cfg.Main.Get(ctx, placeKey(m, hookID))
	if err != nil {
		return place{}, fmt.Errorf("read the place of hook %s: %w", hookID, err)
	}
	return readPlace(rows[0]), nil
}

// errMoved says that a row is no longer the one that was read: read it again.
var errMoved = errors.New("the row was changed meanwhile")

// moveLine raises how far catch-up has put jobs in line, in an epoch that is
// still the hook's.
func (a *Adapter) moveLine(ctx context.Context, m change.Memory, hookID string, epoch, line int64) error {
	err := a.cfg.Main.Write(ctx, table.Op{
		Action: table.Update, Key: placeKey(m, hookID), Set: table.Row{placeLine: line},
		If: []table.Clause{
			{Name: placeEpoch, Is: table.Equal, Value: epoch}, {Name: placeLine, Is: table.Less, Value: line},
		},
	})
	var refused *table.ConditionError
	if err == nil || errors.As(err, &refused) {
		return nil
	}
	return fmt.Errorf("move the line of hook %s: %w", hookID, err)
}

// raise begins a hook's next epoch: what is in line ends unsent, and catch-up
// puts in line what has not ended above a seq. Set is what else changes of the
// hook's row. It fails with errMoved where h is no longer what is stored.
func (a *Adapter) raise(ctx context.Context, h hookRow, set table.Row, line int64) error {
	row := maps.Clone(set)
	if row == nil {
		row = make(table.Row, 2)
	}
	row[hookEpoch], row[attrTells] = h.epoch+1, tellsHook
	err := a.cfg.Main.Write(ctx,
		table.Op{Action: table.Update, Key: hookKey(h.Memory, h.ID), Set: row, If: h.unmoved()},
		table.Op{Action: table.Update, Key: placeKey(h.Memory, h.ID), If: table.Present, Set: table.Row{
			placeEpoch: h.epoch + 1, placeRaised: a.cfg.Now().UnixMilli(), placeLine: line, placeDead: int64(0),
		}},
	)
	var refused *table.ConditionError
	if errors.As(err, &refused) {
		return errMoved
	}
	if err != nil {
		return fmt.Errorf("begin an epoch of hook %s: %w", h.ID, err)
	}
	return nil
}

// advance moves what of a place says what has ended, where it is the one that
// was read, else it fails with errMoved; ended is by how much the tallies
// change.
func (a *Adapter) advance(ctx context.Context, h hookRow, was place, floor, done int64, ended map[delivery.Status]int64) error {
	op := table.Op{
		Action: table.Update, Key: placeKey(h.Memory, h.ID),
		Set: table.Row{placeFloor: floor, placeDone: done, placeChanges: was.changes + 1},
		Add: make(map[string]int64, len(ended)),
		If:  []table.Clause{{Name: placeChanges, Is: table.Equal, Value: was.changes}},
	}
	if was.changes == 0 {
		op.If[0] = table.Clause{Name: placeChanges, Is: table.Missing}
	}
	for status, by := range ended {
		if by != 0 {
			op.Add[placeTally+string(status)] = by
		}
	}
	op.If = append(op.If, table.Clause{Name: placeEpoch, Is: table.Exists})
	err := a.cfg.Main.Write(ctx, op)
	var refused *table.ConditionError
	if errors.As(err, &refused) {
		return errMoved
	}
	if err != nil {
		return fmt.Errorf("move the place of hook %s: %w", h.ID, err)
	}
	return nil
}
