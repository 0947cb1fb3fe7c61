package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// hooksOnPage is how many hooks one page lists.
const hooksOnPage = 50

// hooksPage lists the hooks that the field above it finds, those that need
// somebody first.
func (v *visit) hooksPage() error {
	d, err := v.get(v.in("hooks"))
	if err != nil {
		return err
	}
	find := v.asked("find")
	var calling, calm []client.Doc
	for _, h := range d.List("hooks") {
		switch {
		case !found(h, find):
		case h.Text("state") == "held" || h.Text("state") == "disabled":
			calling = append(calling, h)
		default:
			calm = append(calm, h)
		}
	}
	fitting := append(calling, calm...)
	from, _ := strconv.Atoi(v.asked("from"))
	from = max(0, min(from, len(fitting)))
	to := min(from+hooksOnPage, len(fitting))
	v.show(page{template: "hooks", title: "Hooks", notice: v.done(), data: struct {
		Hooks          []client.Doc
		Find           string
		Total, From    int
		To, Next, Back int
	}{fitting[from:to], find, len(fitting), from + 1, to, nextFrom(to, len(fitting)), max(0, from-hooksOnPage)}})
	return nil
}

// nextFrom is where the next page begins, 0 where there is none.
func nextFrom(to, all int) int {
	if to < all {
		return to
	}
	return 0
}

func found(h client.Doc, find string) bool {
	find = strings.ToLower(find)
	for _, field := range []string{"id", "name", "url", "description", "state", "namespace"} {
		if strings.Contains(strings.ToLower(h.Text(field)), find) {
			return true
		}
	}
	return false
}

// hookView is what the page of a hook shows.
type hookView struct {
	Hook, Activity, Deliveries client.Doc
	Charts                     []chart
	Status                     string
	Test, Rotated              client.Doc // what was just done
}

func (v *visit) hookPage() error { return v.showHook(hookView{}, "") }

// showHook shows a hook, with what was just done to it, at an address of its
// own where that was a form.
func (v *visit) showHook(h hookView, here string) error {
	id := v.r.PathValue("hook")
	h.Status = v.asked("status")
	if err := together(v.into(&h.Hook, v.in("hooks", id)), v.into(&h.Activity, v.in("activity"), "hook", id)); err != nil {
		return err
	}
	if h.Hook.Text("delivery_mode") == "webhook" {
		var err error
		if h.Deliveries, err = v.get(v.in("hooks", id, "deliveries"), "status", h.Status, "cursor", v.asked("cursor"), "limit", "25"); err != nil {
			return err
		}
	}
	h.Charts = charts(h.Activity)
	v.show(page{template: "hook", title: called(h.Hook), notice: v.done(), here: here, data: h})
	return nil
}

// switchHook pauses a hook, or resumes it with its backlog or without.
func (v *visit) switchHook() error {
	var body map[string]any
	var done string
	switch v.sent("to") {
	case "pause":
		body, done = map[string]any{"active": false}, "paused"
	case "backlog":
		body, done = map[string]any{"active": true, "resume": "backlog"}, "resumed"
	case "latest":
		body, done = map[string]any{"active": true, "resume": "latest"}, "skipped"
	default:
		return &client.Error{Status: http.StatusBadRequest, Message: "the form does not say what to do: go back and press one of the hook's buttons"}
	}
	if _, err := v.do(http.MethodPatch, v.in("hooks", v.r.PathValue("hook")), body); err != nil {
		return err
	}
	v.back(v.home("hooks", v.r.PathValue("hook")) + "?done=" + done)
	return nil
}

func (v *visit) testHook() error {
	d, err := v.do(http.MethodPost, v.in("hooks", v.r.PathValue("hook"), "test"), nil)
	if err != nil {
		return err
	}
	return v.showHook(hookView{Test: d}, v.home("hooks", v.r.PathValue("hook")))
}

func (v *visit) rotateHook() error {
	body := map[string]any{}
	if seconds, err := strconv.Atoi(v.sent("overlap")); err == nil {
		body["overlap_seconds"] = seconds
	}
	d, err := v.do(http.MethodPost, v.in("hooks", v.r.PathValue("hook"), "rotate-secret"), body)
	if err != nil {
		return err
	}
	return v.showHook(hookView{Rotated: d}, v.home("hooks", v.r.PathValue("hook")))
}

func (v *visit) deleteHook() error {
	if _, err := v.do(http.MethodDelete, v.in("hooks", v.r.PathValue("hook")), nil); err != nil {
		return err
	}
	v.back(v.home("hooks") + "?done=deleted")
	return nil
}
