package terminal

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// Column is one column of a table of JSON objects.
type Column struct {
	Head  string
	Field string // of the object; "a|b" is b where a is absent
	None  string // stands for what is absent or empty; "" = -
	Tone  bool   // coloured by what it says
}

// Table writes objects as rows below a line of heads.
func (s Screen) Table(columns []Column, rows []map[string]any) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	cells := make([]string, len(columns))
	write := func(text func(Column) string) error {
		for i, c := range columns {
			if cells[i] = text(c); c.Tone {
				cells[i] = s.Tone(cells[i])
			}
		}
		_, err := fmt.Fprintln(w, strings.Join(cells, "\t"))
		return err
	}
	if err := write(func(c Column) string { return c.Head }); err != nil {
		return err
	}
	for _, row := range rows {
		if err := write(func(c Column) string { return c.text(row) }); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (c Column) text(row map[string]any) string {
	for name := range strings.SplitSeq(c.Field, "|") {
		if text := Text(row[name]); text != "" {
			return text
		}
	}
	if c.None == "" {
		return "-"
	}
	return c.None
}

// Text is a JSON value on one line: strings as they are, lists with commas,
// objects as JSON; null is empty.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return Clean(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = Text(v[i])
		}
		return strings.Join(parts, ",")
	}
	return Clean(compact(v))
}

func compact(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
