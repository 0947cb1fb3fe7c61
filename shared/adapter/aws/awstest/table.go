package awstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// Table is a DynamoDB table in memory. It keeps the promises of Rows, refuses
// what DynamoDB refuses (keys and rows that are too large, two operations on
// one row, values of other types) and copies rows in and out. It is safe for
// concurrent use; a call never waits for anything but other calls.
type Table struct {
	mu     sync.Mutex
	parts  map[string]*partition
	stream *Stream
	meter  Meter
}

// partition is the rows of one partition key. A row that stands here is never
// changed, only replaced.
type partition struct {
	rows  map[string]table.Row
	order []string // the sort keys
}

// NewTable makes an empty table whose stream has so many shards; 0: no stream.
func NewTable(shards int) *Table {
	t := &Table{parts: map[string]*partition{}}
	if shards > 0 {
		t.stream = newStream(shards)
	}
	return t
}

// Stream is the table's stream, nil where it has none.
func (t *Table) Stream() *Stream { return t.stream }

// Meter is what the table's calls used.
func (t *Table) Meter() *Meter { return &t.meter }

// Get returns the rows of the keys, in their order, nil for those that are not
// there.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("get rows: %w", err)
	}
	for _, key := range keys {
		if err := validKey(key); err != nil {
			return nil, fmt.Errorf("get rows: %w", err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	found := make([]table.Row, 0, len(keys))
	for _, key := range keys {
		found = append(found, cloneRow(t.row(key)))
	}
	t.chargeGet(keys)
	return found, nil
}

// Query returns a page of one partition. A page ends at the limit or at 1 MiB
// of rows, and says More then even where nothing follows, as DynamoDB does.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := ctx.Err(); err != nil {
		return table.Page{}, fmt.Errorf("query rows: %w", err)
	}
	if err := validQuery(q); err != nil {
		return table.Page{}, fmt.Errorf("query rows: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var page table.Page
	read := 0
	for _, sort := range t.span(q) {
		key := table.Key{Part: q.Part, Sort: sort}
		row := t.row(key)
		page.Rows = append(page.Rows, table.Found{Key: key, Row: cloneRow(row)})
		read += sizeOf(key, row)
		if len(page.Rows) == q.Limit || read >= maxPage {
			page.More = true
			break
		}
	}
	t.meter.count("Query", units(read, readUnit))
	return page, nil
}

// span is the sort keys that a query passes, in its order.
func (t *Table) span(q table.Query) []string {
	p := t.parts[q.Part]
	if p == nil {
		return nil
	}
	at := func(sort string) int { i, _ := slices.BinarySearch(p.order, sort); return i }
	from, to := at(q.From), len(p.order)
	if q.To != "" {
		to = at(q.To)
	}
	if q.After != "" && q.Newest {
		to = at(q.After)
	} else if q.After != "" {
		from = at(q.After + "\x00")
	}
	order := slices.Clone(p.order[from:max(from, to)])
	if q.Newest {
		slices.Reverse(order)
	}
	return order
}

// Write applies all operations or none, as Rows promises; no operations are no
// write. An update makes the row where it is missing.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	if err := validOps(ops); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	if len(ops) == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	after := make([]table.Row, len(ops))
	total, refused := 0, error(nil)
	for i, op := range ops {
		before := t.row(op.Key)
		if !allows(op, before) {
			refused = &table.ConditionError{At: i, Row: cloneRow(before)}
			break
		}
		row, err := applied(op, before)
		if err != nil {
			return fmt.Errorf("write rows: operation %d: %w", i, err)
		}
		after[i] = row
		total += max(sizeOf(op.Key, before), sizeOf(op.Key, row))
	}
	if len(ops) > 1 && total > maxTransaction {
		return fmt.Errorf("write rows: %w", invalid("the rows of the transaction have %d bytes, %d allowed", total, maxTransaction))
	}
	t.chargeWrite(ops, after)
	if refused != nil {
		return fmt.Errorf("write rows: %w", refused)
	}
	for i, op := range ops {
		if op.Action != table.Check {
			t.replace(op.Key, after[i])
		}
	}
	return nil
}

// applied is the row after an operation; it shares nothing with the operation.
func applied(op table.Op, before table.Row) (table.Row, error) {
	var row table.Row
	switch op.Action {
	case table.Check:
		return before, nil
	case table.Delete:
		return nil, nil
	case table.Put:
		row = cloneRow(op.Set)
		if row == nil {
			row = table.Row{}
		}
	case table.Update:
		row = make(table.Row, len(before)+len(op.Set))
		maps.Copy(row, before)
		maps.Copy(row, cloneRow(op.Set))
		for _, name := range op.Remove {
			delete(row, name)
		}
		for name, n := range op.Add {
			count, ok := row[name].(int64)
			if _, there := row[name]; there && !ok {
				return nil, invalid("attribute %s is no number to add to", name)
			}
			row[name] = count + n
		}
	}
	if size := sizeOf(op.Key, row); size > maxRow {
		return nil, invalid("the row has %d bytes, %d allowed", size, maxRow)
	}
	return row, nil
}

// row is what stands under a key; the caller copies it before handing it out.
func (t *Table) row(key table.Key) table.Row {
	if p := t.parts[key.Part]; p != nil {
		return p.rows[key.Sort]
	}
	return nil
}

// replace puts a row in its place, nil to remove it, and tells the stream of
// it where anything changed.
func (t *Table) replace(key table.Key, row table.Row) {
	before := t.row(key)
	if sameRow(before, row) {
		return
	}
	p := t.parts[key.Part]
	if p == nil {
		p = &partition{rows: map[string]table.Row{}}
		t.parts[key.Part] = p
	}
	at, there := slices.BinarySearch(p.order, key.Sort)
	switch {
	case row == nil:
		p.order = slices.Delete(p.order, at, at+1)
		delete(p.rows, key.Sort)
	case !there:
		p.order = slices.Insert(p.order, at, key.Sort)
		fallthrough
	default:
		p.rows[key.Sort] = row
	}
	if t.stream != nil {
		t.stream.Append(table.Record{Key: key, Old: before, New: row})
	}
}

// Expire removes the rows whose attribute, Unix seconds, lies before now, as
// the service does some time after that; the stream tells of it.
func (t *Table) Expire(attribute string, now time.Time) {
	for _, found := range t.Dump() {
		t.mu.Lock()
		if until, ok := t.row(found.Key)[attribute].(int64); ok && until < now.Unix() {
			t.replace(found.Key, nil)
		}
		t.mu.Unlock()
	}
}

// Dump returns all rows, in the order of their keys.
func (t *Table) Dump() []table.Found {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []table.Found
	for _, part := range slices.Sorted(maps.Keys(t.parts)) {
		for _, sort := range t.parts[part].order {
			key := table.Key{Part: part, Sort: sort}
			all = append(all, table.Found{Key: key, Row: cloneRow(t.row(key))})
		}
	}
	return all
}
