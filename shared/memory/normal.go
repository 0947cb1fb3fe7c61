package memory

import (
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/grain"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// normal brings a text that names grains into the form that they are stored
// in, so that whoever writes it in another Unicode form finds the same ones.
func normal(s string) (string, error) {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s, nil
	}
	g, err := grain.New("event", s, map[string]any{"content": "."}, time.Time{})
	return g.Namespace, err
}

func normalName(field, s string) (string, error) {
	s, err := normal(s)
	if err != nil {
		return "", err
	}
	return s, checkName(field, s)
}

func normalSpace(namespace *string) (*string, error) {
	if namespace == nil {
		return nil, nil
	}
	s, err := normalName("namespace", *namespace)
	return &s, err
}

func normalFilter(f store.Filter) (store.Filter, error) {
	var err error
	f.Namespace, err = normalSpace(f.Namespace)
	return f, err
}

// normal is the query in the form that grains are stored in, its type under
// the name that it has on the wire.
func (q Query) normal() (Query, error) {
	if q.Type != "" {
		t, err := grain.Lookup(q.Type)
		if err != nil {
			return q, err
		}
		q.Type = t.Name()
	}
	var err error
	if q.Namespace, err = normalSpace(q.Namespace); err != nil {
		return q, err
	}
	if q.Scope, err = normalName("scope_path", q.Scope); err != nil {
		return q, err
	}
	for _, s := range []*string{&q.Subject, &q.Relation, &q.Object} {
		if *s, err = normal(*s); err != nil {
			return q, err
		}
	}
	if len(q.Tags) > maxTags {
		return q, fault.New(fault.InvalidField, "tags holds %d; at most %d are looked for at once", len(q.Tags), maxTags)
	}
	if q.Limit <= 0 || q.Limit > candidates {
		q.Limit = candidates
	}
	tags := make([]string, len(q.Tags))
	for i, t := range q.Tags {
		if tags[i], err = normal(t); err != nil {
			return q, err
		}
	}
	q.Tags = tags
	return q, nil
}

// maxTags bounds how many tags a query asks for.
const maxTags = 256
