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

// whereTo is the page that asks for the memory to search in: those that Find
// finds, or that hold what was looked for, at most onFirst of them. It also tells
// where an id is not.
type whereTo struct {
	Memories []client.Doc
	Find     string
	All      int    // that it finds
	Looked   int    // how many memories were looked through for an id, where there are more
	Next     string // where the memories begin that were not looked through; "" = there are none
	Missing  string // what was not found; "" = it was, or nothing was looked for
	Later    bool   // the memories before these were looked through already
	ByID     bool   // an id was looked for, so that no name narrows where
}

// An id is looked for in so many memories by one ask, and by so many asks at once:
// on AWS an event's costs hundreds of read units in each.
const (
	anAsk     = 50
	mostAsked = 4
)

// search leads to what an id names. Outside of a memory it is looked for in all,
// some at once; what is no id, or is one in every memory, asks for the memory.
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
	if part, _ := v.names(q); part != "" && !seqForm.MatchString(q) {
		return v.findAnywhere(q, part)
	}
	fitting, next, err := v.fitting(v.asked("find"), leafed)
	if err != nil {
		return err
	}
	if len(fitting) == 1 && next == "" {
		v.back(memoryPath(fitting[0].Text("id"), "search") + "?" + client.Query("q", q).Encode())
		return nil
	}
	v.show(page{template: "choose", title: "Search", data: whereTo{
		Memories: fitting[:min(len(fitting), onFirst)], Find: v.asked("find"), All: len(fitting), Next: next,
	}})
	return nil
}

// findAnywhere leads to what an id names, or asks for the memory where several
// have such a thing: equal grains have one hash, an event is in one memory.
func (v *visit) findAnywhere(q, part string) error {
	var holding []client.Doc
	next, looked := v.asked("cursor"), 0
	for more := true; more; {
		some, after, err := v.memoriesFrom(next, anAsk, "holds", q)
		if err != nil {
			return err
		}
		holding, next, looked = append(holding, some...), after, looked+anAsk
		more = next != "" && looked < mostAsked*anAsk && (part != "events" || len(holding) == 0)
	}
	switch len(holding) {
	case 0:
		v.write(page{template: "choose", title: "Search", data: whereTo{Missing: clip(q, 80), Looked: looked, Next: next, Later: v.asked("cursor") != "", ByID: true}}, http.StatusNotFound)
	case 1:
		v.back(memoryPath(holding[0].Text("id"), part, q))
	default:
		v.show(page{template: "choose", title: "Search", data: whereTo{Memories: holding[:min(len(holding), onFirst)], All: len(holding), Next: next, ByID: true}})
	}
	return nil
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
