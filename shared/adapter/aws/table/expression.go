package table

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	noRow  = "attribute_not_exists(" + PartAttribute + ")"
	anyRow = "attribute_exists(" + PartAttribute + ")"
)

// conditions are the relations in DynamoDB's language: # stands for the name,
// : for the value.
var conditions = map[Relation]string{
	Equal:    "# = :",
	NotEqual: "(attribute_not_exists(#) OR # <> :)",
	Less:     "# < :",
	AtLeast:  "# >= :",
	Exists:   "attribute_exists(#)",
	Missing:  "attribute_not_exists(#)",
	NoRow:    noRow,
	AnyRow:   anyRow,
}

// An expression collects the names and values that its texts stand for: #0,
// #1… and :0, :1…, so that no name is ever a reserved word.
type expression struct {
	names  map[string]string
	values item
	err    error // the first
}

func (e *expression) name(name string) string {
	mark := "#" + strconv.Itoa(len(e.names))
	if e.names == nil {
		e.names = map[string]string{}
	}
	e.names[mark] = name
	return mark
}

func (e *expression) value(v any) string {
	value, err := valueOf(v)
	if err != nil && e.err == nil {
		e.err = err
	}
	mark := ":" + strconv.Itoa(len(e.values))
	if e.values == nil {
		e.values = item{}
	}
	e.values[mark] = value
	return mark
}

// condition is nil where everything passes.
func (e *expression) condition(clauses []Clause, orAbsent bool) *string {
	if len(clauses) == 0 {
		return nil
	}
	texts := make([]string, len(clauses))
	for i, c := range clauses {
		text, known := conditions[c.Is]
		if !known && e.err == nil {
			e.err = fmt.Errorf("relation %d is none", c.Is)
		}
		var name, value string
		if strings.Contains(text, "#") {
			name = e.name(c.Name)
		}
		if strings.Contains(text, ":") {
			value = e.value(c.Value)
		}
		texts[i] = strings.NewReplacer("#", name, ":", value).Replace(text)
	}
	all := strings.Join(texts, " AND ")
	if orAbsent {
		all = noRow + " OR (" + all + ")"
	}
	return &all
}

// update is nil where nothing is to be changed.
func (e *expression) update(op Op) *string {
	var set, remove, add []string
	for _, name := range slices.Sorted(maps.Keys(op.Set)) {
		set = append(set, e.name(name)+" = "+e.value(op.Set[name]))
	}
	for _, name := range op.Remove {
		remove = append(remove, e.name(name))
	}
	for _, name := range slices.Sorted(maps.Keys(op.Add)) {
		add = append(add, e.name(name)+" "+e.value(op.Add[name]))
	}
	var sections []string
	for _, s := range []struct {
		verb  string
		parts []string
	}{{"SET", set}, {"REMOVE", remove}, {"ADD", add}} {
		if len(s.parts) > 0 {
			sections = append(sections, s.verb+" "+strings.Join(s.parts, ", "))
		}
	}
	if len(sections) == 0 {
		return nil
	}
	text := strings.Join(sections, " ")
	return &text
}

// action is an operation as a part of a transaction.
func action(name string, op Op) (types.TransactWriteItem, error) {
	const showRow = types.ReturnValuesOnConditionCheckFailureAllOld
	key, err := keyOf(op.Key)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	var e expression
	var made types.TransactWriteItem
	condition := e.condition(op.If, op.OrAbsent)
	switch op.Action {
	case Put:
		var whole item
		if whole, err = itemOf(op.Key, op.Set); err != nil {
			return types.TransactWriteItem{}, err
		}
		made.Put = &types.Put{TableName: &name, Item: whole, ConditionExpression: condition,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: showRow}
	case Update:
		update := e.update(op)
		made.Update = &types.Update{TableName: &name, Key: key, UpdateExpression: update, ConditionExpression: condition,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: showRow}
	case Delete:
		made.Delete = &types.Delete{TableName: &name, Key: key, ConditionExpression: condition,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: showRow}
	case Check:
		made.ConditionCheck = &types.ConditionCheck{TableName: &name, Key: key, ConditionExpression: condition,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: showRow}
	default:
		return types.TransactWriteItem{}, fmt.Errorf("action %d is none", op.Action)
	}
	return made, e.err
}
