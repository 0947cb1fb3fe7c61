package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// A memory as the first page shows it: itself, how it goes, and what needs
// somebody there.
type glance struct {
	Memory   client.Doc
	Activity client.Doc
	Calls    []client.Doc
	More     int // calls that are not shown
}

// What the first page shows: each memory on it is looked into, a little.
const (
	onFirst   = 50
	fewest    = 10 // that are shown beside those that need somebody
	mostCalls = 5
	little    = "50" // of its events and deliveries
	leafed    = 1000 // memories that are looked through at once
)

// overview is the first page: those memories that need somebody, of all, and the
// first of the others; or those that a name finds, or the next of all, and of
// these first those that need somebody.
func (v *visit) overview() error { return v.showOverview(newMemory{}) }

// newMemory is what was typed of a memory, and what the API said of it.
type newMemory struct{ Name, Policies, Problem string }

// overviewed is what the first page is made of.
type overviewed struct {
	Calling, Calm []glance
	Find, Next    string
	First         bool // it is neither of those that a name finds, nor of later ones
	Needing       int  // that need somebody, shown or not; of the first page alone
	Beyond        bool // there are memories that were not looked through for these
	Fitting       int
	Part          bool // there are memories that are not shown
	New           newMemory
}

func (v *visit) showOverview(form newMemory) error {
	d := overviewed{Find: v.asked("find"), New: form}
	limit := onFirst
	var shown []client.Doc
	switch {
	case d.Find != "":
		limit = leafed
	case v.asked("cursor") == "":
		needing, beyond, err := v.memories(leafed, "attention", "true")
		if err != nil {
			return err
		}
		d.First, d.Needing, d.Beyond = true, len(needing), beyond != ""
		shown = needing[:min(len(needing), onFirst)]
		limit = max(onFirst-len(shown), fewest)
	}
	fitting, next, err := v.fitting(d.Find, limit)
	if err != nil {
		return err
	}
	d.Next, d.Fitting, d.Part = next, len(fitting), next != "" || v.asked("cursor") != "" || len(fitting) > onFirst
	glances, err := v.glances(united(shown, fitting[:min(len(fitting), onFirst)]))
	if err != nil {
		return err
	}
	for _, g := range glances {
		if len(g.Calls) > 0 {
			d.Calling = append(d.Calling, g)
		} else {
			d.Calm = append(d.Calm, g)
		}
	}
	v.write(page{template: "overview", title: "Memories", here: homeOf(form.Problem, Root), data: d}, answered(form.Problem))
	return nil
}

// united are memories and those of others that are not among them.
func united(memories, others []client.Doc) []client.Doc {
	known := map[string]bool{}
	for _, m := range memories {
		known[m.Text("id")] = true
	}
	return append(memories, slices.DeleteFunc(others, func(m client.Doc) bool { return known[m.Text("id")] })...)
}

// memories are those of the next so many that a query wants, and where those
// after them begin.
func (v *visit) memories(among int, query ...string) (all []client.Doc, next string, err error) {
	return v.memoriesFrom(v.asked("cursor"), among, query...)
}

// memoriesFrom is memories from another place than the visit's.
func (v *visit) memoriesFrom(cursor string, among int, query ...string) (all []client.Doc, next string, err error) {
	list, err := v.get("/api/memories", append(query, "limit", strconv.Itoa(among), "cursor", cursor)...)
	if err != nil {
		return nil, "", err
	}
	return list.List("memories"), list.Text("next_cursor"), nil
}

// fitting are the memories that a name, an id or a description finds among the
// next so many, and where those after them begin.
func (v *visit) fitting(find string, among int) (fitting []client.Doc, next string, err error) {
	all, next, err := v.memories(among)
	for _, m := range all {
		if found(m, find) {
			fitting = append(fitting, m)
		}
	}
	return fitting, next, err
}

func (v *visit) glances(memories []client.Doc) ([]glance, error) {
	all := make([]glance, len(memories))
	asks := make([]func() error, len(memories))
	for i, m := range memories {
		asks[i] = func() error {
			d, err := v.get(memoryCall(m.Text("id"), "activity"), "recent", little)
			calls := d.List("attention")
			shown := min(len(calls), mostCalls)
			all[i] = glance{m, d, calls[:shown], len(calls) - shown + int(d.Int("attention_more"))}
			return err
		}
	}
	return all, together(asks...)
}

// createMemory makes a memory and opens it.
func (v *visit) createMemory() error {
	body := map[string]any{"name": v.sent("name")}
	if p := words(v.sent("policies")); len(p) > 0 {
		body["policies"] = p
	}
	made, err := v.do(http.MethodPost, "/api/memories", body)
	if p := mistake(err); p != "" {
		return v.showOverview(newMemory{v.sent("name"), v.sent("policies"), p})
	}
	if err != nil {
		return err
	}
	v.back(memoryPath(made.Text("id")))
	return nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' })
}

// memoryPage is one memory: what needs somebody, what happened lately, what is
// in it.
func (v *visit) memoryPage() error { return v.showMemory("", "") }

// showMemory shows a memory, with the policies that were typed and what the API
// said of them.
func (v *visit) showMemory(typed, problem string) error {
	var memory, stats, activity, events client.Doc
	err := together(
		v.into(&memory, v.in()),
		v.into(&stats, v.in("stats")),
		v.into(&activity, v.in("activity")),
		v.into(&events, v.in("events"), "limit", "10"),
	)
	if err != nil {
		return err
	}
	if problem == "" {
		typed = list(memory["policies"])
	}
	v.write(page{template: "memory", title: memory.Text("name"), notice: v.done(), here: homeOf(problem, v.home()), data: struct {
		Memory, Stats, Activity client.Doc
		Charts                  []chart
		Events                  []client.Doc
		Policies, Problem       string
	}{memory, stats, activity, charts(activity), events.List("events"), typed, problem}}, answered(problem))
	return nil
}

func (v *visit) changePolicies() error {
	policies := words(v.sent("policies"))
	if policies == nil {
		policies = []string{}
	}
	_, err := v.do(http.MethodPatch, v.in(), map[string]any{"policies": policies})
	if p := mistake(err); p != "" {
		return v.showMemory(v.sent("policies"), p)
	}
	if err != nil {
		return err
	}
	v.back(v.home() + "?done=policies")
	return nil
}

// said are the notices that a page can be opened with, after something was
// done: their words are ours, whatever stands in the address.
var said = map[string]notice{
	"policies":  {"ok", "The policies are changed. Hooks that show full content and were not acknowledged deliver metadata only from now on."},
	"paused":    {"ok", "Paused. Its events wait in the log."},
	"resumed":   {"ok", "Active again. What waited is delivered now, oldest first."},
	"skipped":   {"ok", "Active again. What waited is skipped; new events are delivered."},
	"deleted":   {"ok", "The hook is deleted; what was pending is not sent."},
	"redriven":  {"ok", "Sent again, under the same event id and a new delivery id. It shows among the dead letters again if it fails again."},
	"discarded": {"ok", "Closed. The delivery keeps the reason."},
}

// done is the notice that the address asks for, the zero one for any other.
func (v *visit) done() notice { return said[v.asked("done")] }
