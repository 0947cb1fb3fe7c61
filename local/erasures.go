package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/change"
)

type erasuresCommand struct {
	Data string `env:"MEMHOOKS_DATA" default:"./data" placeholder:"DIR" help:"The data folder, or a backup; ./data by default."`
}

// Run prints what was erased, a line of JSON each, for restore to read.
func (c erasuresCommand) Run(ctx context.Context, w world) error {
	at := w.now()
	all, _, err := embedded.Erasures(ctx, c.Data)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	line := json.NewEncoder(&lines)
	line.SetEscapeHTML(false)
	for _, e := range all {
		if err := line.Encode(e); err != nil {
			return err
		}
	}
	if err := line.Encode(listed{Listed: len(all), AsOf: at.UTC()}); err != nil {
		return err
	}
	_, err = w.screen.Out.Write(lines.Bytes())
	return err
}

// listed is the last line: without it a list is not whole.
type listed struct {
	Listed int       `json:"listed"`
	AsOf   time.Time `json:"as_of"`
}

// erasureList is what memhooks erasures printed.
type erasureList struct {
	all  []embedded.Erasure
	asOf time.Time
}

// longestLine bounds a line of a list, in bytes.
const longestLine = 1 << 20

// readErasures reads a whole list and nothing less.
func readErasures(in io.Reader) (erasureList, error) {
	var list erasureList
	var end listed
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		var e embedded.Erasure
		switch {
		case !end.AsOf.IsZero():
			return list, fmt.Errorf("line %d stands behind the end of the list", n)
		case strictly(lines.Bytes(), &e) == nil && e.Memory != "" && (e.Event == "") != (e.CreatedAt == 0):
			list.all = append(list.all, e)
		case strictly(lines.Bytes(), &end) != nil || end.AsOf.IsZero() || end.Listed != len(list.all):
			return list, fmt.Errorf("line %d is none that memhooks erasures printed", n)
		}
	}
	if err := lines.Err(); err != nil {
		return list, err
	}
	if end.AsOf.IsZero() {
		return list, errors.New("the list is not whole: print it again")
	}
	list.asOf = end.AsOf
	return list, nil
}

// strictly reads a line of JSON that holds nothing else.
func strictly(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// without takes out what a backup knows itself. It fails where the list can't
// be of what came after the backup, whose newest change was at a time in epoch
// milliseconds.
func (l erasureList) without(known []embedded.Erasure, newest int64) (erasureList, error) {
	if l.asOf.UnixMilli() < newest {
		return l, fmt.Errorf("the list of erasures is of %s, and the backup has a change of %s: print the list of the newest data there is",
			l.asOf.Format(time.RFC3339), time.UnixMilli(newest).UTC().Format(time.RFC3339))
	}
	listed, removed := map[embedded.Erasure]bool{}, map[change.Memory]bool{}
	for _, e := range l.all {
		listed[e] = true
		if e.Event == "" {
			removed[change.Memory{Tenant: e.Tenant, ID: e.Memory}] = true
		}
	}
	for _, k := range known {
		if !listed[k] && !removed[change.Memory{Tenant: k.Tenant, ID: k.Memory}] {
			return l, fmt.Errorf("the list of erasures lacks one that the backup knows (%s%s of %s): it is another server's", k.UserID, k.ScopePath, k.Memory)
		}
		delete(listed, k)
	}
	l.all = slices.DeleteFunc(l.all, func(e embedded.Erasure) bool { return !listed[e] })
	return l, nil
}
