package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/oklog/ulid/v2"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// remote is what every command knows that calls a server.
type remote struct {
	URL  string `name:"url" env:"MEMHOOKS_URL" default:"http://127.0.0.1:8080" help:"The server's address."`
	Key  string `env:"MEMHOOKS_KEY" placeholder:"KEY" help:"A bearer key, where the server asks for one."`
	JSON bool   `name:"json" help:"Print JSON, for programs."`

	memory string // which hints name; "" = the command looks into none
}

// AfterApply checks the address and hands the flags to the command.
func (r *remote) AfterApply(c *kong.Context) error {
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("the address %q can't be called: write it like http://127.0.0.1:8080, in --url or MEMHOOKS_URL", r.URL)
	}
	c.Bind(r)
	return nil
}

// defaultMemory is where commands look that name no memory.
const defaultMemory = "default"

// hint is a command that looks into a memory, to be copied: into the one that
// this command looks into.
func (r *remote) hint(command string) string {
	if r.memory == "" || r.memory == defaultMemory {
		return "memhooks " + command
	}
	return "memhooks " + command + " --memory " + terminal.Clean(r.memory)
}

// inMemory is what every command knows that looks into one memory.
type inMemory struct {
	remote
	Memory string `default:"${memory}" help:"The memory."`
}

// AfterApply hands the flags to the command.
func (m *inMemory) AfterApply(c *kong.Context) error {
	c.Bind(m)
	m.memory = m.Memory
	return m.remote.AfterApply(c)
}

// path is a path below the memory, of parts that may hold any character.
func (m *inMemory) path(parts ...string) string {
	return "/api/memories" + client.Path(append([]string{m.Memory}, parts...)...)
}

func (r *remote) client(w world) *client.Client {
	return &client.Client{Base: r.URL, Key: r.Key, Transport: w.transport}
}

// call is one request; what it fails with says what to do.
func (r *remote) call(ctx context.Context, w world, method, path string, query url.Values, body any) ([]byte, error) {
	raw, err := r.client(w).Raw(ctx, method, path, query, body)
	return raw, r.explain(ctx, err)
}

// change is a call whose answer is printed.
func (r *remote) change(ctx context.Context, w world, method, path string, query url.Values, body any) error {
	raw, err := r.call(ctx, w, method, path, query, body)
	if err != nil {
		return err
	}
	return r.print(w, raw)
}

// print writes an answer: as it came for programs, as a document for people.
func (r *remote) print(w world, raw []byte) error {
	if r.JSON {
		_, err := fmt.Fprintf(w.screen.Out, "%s\n", strings.TrimSpace(string(raw)))
		return err
	}
	return w.screen.Document(raw, empties)
}

// empties are what fields mean that hold nothing.
var empties = map[string]string{"event_filters": "all"}

// isHookID says whether a text has the whole form of a hook's id: a name may
// begin as an id does.
func isHookID(ref string) bool {
	for _, prefix := range []string{"hook-", "wh_"} {
		rest, begins := strings.CutPrefix(ref, prefix)
		if id, err := ulid.ParseStrict(rest); begins && err == nil && id.String() == rest {
			return true
		}
	}
	return false
}

// hookID is the id of a hook that is given by its id or its name.
func (m *inMemory) hookID(ctx context.Context, w world, ref string) (string, error) {
	if isHookID(ref) {
		return ref, nil
	}
	raw, err := m.call(ctx, w, "GET", m.path("hooks"), nil, nil)
	if err != nil {
		return "", err
	}
	return named(raw, "hooks", ref, m.hint("hooks list")+" shows them")
}

// named is the id of the one object of a list that has a name; an id stands
// for itself.
func named(raw []byte, list, ref, next string) (string, error) {
	answer, err := client.Parse(raw)
	if err != nil {
		return "", err
	}
	var found []string
	for _, d := range answer.List(list) {
		switch {
		case d.Text("id") == ref:
			return ref, nil
		case d.Text("name") == ref:
			found = append(found, d.Text("id"))
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("none of the %s is called %q: %s", list, terminal.Clean(ref), next)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d of the %s are called %q: give the id of one: %s", len(found), list, terminal.Clean(ref), strings.Join(found, " "))
}

// since is a time as the API reads it, of a flag that holds RFC 3339 or how long
// ago, as in 90m; "" stays.
func since(flag, text string, now time.Time) (string, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago).UTC().Format(time.RFC3339Nano), nil
	}
	if _, err := time.Parse(time.RFC3339, text); err != nil && text != "" {
		return "", usagef("%s is %q: write it like %s, or how long ago, as in 90m", flag, text, now.UTC().Format(time.RFC3339))
	}
	return text, nil
}

func decimal[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
