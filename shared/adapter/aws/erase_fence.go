package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// stage is how far an erasure has come.
type stage string

// The stages. The first can be undone, and counts for fenceLife only: so an
// erasure whose process died before it destroyed anything hinders nobody.
const (
	stageRaised    stage = "raised"    // no covered key is handed out or made
	stageProven    stage = "proven"    // the keys are being destroyed
	stageDestroyed stage = "destroyed" // they are; new ones may be made
	stageTold      stage = "told"      // what is told stands; what they sealed is being taken away
	stageEnded     stage = "ended"     // upkeep did the rest; kept for who repeats the call
)

const (
	// fencePause is how long nobody uses a key of a fenced pair any more: what
	// is believed has run out, and what relied on it is written.
	fencePause = freshFor + writeFor
	fenceLife  = time.Minute
	// fenceUse is how old a raised fence may be when its keys are proven: far
	// from fenceLife, whichever clock is wrong.
	fenceUse = 20 * time.Second
)

// fence is one erasure under way: an attribute of the memory's row of fences,
// in JSON, named for its selector.
type fence struct {
	Stage  stage  `json:"stage"`
	At     int64  `json:"at"` // when it was raised or ended, epoch milliseconds
	Person string `json:"person,omitempty"`
	Scope  string `json:"scope,omitempty"`
	Told   noted  `json:"told,omitzero"` // Erased; its Count counts from stageTold on
}

// noted is a change as a fence keeps it: small, for all fences of a memory
// share one row.
type noted struct {
	ID          string        `json:"i,omitempty"`
	Memory      change.Memory `json:"-"`
	Cause       events.Cause  `json:"c,omitempty"`
	At          int64         `json:"t,omitempty"`
	Lineage     string        `json:"l,omitempty"`
	Hash        string        `json:"h,omitempty"`
	Superseded  string        `json:"o,omitempty"`
	GrainType   string        `json:"g,omitempty"`
	Namespace   string        `json:"s,omitempty"`
	UserID      string        `json:"u,omitempty"`
	ScopePath   string        `json:"p,omitempty"`
	CreatedAt   int64         `json:"a,omitempty"`
	Count       int           `json:"n,omitempty"`
	Fingerprint string        `json:"f,omitempty"`
	KeyID       string        `json:"k,omitempty"`
	Content     []byte        `json:"b,omitempty"`
	Seq         int64         `json:"q,omitempty"`
}

func fenceKey(m change.Memory) table.Key { return table.Key{Part: part(m), Sort: sortFence} }

func fenceName(sel seal.Selector) string {
	return "e#" + hashed(sel.Person) + "#" + hashed(strings.TrimRight(sel.Scope, "/"))
}

func (f fence) selector() seal.Selector { return seal.Selector{Person: f.Person, Scope: f.Scope} }

// age is how long ago it was raised or ended.
func (f fence) age(now time.Time) time.Duration { return now.Sub(time.UnixMilli(f.At)) }

// certain says that the erasure can't be undone and has not come to its end.
func (f fence) certain() bool {
	return f.Stage == stageProven || f.Stage == stageDestroyed || f.Stage == stageTold
}

// fences reads a memory's row of fences.
func fences(row table.Row) (map[string]fence, error) {
	all := make(map[string]fence, len(row))
	for name := range row {
		var f fence
		if err := json.Unmarshal([]byte(row.Text(name)), &f); err != nil {
			return nil, fmt.Errorf("decode an erasure under way: %w", err)
		}
		all[name] = f
	}
	return all, nil
}

// closedBy is the stage of an erasure that keeps a pair's keys from use, ""
// where there is none. The further stage counts where there are two.
func closedBy(row table.Row, p seal.Pair, now time.Time) (stage, error) {
	if row == nil {
		return "", nil
	}
	all, err := fences(row)
	if err != nil {
		return "", err
	}
	var by stage
	for _, f := range all {
		raised := f.Stage == stageRaised && f.age(now) < fenceLife
		if (raised || f.Stage == stageProven) && by != stageProven && f.selector().Covers(p) {
			by = f.Stage
		}
	}
	return by, nil
}

