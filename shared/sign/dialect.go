package sign

import (
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

// Dialect is how a hook's events are named, shaped and signed.
type Dialect string

// The dialects.
const (
	REM      Dialect = "rem"
	Areev    Dialect = "areev"
	Standard Dialect = "standard"
)

// dialects is the one list of dialects: a new one is a row here. header carries
// the product signature; a dialect without one is signed by webhook-signature
// alone, as all are.
var dialects = []struct {
	name   Dialect
	header string
}{
	{REM, "X-REM-Signature"},
	{Areev, "X-Areev-Signature"},
	{Standard, ""},
}

// ParseDialect returns the dialect of that exact name; any other is refused
// with fault.InvalidField and the list of names.
func ParseDialect(name string) (Dialect, error) {
	known := make([]string, 0, len(dialects))
	for _, d := range dialects {
		if string(d.name) == name {
			return d.name, nil
		}
		known = append(known, string(d.name))
	}
	return "", fault.New(fault.InvalidField, "dialect is unknown; use one of %s", strings.Join(known, ", "))
}

// ProductHeader returns the name of the header that carries the dialect's
// product signature, empty where it has none.
func (d Dialect) ProductHeader() string {
	for _, row := range dialects {
		if row.name == d {
			return row.header
		}
	}
	return ""
}

// ProductHeaders lists the headers that carry product signatures.
func ProductHeaders() []string {
	var names []string
	for _, row := range dialects {
		if row.header != "" {
			names = append(names, row.header)
		}
	}
	return names
}
