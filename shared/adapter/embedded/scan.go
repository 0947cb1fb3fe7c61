package embedded

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/seal"
)

// Scan is the port's. The order is by namespace, then by time of writing. The
// total is not known for a scope's tree.
func (s grains) Scan(ctx context.Context, m change.Memory, f memory.Filter, after string, limit int) (memory.Page, error) {
	page := memory.Page{Total: -1}
	where, args := filterSQL(m, f)
	last, err := parsePlace(after)
	if err != nil {
		return page, err
	}
	if page.Total, err = s.total(m, f, where, args); err != nil {
		return page, err
	}
	if limit <= 0 {
		return page, nil
	}
	var end place
	query := "SELECT " + grainColumns + where + " AND (g.namespace, g.n) > (?, ?) ORDER BY g.namespace, g.n LIMIT ?"
	err = s.d.rows(ctx, query, append(args, last.namespace, last.n, limit+1), func(scan func(...any) error) error {
		var r row
		if err := r.scan(scan); err != nil {
			return err
		}
		if len(page.Grains) == limit {
			page.Next = end.String()
			return nil
		}
		end = place{r.Namespace, r.n}
		page.Grains = append(page.Grains, r.Stored)
		return nil
	})
	return page, err
}

// filterSQL writes a scan's FROM and WHERE, by the index that narrows most.
func filterSQL(m change.Memory, f memory.Filter) (string, []any) {
	by := "grain_listing"
	switch {
	case f.Subject != nil:
		by = "grain_subject"
	case f.Person != "":
		by = "grain_key"
	}
	where := " FROM grain g INDEXED BY " + by + " JOIN seal_key k ON k.n = g.key WHERE g.memory=" + memoryN + " AND g.state=0"
	args := named(m)
	add := func(condition string, more ...any) {
		where += " AND " + condition
		args = append(args, more...)
	}
	if f.Subject != nil {
		add("g.subject=?", f.Subject)
	}
	if f.Person != "" {
		add("g.person=?", f.Person)
		if f.Subject == nil {
			add("g.key IN (SELECT n FROM seal_key WHERE memory="+memoryN+" AND person=? AND state='live')", m.Tenant, m.ID, f.Person)
		}
	}
	if f.Namespace != nil {
		add("g.namespace=?", *f.Namespace)
	}
	if f.Type != "" {
		add("g.type=?", f.Type)
	}
	if f.Named {
		add("g.name IS NOT NULL")
	}
	if at, from, to := (seal.Selector{Scope: f.ScopeTree}).Span(); at != "" {
		const scope = "coalesce(g.scope_path, g.namespace)"
		add("("+scope+"=? OR "+scope+">=? AND "+scope+"<?)", at, from, to)
	}
	return where, args
}

// total counts a whole scan: from the census, or over an index.
func (s grains) total(m change.Memory, f memory.Filter, where string, args []any) (int, error) {
	var n int
	if f.ScopeTree != "" {
		return -1, nil
	}
	if f.Person != "" || f.Subject != nil {
		_, err := s.d.row("SELECT count(*)"+where, args, &n)
		return n, err
	}
	query, args := "SELECT coalesce(sum(grains), 0) FROM census WHERE memory="+memoryN, named(m)
	if f.Namespace != nil {
		query, args = query+" AND namespace=?", append(args, *f.Namespace)
	}
	if f.Type != "" {
		query, args = query+" AND type=?", append(args, f.Type)
	}
	if f.Named {
		query += " AND named=1"
	}
	_, err := s.d.row(query, args, &n)
	return n, err
}

// place is where a page of a scan ended.
type place struct {
	namespace string
	n         int64
}

// String writes a place as a cursor: the number, a dot, the namespace.
func (p place) String() string { return fmt.Sprintf("%d.%s", p.n, p.namespace) }

// parsePlace reads a cursor; the empty one lies before all.
func parsePlace(cursor string) (place, error) {
	if cursor == "" {
		return place{n: -1}, nil
	}
	digits, namespace, dotted := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !dotted || n < 0 {
		return place{}, fault.New(fault.InvalidField, "this cursor is not one of ours: start again without a cursor")
	}
	return place{namespace, n}, nil
}
