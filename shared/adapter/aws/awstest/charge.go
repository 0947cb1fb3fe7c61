package awstest

import "github.com/memhooks/memhooks/shared/adapter/aws/table"

const (
	maxBatchGet = 100 // keys of one request
	readUnit    = 4 * kib
	writeUnit   = 1 * kib
)

// chargeGet counts a reading: each row by itself, the same one once.
func (t *Table) chargeGet(keys []table.Key) {
	name := "BatchGetItem"
	if len(keys) == 1 {
		name = "GetItem"
	}
	seen, asked, read := map[table.Key]bool{}, 0, 0
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		if asked == maxBatchGet {
			t.meter.count(name, read)
			asked, read = 0, 0
		}
		asked, read = asked+1, read+units(sizeOf(key, t.row(key)), readUnit)
	}
	if asked > 0 {
		t.meter.count(name, read)
	}
}

// chargeWrite counts a write: each operation by the larger of its row before and
// after, twice that in a transaction.
func (t *Table) chargeWrite(ops []table.Op, after []table.Row) {
	names := [...]string{table.Put: "PutItem", table.Update: "UpdateItem", table.Delete: "DeleteItem", table.Check: ""}
	name, times := names[ops[0].Action], 1
	if len(ops) > 1 {
		name, times = "TransactWriteItems", 2
	}
	written := 0
	for i, op := range ops {
		size := max(sizeOf(op.Key, t.row(op.Key)), sizeOf(op.Key, after[i]))
		written += times * units(size, writeUnit)
	}
	t.meter.count(name, written)
}

// units is how many units of one size bytes are charged as.
func units(size, unit int) int { return max(1, (size+unit-1)/unit) }
