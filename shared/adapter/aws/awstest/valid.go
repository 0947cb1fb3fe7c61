package awstest

import (
	"fmt"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// invalid is the refusal of what no repetition would make right.
func invalid(format string, args ...any) error {
	return fmt.Errorf("ValidationException: "+format, args...)
}

func validKey(key table.Key) error {
	for _, part := range []struct {
		name, value string
		limit       int
	}{{"partition", key.Part, maxPart}, {"sort", key.Sort, maxSort}} {
		switch {
		case part.value == "":
			return invalid("the %s key is empty", part.name)
		case len(part.value) > part.limit:
			return invalid("the %s key has %d bytes, %d allowed", part.name, len(part.value), part.limit)
		case !utf8.ValidString(part.value):
			return invalid("the %s key %q is not UTF-8", part.name, part.value)
		}
	}
	return nil
}

func validName(name string) error {
	if name == "" || name == table.PartAttribute || name == table.SortAttribute {
		return invalid("no attribute of a row may have the name %q", name)
	}
	return nil
}

func validValue(name string, value any) error {
	if err := validName(name); err != nil {
		return err
	}
	switch v := value.(type) {
	case int64, []byte:
		return nil
	case string:
		if !utf8.ValidString(v) {
			return invalid("attribute %s is not UTF-8", name)
		}
		return nil
	}
	return invalid("attribute %s is a %T; string, int64 and []byte are kept", name, value)
}

// validOps checks what can be told without looking at the rows.
func validOps(ops []table.Op) error {
	if len(ops) > table.MaxOps {
		return invalid("%d operations, %d allowed", len(ops), table.MaxOps)
	}
	seen := make(map[table.Key]bool, len(ops))
	for i, op := range ops {
		if err := validOp(op, len(ops) == 1); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
		if seen[op.Key] {
			return invalid("operation %d: a write may hold one operation on a row, this is the second on %q", i, op.Key)
		}
		seen[op.Key] = true
	}
	return nil
}

func validOp(op table.Op, alone bool) error {
	if err := validKey(op.Key); err != nil {
		return err
	}
	for name, value := range op.Set {
		if err := validValue(name, value); err != nil {
			return err
		}
	}
	for _, c := range op.If {
		if err := validClause(c); err != nil {
			return err
		}
	}
	switch {
	case op.Action > table.Check:
		return invalid("no action %d", op.Action)
	case op.Action == table.Check && alone:
		return invalid("a check stands in a write of several only")
	case op.Action == table.Check && len(op.If) == 0:
		return invalid("a check without a condition")
	case op.Action > table.Update && len(op.Set) > 0:
		return invalid("a deletion or check sets nothing")
	case op.Action != table.Update && len(op.Remove)+len(op.Add) > 0:
		return invalid("only an update removes and adds")
	}
	return validPaths(op)
}

// validPaths checks that an update names each attribute once.
func validPaths(op table.Op) error {
	seen := map[string]bool{}
	for name := range op.Set {
		seen[name] = true
	}
	names := append([]string{}, op.Remove...)
	for name := range op.Add {
		names = append(names, name)
	}
	for _, name := range names {
		if err := validName(name); err != nil {
			return err
		}
		if seen[name] {
			return invalid("an update names attribute %q twice", name)
		}
		seen[name] = true
	}
	return nil
}

func validClause(c table.Clause) error {
	switch c.Is {
	case table.NoRow, table.AnyRow:
		if c.Name != "" || c.Value != nil {
			return invalid("a condition on the row itself has no name and no value")
		}
		return nil
	case table.Exists, table.Missing:
		if c.Name == "" || c.Value != nil {
			return invalid("the condition that %q exists or not has a name and no value", c.Name)
		}
		return nil
	}
	if c.Is > table.AnyRow {
		return invalid("no relation %d", c.Is)
	}
	return validValue(c.Name, c.Value)
}

func validQuery(q table.Query) error {
	if err := validKey(table.Key{Part: q.Part, Sort: "any"}); err != nil {
		return err
	}
	for _, bound := range []string{q.From, q.To, q.After} {
		if err := validKey(table.Key{Part: q.Part, Sort: bound}); bound != "" && err != nil {
			return err
		}
	}
	outside := q.After < q.From || q.To != "" && q.After >= q.To
	switch {
	case q.To != "" && q.From > q.To:
		return invalid("the query begins at %q, behind its end %q", q.From, q.To)
	case q.After != "" && outside:
		return invalid("the query continues behind %q, which is outside of %q to %q", q.After, q.From, q.To)
	case q.Limit < 0:
		return invalid("the query's limit is %d", q.Limit)
	}
	return nil
}
