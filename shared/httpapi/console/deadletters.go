package console

import (
	"net/http"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

func (v *visit) deadLettersPage() error { return v.showLetters(v.done(), "") }

// showLetters lists dead letters, with what was just done to some of them.
func (v *visit) showLetters(n notice, here string) error {
	var letters, hooks client.Doc
	err := together(
		v.into(&letters, v.in("dead-letters"), "hook", v.asked("hook"), "cursor", v.asked("cursor"), "limit", "25"),
		v.into(&hooks, v.in("hooks")),
	)
	if err != nil {
		return err
	}
	v.show(page{template: "deadletters", title: "Dead letters", notice: n, here: here, data: struct {
		Letters []client.Doc
		Names   map[string]string
		Hook    string
		Next    string
	}{letters.List("dead_letters"), names(hooks), v.asked("hook"), letters.Text("next_cursor")}})
	return nil
}

// names are the hooks' names by their ids, the id where there is none.
func names(hooks client.Doc) map[string]string {
	all := map[string]string{}
	for _, h := range hooks.List("hooks") {
		all[h.Text("id")] = called(h)
	}
	return all
}

// called is what a person calls a hook.
func called(h client.Doc) string {
	for _, name := range []string{"name", "description", "url"} {
		if t := h.Text(name); t != "" {
			return t
		}
	}
	return h.Text("id")
}

func (v *visit) deadLetterPage() error { return v.showLetter("", "") }

// showLetter shows a dead letter, with the reason that was typed to close it and
// what the API said of it.
func (v *visit) showLetter(reason, problem string) error {
	d, err := v.get(v.in("dead-letters", v.r.PathValue("delivery")))
	if err != nil {
		return err
	}
	h, err := v.get(v.in("hooks", d.Text("hook")))
	if err != nil {
		return err
	}
	v.write(page{template: "deadletter", title: "Dead letter", here: homeOf(problem, v.home("dead-letters", d.Text("id"))), data: struct {
		Letter, Hook    client.Doc
		Reason, Problem string
	}{d, h, reason, problem}}, answered(problem))
	return nil
}

func (v *visit) redriveLetter() error {
	if _, err := v.do(http.MethodPost, v.in("dead-letters", v.r.PathValue("delivery"), "redrive"), nil); err != nil {
		return err
	}
	v.back(v.home("dead-letters") + "?done=redriven")
	return nil
}

func (v *visit) discardLetter() error {
	_, err := v.do(http.MethodDelete, v.in("dead-letters", v.r.PathValue("delivery")), nil, "reason", v.sent("reason"))
	if p := mistake(err); p != "" {
		return v.showLetter(v.sent("reason"), p)
	}
	if err != nil {
		return err
	}
	v.back(v.home("dead-letters") + "?done=discarded")
	return nil
}

// redriveLetters sends the ticked letters again, or all of a hook or of the
// memory: these first as a dry run that says how many they are.
func (v *visit) redriveLetters() error {
	if err := v.r.ParseForm(); err != nil {
		return &client.Error{Status: http.StatusBadRequest, Message: "the form could not be read: tick fewer letters at a time"}
	}
	ticked := v.r.PostForm["delivery"]
	if v.sent("what") == "ticked" {
		return v.redriveTicked(ticked)
	}
	body := map[string]any{"all": true}
	if hook := v.sent("hook"); hook != "" {
		body = map[string]any{"hook": hook}
	}
	dry := v.sent("sure") == ""
	if dry {
		body["dry_run"] = true
	}
	d, err := v.do(http.MethodPost, v.in("dead-letters", "redrive"), body)
	if err != nil {
		return err
	}
	if !dry {
		v.back(v.home("dead-letters") + "?done=redriven")
		return nil
	}
	v.show(page{template: "redrive", title: "Redrive dead letters", here: v.home("dead-letters"), data: struct {
		Hook string
		Run  client.Doc
	}{v.sent("hook"), d}})
	return nil
}

// redriveTicked sends what is ticked again, each by itself: one that can't be
// sent keeps none of the others.
func (v *visit) redriveTicked(ticked []string) error {
	if len(ticked) == 0 {
		return problem("nothing is ticked: tick the letters that are to be sent again")
	}
	var first error
	failed := 0
	for _, id := range ticked {
		if _, err := v.do(http.MethodPost, v.in("dead-letters", id, "redrive"), nil); err != nil {
			if failed++; first == nil {
				first = err
			}
		}
	}
	switch failed {
	case 0:
		v.back(v.home("dead-letters") + "?done=redriven")
		return nil
	case len(ticked):
		return first
	}
	sent := plural(len(ticked)-failed, "is", "are")
	return v.showLetters(notice{"warn", sent + " sent again, " + plural(failed, "is", "are") + " not: " + first.Error()}, v.home("dead-letters"))
}
