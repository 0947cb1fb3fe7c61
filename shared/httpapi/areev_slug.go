package httpapi

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxMemoryID is the longest id of a memory in bytes.
const maxMemoryID = 64

// checkMemoryID refuses what can't be a memory's id: it stands in paths. It is
// the one rule, ^[a-z0-9][a-z0-9._-]{0,63}$; what memorySlug and suffixed make
// keeps it.
func checkMemoryID(id string) error {
	switch {
	case id == "" || len(id) > maxMemoryID:
		return fault.New(fault.InvalidField, "id has %d characters; give 1 to %d", len(id), maxMemoryID)
	case strings.ContainsFunc(id, func(r rune) bool { return !inMemoryID(r) }) || !alphanumeric(rune(id[0])):
		return fault.New(fault.InvalidField, "id %q is not accepted; use a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit, as in %q", id, memorySlug(id))
	}
	return nil
}

func inMemoryID(r rune) bool { return alphanumeric(r) || r == '.' || r == '_' || r == '-' }

func alphanumeric(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// memorySlug makes an id out of a name: lower case without accents, a hyphen for
// whatever an id can't hold. A name of nothing else becomes "memory".
func memorySlug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case b.Len() == maxMemoryID:
		case inMemoryID(r) && r != '-' && (b.Len() > 0 || alphanumeric(r)):
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if id := strings.TrimRight(b.String(), "-"); id != "" {
		return id
	}
	return "memory"
}

// suffixed is the nth id to try: the base itself, then base-2, base-3, …, cut
// so that it stays within the limit.
func suffixed(base string, n int) string {
	if n < 2 {
		return base
	}
	suffix := "-" + strconv.Itoa(n)
	return base[:min(len(base), maxMemoryID-len(suffix))] + suffix
}
