package awstest

import (
	"bytes"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

const (
	kib = 1 << 10
	mib = 1 << 20

	maxPart        = 2 * kib   // bytes of a partition key
	maxSort        = 1 * kib   // bytes of a sort key
	maxRow         = 400 * kib // bytes of a row with its key
	maxTransaction = 4 * mib   // bytes of all rows of a transaction
	maxPage        = 1 * mib   // bytes after which a query's page ends

	keyNames = len(table.PartAttribute) + len(table.SortAttribute) // they count too
)

// sizeOf is how many bytes a row counts, as DynamoDB's documentation has it;
// none where there is no row.
func sizeOf(key table.Key, row table.Row) int {
	if row == nil {
		return 0
	}
	size := keyNames + len(key.Part) + len(key.Sort)
	for name, value := range row {
		size += len(name)
		switch v := value.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		case int64:
			size += numberSize(v)
		}
	}
	return size
}

// numberSize is a byte for two significant digits, one more, and one for a sign.
func numberSize(n int64) int {
	size, digits := 1, 0
	if n < 0 {
		size++
	}
	for n != 0 && n%10 == 0 {
		n /= 10
	}
	for ; n != 0; n /= 10 {
		digits++
	}
	return size + (digits+1)/2
}

// cloneRow copies a row, so that nobody holds bytes of the table's.
func cloneRow(row table.Row) table.Row {
	if row == nil {
		return nil
	}
	c := make(table.Row, len(row))
	for name, value := range row {
		if b, ok := value.([]byte); ok {
			value = append([]byte{}, b...)
		}
		c[name] = value
	}
	return c
}

// sameRow reports whether a write changed nothing.
func sameRow(a, b table.Row) bool {
	if (a == nil) != (b == nil) || len(a) != len(b) {
		return false
	}
	for name, value := range a {
		other, there := b[name]
		if !there || !equal(value, other) {
			return false
		}
	}
	return true
}

func equal(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	if _, ok := b.([]byte); ok {
		return false
	}
	return a == b
}
