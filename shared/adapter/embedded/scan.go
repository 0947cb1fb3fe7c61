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

// Scan is the port's. The order is by shelf, then by time of writing.
func (s grains) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	var page store.Page
	last, err := parsePlace(after)
	if err != nil {
		return page, err
	}
	shelves, args := shelvesOf(m, f)
	query := " FROM shelf s CROSS JOIN grain g INDEXED BY grain_shelf ON g.shelf = s.n JOIN seal_key k ON k.n = s.key WHERE " + shelves
	if f.Subject != nil {
		query = " FROM grain g INDEXED BY grain_subject CROSS JOIN shelf s ON s.n = g.shelf JOIN seal_key k ON k.n = s.key WHERE " +
			shelves + " AND g.memory=s.memory AND g.memory=" + memoryN + " AND g.subject=?"
		args = append(args, m.Tenant, m.ID, f.Subject)
	}
	query += " AND g.state=0"
	if f.Named {
		query += " AND g.name IS NOT NULL"
	}
	if page.Total, err = s.total(m, f, query, args); err != nil || limit <= 0 {
		return page, err
	}
	var end place
	query = "SELECT " + grainColumns + query + " AND s.n >= ? AND (s.n > ? OR g.n > ?) ORDER BY s.n, g.n LIMIT ?"
	err = s.d.rows(ctx, query, append(args, last.shelf, last.shelf, last.n, limit+1), func(scan func(...any) error) error {
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
// the grains.
func (s grains) total(m change.Memory, f store.Filter, scan string, args []any) (n int, err error) {
	if f.Subject != nil {
		_, err = s.d.row("SELECT count(*)"+scan, args, &n)
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
