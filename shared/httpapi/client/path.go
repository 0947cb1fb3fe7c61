package client

import (
	"net/url"
	"strings"
)

// Path joins the parts of a path, each of them escaped: what a part holds can't
// lead to another path.
func Path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		part := url.PathEscape(p)
		if p == "." || p == ".." {
			part = strings.ReplaceAll(p, ".", "%2E")
		}
		b.WriteString("/" + part)
	}
	return b.String()
}

// Query is a query of names and values in turn; a name without a value, or with
// an empty one, is left out.
func Query(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return values
}
