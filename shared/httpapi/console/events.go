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
)

// search leads to what an id names. Outside of a memory it is looked for in all
// of the first page's; anything that is no id is searched among the grains.
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
	list, err := v.get("/api/memories", "limit", "100")
	if err != nil {
		return err
	}
	var missed error
	for _, m := range list.List("memories") {
		v.memory = m.Text("id")
		to, err := v.find(q)
		if err == nil {
			v.back(to)
			return nil
		}
		missed = err
	}
	v.memory = ""
	return missed
}

// find is where an id leads in the visit's memory; it fails where that has no
// such thing.
func (v *visit) find(q string) (string, error) {
	part, path := "", ""
	switch {
	case eventForm.MatchString(q):
		part, path = "events", v.in("events", q)
	case grainForm.MatchString(q):
		part, path = "grains", v.in("grains", q)
	case hookForm.MatchString(q):
		part, path = "hooks", v.in("hooks", q)
	default:
		return v.home("grains") + "?" + pairs([]string{"q", q}).Encode(), nil
	}
	_, err := v.get(path)
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return "", &client.Error{Status: http.StatusNotFound, RequestID: refused.RequestID,
			Message: "nothing here is called " + strings.ToValidUTF8(clip(q, 80), "") + ": " + refused.Message}
	}
	return v.home(part, q), err
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
