package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// hookForm is a hook that is being made: what was typed, and what the API said
// of it.
type hookFormView struct {
	Values  map[string]string
	Events  []choice
	Problem string
	Gate    bool // COMP-H1 stopped it
	Made    client.Doc
	Memory  client.Doc
}

// choice is one box to tick.
type choice struct {
	Name, About string
	Ticked      bool
}

// eventNames are what a hook may ask for, as the areev and standard dialects
// name it, and the rem dialect.
var eventNames = []choice{
	{"grain_created", "memory.created in the rem dialect", false},
	{"grain_superseded", "memory.updated", false},
	{"grain_forgotten", "memory.deleted", false},
	{"crypto_erase", "a person or scope was erased; rem tells one memory.deleted per memory", false},
	{"key_rotated", "not in the rem dialect", false},
}

// remNames are the same in the rem dialect.
var remNames = map[string][]string{
	"grain_created": {"memory.created"}, "grain_superseded": {"memory.updated"}, "grain_forgotten": {"memory.deleted"}, "crypto_erase": {"memory.deleted"},
}

func (v *visit) newHookPage() error {
	return v.hookForm(hookFormView{Values: map[string]string{"mode": "webhook", "dialect": "areev", "redaction": "full", "max_retries": "5", "secret": "generate"}}, http.StatusOK)
}

func (v *visit) hookForm(f hookFormView, status int) error {
	var err error
	if f.Memory, err = v.get(v.in()); err != nil {
		return err
	}
	for _, c := range eventNames {
		c.Ticked = f.Values["event."+c.Name] != ""
		f.Events = append(f.Events, c)
	}
	v.write(page{template: "hookform", title: "New hook", here: v.home("hooks", "new"), data: f}, status)
	return nil
}

// createHook makes a hook of the form. What the API refuses is told above the
// form, with all that was typed still in it; the PII gate is explained where it
// stops.
func (v *visit) createHook() error {
	f := hookFormView{Values: map[string]string{}}
	if err := v.r.ParseForm(); err != nil {
		return &client.Error{Status: http.StatusBadRequest, Message: "the form could not be read: it may be too large"}
	}
	for name := range v.r.PostForm {
		f.Values[name] = v.sent(name)
	}
	body, err := f.body()
	if err == nil {
		f.Made, err = v.do(http.MethodPost, v.in("hooks"), body)
	}
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status/100 == 4 && refused.Status != http.StatusUnauthorized {
		f.Problem, f.Gate = refused.Message, refused.Code == "COMP-H1"
		return v.hookForm(f, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	if f.Made.Text("secret") == "" {
		v.back(v.home("hooks", f.Made.Text("id")))
		return nil
	}
	v.show(page{template: "hookmade", title: "Hook made", here: v.home("hooks", f.Made.Text("id")), data: f.Made})
	return nil
}

// body is the form as the API takes it.
func (f hookFormView) body() (map[string]any, error) {
	b := map[string]any{
		"name": f.Values["name"], "delivery_mode": f.Values["mode"], "dialect": f.Values["dialect"], "redaction_mode": f.Values["redaction"],
	}
	if f.Values["mode"] == "webhook" {
		b["url"] = f.Values["url"]
	}
	names := []string{}
	for _, c := range eventNames {
		switch {
		case f.Values["event."+c.Name] == "":
		case f.Values["dialect"] == "rem":
			names = append(names, remNames[c.Name]...)
		default:
			names = append(names, c.Name)
		}
	}
	b["event_filters"] = names
	for _, field := range []string{"namespace", "description"} {
		if f.Values[field] != "" {
			b[field] = f.Values[field]
		}
	}
	if text := f.Values["filter"]; text != "" {
		filter, err := client.Parse([]byte(text))
		if err != nil {
			return nil, &client.Error{Status: http.StatusBadRequest, Message: "the filter is not a JSON object: write it like {\"tags\":[\"urgent\"]}"}
		}
		b["filter"] = filter
	}
	if text := f.Values["max_retries"]; text != "" {
		if _, err := strconv.Atoi(text); err != nil {
			return nil, &client.Error{Status: http.StatusBadRequest, Message: "the number of retries must be a whole number from 0 to 20"}
		}
		b["max_retries"] = json.Number(text)
	}
	switch f.Values["secret"] {
	case "generate":
		b["generate_secret"] = true
	case "own":
		b["secret"] = f.Values["own_secret"]
	}
	if f.Values["acknowledge"] != "" {
		b["acknowledge_pii_risk"] = true
	}
	return b, nil
}

// trial is a filter held against the last events.
type trial struct {
	Hook    client.Doc
	Filter  string
	Problem string
	Run     client.Doc
}

func (v *visit) filterPage() error {
	h, err := v.get(v.in("hooks", v.r.PathValue("hook")))
	if err != nil {
		return err
	}
	t := trial{Hook: h, Filter: pretty(h["filter"])}
	if h["filter"] == nil {
		t.Filter = "{\n  \"event_type\": [\"grain_created\"]\n}"
	}
	v.show(page{template: "filter", title: "Try a filter", data: t})
	return nil
}

func (v *visit) tryFilter() error {
	h, err := v.get(v.in("hooks", v.r.PathValue("hook")))
	if err != nil {
		return err
	}
	t := trial{Hook: h, Filter: v.sent("filter")}
	status := http.StatusOK
	filter, err := client.Parse([]byte(t.Filter))
	if err != nil {
		t.Problem, status = "This is not a JSON object: write it like {\"tags\": [\"urgent\"]}", http.StatusUnprocessableEntity
	} else {
		t.Run, err = v.do(http.MethodPost, v.in("hooks", v.r.PathValue("hook"), "try-filter"), map[string]any{"filter": filter, "limit": 100})
		var refused *client.Error
		if errors.As(err, &refused) && refused.Status == http.StatusBadRequest {
			t.Problem, status, err = refused.Message, http.StatusUnprocessableEntity, nil
		}
		if err != nil {
			return err
		}
	}
	v.write(page{template: "filter", title: "Try a filter", here: v.home("hooks", v.r.PathValue("hook"), "filter"), data: t}, status)
	return nil
}
