package console

import "github.com/memhooks/memhooks/shared/httpapi/client"

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
