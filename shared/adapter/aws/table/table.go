// Package table is the adapter's way to a DynamoDB table: rows by their key,
// pages of a partition, conditional writes of one row or of up to a hundred at
// once. What it does not offer, the adapter does not use.
package table

import "fmt"

// MaxOps is how many operations one write may hold.
const MaxOps = 100

// Key names one row: Sort orders the rows of one Part, byte by byte.
type Key struct{ Part, Sort string }

// Row is a row's attributes beside its key: string, int64 or []byte values.
// Nil means that there is no such row.
type Row map[string]any

// Text returns a string attribute, "" where there is none.
func (r Row) Text(name string) string { s, _ := r[name].(string); return s }

// Number returns a number attribute, 0 where there is none.
func (r Row) Number(name string) int64 { n, _ := r[name].(int64); return n }

// Bytes returns a binary attribute, nil where there is none.
func (r Row) Bytes(name string) []byte { b, _ := r[name].([]byte); return b }

// Found is a row with its key.
type Found struct {
	Key
	Row Row
}

// Query asks for a page of one partition, strongly consistent, in the order of
// the sort keys. From is included, To is not; both may be "". After continues
// a page: rows behind it (before it where Newest is set) only.
type Query struct {
	Part   string
	From   string
	To     string
	After  string
	Newest bool // descending
	Limit  int  // 0 = as many as one request gives
}

// Page is what a query gives; More says that there may be further rows behind
// the last one.
type Page struct {
	Rows []Found
	More bool
}

// Prefix are the bounds of all sort keys that begin with s.
func Prefix(s string) (from, to string) { return s, s + "\U0010ffff" }

// Action is what an operation does.
type Action uint8

// The actions.
const (
	Put    Action = iota // the whole row
	Update               // the given attributes of a row, which is made where it is missing
	Delete               // the row, if it is there
	Check                // nothing but the condition; in a write of several only
)

// Op is one conditional operation on one row. Set is the row of a Put, and what
// an Update changes; Remove and Add (counters) are an Update's alone.
type Op struct {
	Action Action
	Key    Key
	Set    Row
	Remove []string
	Add    map[string]int64
	If     []Clause
	// OrAbsent lets the operation pass where there is no such row, whatever the
	// clauses say.
	OrAbsent bool
}

// Clause is one condition on a row as it is; all of an operation's hold, or it
// is refused. An attribute that is missing fulfils NotEqual and Missing only.
type Clause struct {
	Name  string
	Is    Relation
	Value any // string, int64 or []byte; nil for Exists and Missing
}

// Relation compares a stored attribute with a clause's value.
type Relation uint8

// The relations. NoRow and AnyRow ask for the row itself; their Name is empty.
const (
	Equal Relation = iota
	NotEqual
	Less
	AtLeast
	Exists
	Missing
	NoRow
	AnyRow
)

// Absent is the condition that there is no such row.
var Absent = []Clause{{Is: NoRow}}

// Present is the condition that there is such a row.
var Present = []Clause{{Is: AnyRow}}

// ConditionError says that a write was refused, whole: its operation At did not
// find what it asked for. Row is what it found, nil where there is no such row.
type ConditionError struct {
	At  int
	Row Row
}

// Error says which operation.
func (e *ConditionError) Error() string {
	return fmt.Sprintf("the condition of operation %d does not hold", e.At)
}

// Record is one committed change of a row, as the table's stream tells it: Old
// and New are the row before and after, nil where it was not there. Records of
// one row come in the order of their writes, others in any. ID is equal when
// the same record comes again.
type Record struct {
	ID  string
	Key Key
	Old Row
	New Row
}
