package console

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// draft is a hook that is being made: what was typed, and what the API said of
// it.
type draft struct {
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
	if !v.allows("write") {
		return &client.Error{Status: http.StatusForbidden, Message: "the key that you signed in with may only read: sign out, and in again with one that has the scope write"}
	}
	return v.showDraft(draft{Values: map[string]string{"mode": "webhook", "dialect": "areev", "redaction": "full", "max_retries": "5", "secret": "generate"}}, http.StatusOK)
}

func (v *visit) showDraft(f draft, status int) error {
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
	f := draft{Values: map[string]string{}}
	if err := v.r.ParseForm(); err != nil {
		return &client.Error{Status: http.StatusBadRequest, Message: "the form could not be read: it may be too large"}
	}
	for name := range v.r.PostForm {
		f.Values[name] = v.sent(name)
	}
	f.Values["own_secret"] = v.r.PostFormValue("own_secret") // its spaces count
	body, err := f.body()
	if err == nil {
		f.Made, err = v.do(http.MethodPost, v.in("hooks"), body)
	}
	if f.Problem = mistake(err); f.Problem != "" {
		var refused *client.Error
		f.Gate = errors.As(err, &refused) && refused.Code == "COMP-H1"
		return v.showDraft(f, http.StatusUnprocessableEntity)
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

func problem(text string) error {
	return &client.Error{Status: http.StatusBadRequest, Message: text}
}

// events are the names of what was ticked, in the dialect's words; none means
// all, so one that the dialect has no name for is no silent none.
func (f draft) events() ([]string, error) {
	names := []string{}
	for _, c := range eventNames {
		if f.Values["event."+c.Name] == "" {
			continue
		}
		own := []string{c.Name}
		if f.Values["dialect"] == "rem" {
			own = remNames[c.Name]
		}
		if len(own) == 0 {
			return nil, problem("the rem dialect has no event " + c.Name + ": untick it, or choose another dialect")
		}
		names = append(names, own...)
	}
	return names, nil
}

// body is the form as the API takes it.
func (f draft) body() (map[string]any, error) {
	b := map[string]any{
		"name": f.Values["name"], "delivery_mode": f.Values["mode"], "dialect": f.Values["dialect"], "redaction_mode": f.Values["redaction"],
	}
	if f.Values["mode"] == "webhook" {
		b["url"] = f.Values["url"]
	}
	names, err := f.events()
	if err != nil {
		return nil, err
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
			return nil, problem("the filter is not a JSON object: write it like {\"tags\":[\"urgent\"]}")
		}
		b["filter"] = filter
	}
	if text := f.Values["max_retries"]; text != "" {
		retries, err := strconv.Atoi(text)
		if err != nil {
			return nil, problem("the number of retries must be a whole number from 0 to 20")
		}
		b["max_retries"] = retries
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
