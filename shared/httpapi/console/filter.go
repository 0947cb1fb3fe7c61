package console

import (
	"errors"
	"net/http"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

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
