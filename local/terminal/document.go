package terminal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// member is one key of a document with its value as it came.
type member struct {
	key   string
	value json.RawMessage
}

// Document writes a JSON object for people: a line for each key in the order
// in which it came; below them, each under its key, lists of objects as tables,
// long lists an element a line, and other objects as indented JSON. A key
// without content is shown as none says, else as "-".
func (s Screen) Document(raw []byte, none map[string]string) error {
	members, err := ordered(raw)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	var below []member
	for _, m := range members {
		v, err := decoded(m.value)
		if err != nil {
			return err
		}
		if nested(v) || long(v) {
			below = append(below, m)
			continue
		}
		text := Text(v)
		if text == "" {
			text = cmp.Or(none[m.key], "-")
		}
		if m.key == "status" || m.key == "state" {
			text = s.Tone(text)
		}
		fmt.Fprintf(w, "%s\t%s\n", Clean(m.key), text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, m := range below {
		fmt.Fprintf(s.Out, "\n%s\n", Clean(m.key))
		if err := s.part(m.value); err != nil {
			return err
		}
	}
	return nil
}

// part writes what does not fit on a line.
func (s Screen) part(raw json.RawMessage) error {
	v, err := decoded(raw)
	if err != nil {
		return err
	}
	if list, ok := v.([]any); ok && nested(v) {
		return s.Table(columnsOf(raw, list))
	} else if ok {
		return s.lines(list)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return err
	}
	for line := range strings.SplitSeq(text.String(), "\n") {
		if _, err := fmt.Fprintf(s.Out, "  %s\n", Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// A list that is longer than a line is shown an element a line, the first ones.
const (
	lineWidth = 80
	shown     = 10
)

func long(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) > 1 && len(Text(list)) > lineWidth
}

func (s Screen) lines(list []any) error {
	for i, e := range list {
		if i == shown {
			_, err := fmt.Fprintf(s.Out, "  and %d more: --json shows all that are told\n", len(list)-shown)
			return err
		}
		if _, err := fmt.Fprintf(s.Out, "  %s\n", Text(e)); err != nil {
			return err
		}
	}
	return nil
}

// nested says whether a value is an object, or a list of objects alone.
func nested(v any) bool {
	if list, ok := v.([]any); ok {
		return len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { _, object := e.(map[string]any); return !object })
	}
	object, ok := v.(map[string]any)
	return ok && len(object) > 0
}

// columnsOf are the keys of a list's objects, in the order in which they are
// met.
func columnsOf(raw json.RawMessage, list []any) (columns []Column, rows []map[string]any) {
	var each []json.RawMessage
	_ = json.Unmarshal(raw, &each) // it was read before
	for i, e := range each {
		members, _ := ordered(e)
		for _, m := range members {
			if !slices.ContainsFunc(columns, func(c Column) bool { return c.Field == m.key }) {
				columns = append(columns, Column{Head: strings.ToUpper(Clean(m.key)), Field: m.key})
			}
		}
		row, _ := list[i].(map[string]any)
		rows = append(rows, row)
	}
	return columns, rows
}

// ordered reads an object's members in their order.
func ordered(raw []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	first, err := decoder.Token()
	if err != nil || first != json.Delim('{') {
		return nil, errors.New("this is no JSON object")
	}
	var members []member
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read a JSON object: %w", err)
		}
		m := member{}
		m.key, _ = key.(string)
		if err := decoder.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("read a JSON object: %w", err)
		}
		members = append(members, m)
	}
	return members, nil
}

func decoded(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	err := decoder.Decode(&v)
	return v, err
}
