package embedded

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Scan is the port's. The order is by shelf, then by time of writing; by time
// alone where a subject's grains or the newest are wanted.
func (s grains) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	page := store.Page{Total: -1}
	last, err := parsePlace(after)
	if err != nil {
		return page, err
	}
	if f.Subject == nil || after == "" {
		if page.Total, err = s.total(m, f); err != nil || limit <= 0 {
			return page, err
		}
	}
	query, args := walk(m, f, page.Total)
	switch {
	case f.Newest && after == "":
		query += " ORDER BY g.n DESC" + atMost
	case f.Newest:
		query, args = query+" AND g.n < ? ORDER BY g.n DESC"+atMost, append(args, last.n)
	case f.Subject != nil:
		query, args = query+" AND g.n > ? ORDER BY g.n"+atMost, append(args, last.n)
	default:
		query, args = query+" AND s.n >= ? AND (s.n > ? OR g.n > ?) ORDER BY s.n, g.n"+atMost, append(args, last.shelf, last.shelf, last.n)
	}
	var end place
	err = s.d.rows(ctx, "SELECT "+grainColumns+query, append(args, limit+1), func(scan func(...any) error) error {
		var r row
		if err := r.scan(scan); err != nil {
			return err
		}
		if len(page.Grains) == limit {
			page.Next = end.String()
			return nil
		}
		end = place{r.shelf, r.n}
		page.Grains = append(page.Grains, r.Stored)
		return nil
	})
	return page, err
}

// few is how many grains are sorted to find the newest of them; where a scan
// has more, they stand close among the last that were written.
const few = 10_000

// walk writes from where a scan of so many grains takes them: by their subject,
// from the last written on back, or from their shelves.
func walk(m change.Memory, f store.Filter, total int) (string, []any) {
	shelves, args := shelvesOf(m, f)
	const key = " JOIN seal_key k ON k.n = s.key WHERE "
	var from string
	switch {
	case f.Subject != nil:
		from = " FROM grain g INDEXED BY grain_subject CROSS JOIN shelf s ON s.n = g.shelf" + key + shelves +
			" AND g.memory=s.memory AND g.memory=" + memoryN + " AND g.subject=?"
		args = append(args, m.Tenant, m.ID, f.Subject)
	case f.Newest && total > few:
		from = " FROM grain g NOT INDEXED CROSS JOIN shelf s ON s.n = g.shelf" + key + shelves
	default:
		from = " FROM shelf s CROSS JOIN grain g INDEXED BY grain_shelf ON g.shelf = s.n" + key + shelves
	}
	from += " AND g.state=0"
	if f.Named {
		from += " AND g.name IS NOT NULL"
	}
	return from, args
}

// shelvesOf writes the condition on shelves that a filter means.
func shelvesOf(m change.Memory, f store.Filter) (string, []any) {
	where, args := "s.memory="+memoryN+" AND s.grains>0", named(m)
	add := func(condition string, more ...any) {
		where += " AND " + condition
		args = append(args, more...)
	}
	if f.Person != "" {
		add("s.person=? AND s.person<>''", f.Person)
	}
	if f.Namespace != nil {
		add("s.namespace=?", *f.Namespace)
	}
	if f.Type != "" {
		add("s.type=?", f.Type)
	}
	if at, from, to := (seal.Selector{Scope: f.ScopeTree}).Span(); at != "" {
		const scope = "iif(s.scope_path='', s.namespace, s.scope_path)"
		add("("+scope+"=? OR "+scope+">=? AND "+scope+"<?)", at, from, to)
	}
	return where, args
}

// total counts a whole scan: by its shelves, or where it names a subject by
// the grains, once for all its pages.
func (s grains) total(m change.Memory, f store.Filter) (n int, err error) {
	if f.Subject != nil {
		query, args := walk(m, f, 0)
		_, err = s.d.row("SELECT count(*)"+query, args, &n)
		return n, err
	}
	counted := "s.grains"
	if f.Named {
		counted = "s.named"
	}
	shelves, args := shelvesOf(m, f)
	_, err = s.d.row("SELECT coalesce(sum("+counted+"), 0) FROM shelf s WHERE "+shelves, args, &n)
	return n, err
}

// place is where a page of a scan ended.
type place struct{ shelf, n int64 }

// String writes a place as a cursor.
func (p place) String() string { return fmt.Sprintf("%d.%d", p.shelf, p.n) }

// parsePlace reads a cursor; the empty one lies before all.
func parsePlace(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	first, second, _ := strings.Cut(cursor, ".")
	shelf, err := strconv.ParseInt(first, 10, 64)
	n, err2 := strconv.ParseInt(second, 10, 64)
	if err != nil || err2 != nil || shelf < 0 || n < 0 {
		return place{}, fault.New(fault.InvalidField, "this cursor is not one of ours: start again without a cursor")
	}
	return place{shelf, n}, nil
}
