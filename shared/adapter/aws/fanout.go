package aws

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/hook"
)

// memoriesAtOnce is how many memories of one batch are handled side by side.
const memoriesAtOnce = 8

// Fanout takes what rows tell on to the log and to the hooks: each change gets
// its seq, its jobs are put in line; a hook that turned active gets what waits
// for it, as far as time allows: later batches and Upkeep go on with it. Records come in the order of a stream's shard; several shards, and
// the same record again, may come at once. It returns how many records from
// the front are finished: those behind them are to come again, all of them.
func (a *Adapter) Fanout(ctx context.Context, records []table.Record) (done int, err error) {
	shares, until := sharesOf(records), catchUpEnd(ctx, catchUpBatch)
	_ = abreast(ctx, len(shares), memoriesAtOnce, func(ctx context.Context, i int) error {
		s := shares[i]
		s.err = a.tell(ctx, s, until)
		s.done = s.err == nil
		return nil // the others go on
	})
	for _, s := range shares { // in the order of their first records
		if !s.done {
			return s.from, fmt.Errorf("fan out memory %s of tenant %s: %w", s.memory.ID, s.memory.Tenant, cmp.Or(s.err, ctx.Err()))
		}
	}
	return len(records), nil
}

// share is what one memory's records of a batch tell; from is the first one's
// place in the batch.
type share struct {
	memory   change.Memory
	from     int
	changes  []table.Record
	resumed  []string // hooks
	redriven []table.Record
	done     bool
	err      error
}

// sharesOf parts a batch, in the order of each share's first record.
func sharesOf(records []table.Record) []*share {
	var all []*share
	of := make(map[change.Memory]*share)
	for i, r := range records {
		what := news(r)
		m, ok := partMemory(r.Key.Part)
		if what == "" || !ok {
			continue
		}
		s := of[m]
		if s == nil {
			s = &share{memory: m, from: i}
			of[m], all = s, append(all, s)
		}
		switch what {
		case tellsChange:
			s.changes = append(s.changes, r)
		case tellsHook:
			s.resumed = append(s.resumed, r.New.Text(hookID))
		case tellsRedrive:
			s.redriven = append(s.redriven, r)
		}
	}
	return all
}

// news says what a record tells that the row did not tell before, "" = nothing.
func news(r table.Record) string {
	what := r.New.Text(attrTells)
	told := r.Old.Text(attrTells) == what
	switch what {
	case tellsChange:
		told = told && bytes.Equal(r.Old.Bytes(attrChange), r.New.Bytes(attrChange))
	case tellsHook:
		told = told && r.Old.Number(hookEpoch) == r.New.Number(hookEpoch) || r.New.Text(hookState) != string(hook.Active)
	}
	if told {
		return ""
	}
	return what
}

// partMemory is the memory whose partition begins so, false where none does.
func partMemory(part string) (change.Memory, bool) {
	tenant, rest, found := strings.Cut(part, "/")
	id, _, _ := strings.Cut(rest, "#")
	var m change.Memory
	var errs [2]error
	m.Tenant, errs[0] = url.QueryUnescape(tenant)
	m.ID, errs[1] = url.QueryUnescape(id)
	return m, found && errs[0] == nil && errs[1] == nil && !strings.Contains(tenant, "#")
}

// partHook is the hook of whose deliveries a partition holds the rows.
func partHook(part string) string {
	_, rest, _ := strings.Cut(part, "#h#")
	id, err := url.QueryUnescape(rest)
	if err != nil {
		return ""
	}
	return id
}

// tell handles one memory's share, and catches up with its hooks until a time.
// What a memory that is gone told has ended with it.
func (a *Adapter) tell(ctx context.Context, s *share, until time.Time) error {
	t := &telling{a: a, m: s.memory}
	if err := t.take(s.changes); err != nil {
		return err
	}
	if err := t.append(ctx); err != nil {
		return err
	}
	if err := t.send(ctx, until); err != nil {
		return err
	}
	for _, id := range s.resumed {
		if _, err := a.catchUp(ctx, s.memory, id, until); err != nil {
			return err
		}
	}
	var jobs []job
	for _, r := range s.redriven {
		j, found, err := a.redriveJob(ctx, s.memory, partHook(r.Key.Part), r.New)
		if err != nil {
			return err
		}
		if found {
			jobs = append(jobs, j)
		}
	}
	return a.sendJobs(ctx, jobs)
}

// take reads the changes that records tell, each once.
func (t *telling) take(records []table.Record) error {
	known := make(map[string]bool, len(records))
	for _, r := range records {
		c, found, err := changeOf(t.m, r.New)
		if err != nil {
			return fmt.Errorf("read the change of %s: %w", r.Key.Sort, err)
		}
		if !found || known[c.ID] {
			continue
		}
		known[c.ID] = true
		t.waiting = append(t.waiting, raised{record: r, Item: fanout.Item{Change: c, Committed: r.New.Number(attrCommitted)}})
	}
	return nil
}
