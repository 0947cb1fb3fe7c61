package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// A listing is a list of the API as a table: where it is, and which fields of
// its objects are shown. {memory} and {hook} in its path are filled in.
type listing struct {
	path    string
	items   string // the answer's list
	page    int    // how many a call may ask for; 0 = the list comes whole
	columns []terminal.Column
}

// listings is every list that the command line prints.
var listings = map[string]listing{
	"hooks": {"/api/memories/{memory}/hooks", "hooks", 0, []terminal.Column{
		{Head: "ID", Field: "id"}, {Head: "NAME", Field: "name"}, {Head: "STATE", Field: "state", Tone: true}, {Head: "MODE", Field: "delivery_mode"},
		{Head: "DIALECT", Field: "dialect"}, {Head: "REDACTION", Field: "effective_redaction_mode|redaction_mode"},
		{Head: "EVENTS", Field: "event_filters", None: empties["event_filters"]}, {Head: "URL", Field: "url"},
	}},
	"memories": {"/api/memories", "memories", 1000, []terminal.Column{
		{Head: "ID", Field: "id"}, {Head: "NAME", Field: "name"}, {Head: "POLICIES", Field: "policies"}, {Head: "CREATED", Field: "created_at"},
	}},
	"keys": {"/v1/keys", "keys", 100, []terminal.Column{
		{Head: "ID", Field: "id"}, {Head: "NAME", Field: "name"}, {Head: "SCOPES", Field: "scopes"},
		{Head: "TENANT", Field: "tenant"}, {Head: "CREATED", Field: "created_at"},
	}},
	"deliveries":      {"/api/memories/{memory}/deliveries", "deliveries", 100, deliveryColumns},
	"hook deliveries": {"/api/memories/{memory}/hooks/{hook}/deliveries", "deliveries", 100, deliveryColumns},
	"dead letters":    {"/api/memories/{memory}/dead-letters", "dead_letters", 100, deliveryColumns},
}

var deliveryColumns = []terminal.Column{
	{Head: "ID", Field: "id"}, {Head: "STATUS", Field: "status", Tone: true}, {Head: "EVENT", Field: "event"}, {Head: "SEQ", Field: "seq"},
	{Head: "ATTEMPTS", Field: "attempts"}, {Head: "LAST", Field: "last_status"}, {Head: "WHY", Field: "reason|last_error"},
	{Head: "AT", Field: "last_attempt_at|event_at"},
}

// list prints up to limit objects of a listing, page after page.
func (r *remote) list(ctx context.Context, w world, name string, in map[string]string, query url.Values, limit int) error {
	l := listings[name]
	items, next, err := r.collect(ctx, w, l, in, query, limit)
	if err != nil {
		return err
	}
	if r.JSON {
		return printList(w, l.items, items, next)
	}
	if len(items) == 0 {
		fmt.Fprintf(w.screen.Err, "no %s\n", strings.ReplaceAll(l.items, "_", " "))
		return nil
	}
	rows := make([]map[string]any, len(items))
	for i, item := range items {
		decoder := json.NewDecoder(strings.NewReader(string(item)))
		decoder.UseNumber()
		if err := decoder.Decode(&rows[i]); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
	}
	if err := w.screen.Table(l.columns, rows); err != nil {
		return err
	}
	if next != "" {
		fmt.Fprintf(w.screen.Err, "there are more: --limit takes a larger number, --cursor %s goes on\n", terminal.Clean(next))
	}
	return nil
}

// collect reads pages until limit objects are there, or the list ends.
func (r *remote) collect(ctx context.Context, w world, l listing, in map[string]string, query url.Values, limit int) (items []json.RawMessage, next string, err error) {
	path := l.path
	for name, value := range in {
		path = strings.ReplaceAll(path, "/{"+name+"}", client.Path(value))
	}
	for {
		if l.page > 0 {
			query.Set("limit", decimal(min(l.page, limit-len(items))))
		}
		raw, err := r.call(ctx, w, "GET", path, query, nil)
		if err != nil {
			return nil, "", err
		}
		var answer map[string]json.RawMessage
		var some []json.RawMessage
		if err := json.Unmarshal(raw, &answer); err != nil {
			return nil, "", fmt.Errorf("read the answer: %w", err)
		}
		if err := json.Unmarshal(answer[l.items], &some); err != nil {
			return nil, "", fmt.Errorf("read the answer's %s: %w", l.items, err)
		}
		next = ""
		if at := answer["next_cursor"]; at != nil {
			if err := json.Unmarshal(at, &next); err != nil {
				return nil, "", fmt.Errorf("read the answer's next_cursor: %w", err)
			}
		}
		items = append(items, some...)
		if next == "" || len(items) >= limit {
			return items, next, nil
		}
		query.Set("cursor", next)
	}
}

// printList writes what was collected in the API's own shape.
func printList(w world, name string, items []json.RawMessage, next string) error {
	if items == nil {
		items = []json.RawMessage{}
	}
	answer := json.NewEncoder(w.screen.Out)
	answer.SetEscapeHTML(false)
	if next == "" {
		return answer.Encode(map[string]any{name: items})
	}
	return answer.Encode(map[string]any{name: items, "next_cursor": next})
}
