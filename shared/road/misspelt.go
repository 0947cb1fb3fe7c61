package road

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// near is how many letters may be wrong in a name that is taken for a setting's.
const near = 2

// Misspelt finds what an environment sets that is no setting, but nearly one or
// one with more behind it: name by name, the setting that may be meant. What
// looks like none is taken to be another program's.
func Misspelt(environ []string) (map[string]string, error) {
	params, err := env.GetFieldParams(&Settings{})
	if err != nil {
		return nil, fmt.Errorf("read the names of the settings: %w", err)
	}
	meant := map[string]string{}
	for name := range env.ToMap(environ) {
		if slices.ContainsFunc(params, func(p env.FieldParams) bool { return p.Key == name }) {
			continue
		}
		closest := near + 1
		for _, p := range params {
			if n := edits(strings.ToUpper(name), p.Key); n < closest {
				closest, meant[name] = n, p.Key
			}
			if strings.HasPrefix(name, p.Key) && closest > near && len(p.Key) > len(meant[name]) {
				meant[name] = p.Key
			}
		}
	}
	return meant, nil
}

// edits is how many letters must be put in, left out or changed to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
