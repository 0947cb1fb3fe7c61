package console

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

func (v *visit) eventsPage() error {
	d, err := v.get(v.in("events"), "before", v.asked("before"), "limit", "50")
	if err != nil {
		return err
	}
	v.show(page{template: "events", title: "Events", data: d})
	return nil
}

// storyPage is one event from its write to the last attempt of each hook.
func (v *visit) storyPage() error {
	d, err := v.get(v.in("events", v.r.PathValue("event")))
	if err != nil {
		return err
	}
	v.show(page{template: "story", title: "Event " + d.Doc("event").Text("event_id"), data: d})
	return nil
}

func (v *visit) grainsPage() error {
	q := v.asked("q")
	d, err := v.get(v.in("grains"), "q", q, "namespace", v.asked("namespace"), "grain_type", v.asked("grain_type"), "limit", "30")
	if err != nil {
		return err
	}
	v.show(page{template: "grains", title: "Grains", data: struct {
		Text, Namespace, Type string
		Found                 client.Doc
	}{q, v.asked("namespace"), v.asked("grain_type"), d}})
	return nil
}

// historyPage is a grain with all that it superseded.
func (v *visit) historyPage() error {
	d, err := v.get(v.in("grains", v.r.PathValue("grain")))
	if err != nil {
		return err
	}
	v.show(page{template: "history", title: "Grain", data: d})
	return nil
}

func (v *visit) erasuresPage() error {
	d, err := v.get(v.in("erasures"), "cursor", v.asked("cursor"))
	if err != nil {
		return err
	}
	v.show(page{template: "erasures", title: "Erasures", data: d})
	return nil
}

func (v *visit) erasurePage() error {
	d, err := v.get(v.in("erasures", v.r.PathValue("event")))
	if err != nil {
		return err
	}
	v.show(page{template: "erasure", title: "Erasure", data: d})
	return nil
}

// The forms of what the search field takes, and where each leads.
var (
	eventForm = regexp.MustCompile(`^(evt_[0-9A-Z]{26}|dlv_.+|[1-9][0-9]{0,18})$`)
	grainForm = regexp.MustCompile(`^([0-9a-f]{64}|mem_[0-9a-f]{32})$`)
	hookForm  = regexp.MustCompile(`^(hook-|wh_).+$`)
	seqForm   = regexp.MustCompile(`^[0-9]+$`)
)

// looked is in how many memories an id is looked for that may be in any.
const looked = "20"

// search leads to what an id names. Outside of a memory it is looked for in the
// first ones; what is no id, or is one in every memory, asks for the memory.
func (v *visit) search() error {
	q := v.asked("q")
	if q == "" {
		v.back(Root)
		return nil
	}
	if v.memory != "" {
		to, err := v.find(q)
		if err == nil {
			v.back(to)
		}
		return err
	}
	list, err := v.get("/api/memories", "limit", looked)
	if err != nil {
		return err
	}
	memories := list.List("memories")
	if part, _ := v.names(q); part == "" || seqForm.MatchString(q) {
		if len(memories) == 1 {
			v.back(memoryPath(memories[0].Text("id"), "search") + "?" + client.Query("q", q).Encode())
			return nil
		}
		v.show(page{template: "choose", title: "Search", data: struct {
			Memories []client.Doc
			More     bool
		}{memories, list.Text("next_cursor") != ""}})
		return nil
	}
	return v.findAnywhere(q, memories)
}

// findAnywhere leads to where an id is found first.
func (v *visit) findAnywhere(q string, memories []client.Doc) error {
	found := make([]string, len(memories))
	asks := make([]func() error, len(memories))
	for i, m := range memories {
		within := *v
		within.memory = m.Text("id")
		asks[i] = func() (err error) {
			found[i], err = within.find(q)
			if isNotFound(err) {
				err = nil
			}
			return err
		}
	}
	if err := together(asks...); err != nil {
		return err
	}
	for _, to := range found {
		if to != "" {
			v.back(to)
			return nil
		}
	}
	return &client.Error{Status: http.StatusNotFound, Message: "nothing is called " + clip(q, 80) + " in the first " + looked + " memories: open another one and search there"}
}

func isNotFound(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

// names says which part of a memory an id names, and the call that knows it; no
// part for words.
func (v *visit) names(q string) (part, call string) {
	switch {
	case eventForm.MatchString(q):
		return "events", v.in("events", q)
	case grainForm.MatchString(q):
		return "grains", v.in("grains", q)
	case hookForm.MatchString(q):
		return "hooks", v.in("hooks", q)
	}
	return "", ""
}

// find is where an id leads in the visit's memory; it fails where that has no
// such thing.
func (v *visit) find(q string) (string, error) {
	part, call := v.names(q)
	if part == "" {
		return v.home("grains") + "?" + client.Query("q", q).Encode(), nil
	}
	_, err := v.get(call)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return "", &client.Error{Status: http.StatusNotFound, Message: "nothing here is called " + clip(q, 80) + ": " + refused.Message}
	}
	return v.home(part, q), err
}

// clip is a text of so many bytes at most, cut at the end of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
