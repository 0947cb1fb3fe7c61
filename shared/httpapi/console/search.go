package console

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// The forms of what the search field takes, and where each leads.
var (
	eventForm = regexp.MustCompile(`^(evt_.+|dlv_.+|[1-9][0-9]{0,18})$`)
	grainForm = regexp.MustCompile(`^([0-9a-f]{64}|mem_.+)$`)
	hookForm  = regexp.MustCompile(`^(hook-|wh_).+$`)
	seqForm   = regexp.MustCompile(`^[0-9]+$`)
)

// looked is in how many memories an id is looked for that may be in any.
const looked = 20

// whereTo is the page that asks for the memory to search in: those that Find
// finds, at most onFirst of them. It also tells in which memories an id is not.
type whereTo struct {
	Memories []client.Doc
	Find     string
	All      int    // that it finds
	Next     string // where the memories begin that were not looked through; "" = there are none
	Missing  string // what was not found in the first ones; "" = nothing was looked for
}

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
	fitting, next, err := v.fitting(v.asked("find"), leafed)
	if err != nil {
		return err
	}
	of := whereTo{Memories: fitting[:min(len(fitting), onFirst)], Find: v.asked("find"), All: len(fitting), Next: next}
	if part, _ := v.names(q); part == "" || seqForm.MatchString(q) {
		if len(fitting) == 1 && next == "" {
			v.back(memoryPath(fitting[0].Text("id"), "search") + "?" + client.Query("q", q).Encode())
			return nil
		}
		v.show(page{template: "choose", title: "Search", data: of})
		return nil
	}
	return v.findAnywhere(q, of)
}

// findAnywhere leads to where an id is found first.
func (v *visit) findAnywhere(q string, of whereTo) error {
	of.Memories = of.Memories[:min(len(of.Memories), looked)]
	found := make([]string, len(of.Memories))
	asks := make([]func() error, len(of.Memories))
	for i, m := range of.Memories {
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
	of.Missing = clip(q, 80)
	v.write(page{template: "choose", title: "Search", data: of}, http.StatusNotFound)
	return nil
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
