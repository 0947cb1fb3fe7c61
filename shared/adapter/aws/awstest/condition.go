package awstest

import (
	"bytes"
	"cmp"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// allows reports whether an operation may be done on the row as it is.
func allows(op table.Op, row table.Row) bool {
	if row == nil && op.OrAbsent {
		return true
	}
	for _, c := range op.If {
		if !holds(c, row) {
			return false
		}
	}
	return true
}

func holds(c table.Clause, row table.Row) bool {
	value, there := row[c.Name]
	switch c.Is {
	case table.NoRow:
		return row == nil
	case table.AnyRow:
		return row != nil
	case table.Exists:
		return there
	case table.Missing:
		return !there
	case table.Equal:
		return there && equal(value, c.Value)
	case table.NotEqual:
		return !there || !equal(value, c.Value)
	}
	order, comparable := compare(value, c.Value)
	return comparable && (order < 0) == (c.Is == table.Less)
}

// compare orders two values of one type; values of two types have no order.
func compare(a, b any) (order int, comparable bool) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return cmp.Compare(x, y), ok
	case int64:
		y, ok := b.(int64)
		return cmp.Compare(x, y), ok
	case []byte:
		y, ok := b.([]byte)
		return bytes.Compare(x, y), ok
	}
	return 0, false
}