func errClosed() error {
	return fault.New(fault.Unavailable, "what this person or scope has here is being erased: try again in a few seconds")
}

// errContinued says that another process has brought the same erasure further.
var errContinued = errors.New("the erasure was continued elsewhere")

// load reads how far the erasure has come.
func (e *erasure) load(ctx context.Context) error {
	rows, err := e.a.cfg.Keys.Get(ctx, fenceKey(e.m))
	if err != nil {
		return fmt.Errorf("read the erasures under way: %w", err)
	}
	e.text, e.fence = rows[0].Text(fenceName(e.sel)), fence{}
	if e.text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(e.text), &e.fence); err != nil {
		return fmt.Errorf("decode an erasure under way: %w", err)
	}
	if e.fence.Told.ID != "" {
		e.fence.Told.Memory = e.m
	}
	return nil
}

// fencesFull is how many bytes the fences of a memory may take before another
// is raised: well below what a row can hold.
const fencesFull = 350 << 10

// makeWay ends the erasures of other selectors that have destroyed keys which
// this one covers too, and have not taken away yet what those sealed: this one
// would not find the keys any more. It fails with errContinued where it ended
// one, and where a fence is to be raised for which the memory's row has no room.
func (e *erasure) makeWay(ctx context.Context, raises bool) error {
	rows, err := e.a.cfg.Keys.Get(ctx, fenceKey(e.m))
	if err != nil {
		return fmt.Errorf("read the erasures under way: %w", err)
	}
	all, err := fences(rows[0])
	if err != nil {
		return err
	}
	size := 0
	for name, f := range all {
		size += len(name) + len(rows[0].Text(name))
		if name == fenceName(e.sel) || !f.certain() || !overlap(e.sel, f.selector()) {
			continue
		}
		if err := e.a.continueErasure(ctx, e.m, f); err != nil {
			return fmt.Errorf("end another erasure first: %w", err)
		}
		return errContinued
	}
	if raises && size > fencesFull {
		return fault.New(fault.Unavailable, "memory %q had too many erasures within a day: repeat the request in some hours", e.m.ID)
	}
	return nil
}

// overlap says whether two selectors may cover the same pair.
func overlap(a, b seal.Selector) bool {
	if a.Person != "" && b.Person != "" {
		return a.Person == b.Person
	}
	at := func(sel seal.Selector) seal.Pair { return seal.Pair{Scope: strings.TrimRight(sel.Scope, "/")} }
	return a.Person != b.Person || a.Covers(at(b)) || b.Covers(at(a))
}

// move brings the erasure to a stage, on condition that nobody else has moved
// it since it was read; else it fails with errContinued. No stage takes it away.
func (e *erasure) move(ctx context.Context, next fence) error {
	name := fenceName(e.sel)
	op := table.Op{Action: table.Update, Key: fenceKey(e.m), If: []table.Clause{{Name: name, Is: table.Missing}}}
	if e.text != "" {
		op.If = []table.Clause{{Name: name, Is: table.Equal, Value: e.text}}
	}
	text := ""
	if next.Stage == "" {
		op.Remove = []string{name}
	} else {
		next.Person, next.Scope = e.sel.Person, e.sel.Scope
		encoded, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode an erasure under way: %w", err)
		}
		text = string(encoded)
		op.Set = table.Row{name: text}
	}
	err := e.a.cfg.Keys.Write(ctx, op)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused) && refused.Row.Text(name) != text:
		return errContinued
	case err != nil && refused == nil:
		return fmt.Errorf("note an erasure under way: %w", err)
	}
	e.text, e.fence = text, next // a refusal by what it says itself: the first try's answer was lost
	return nil
}
