package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// visit is one request of a person.
type visit struct {
	*Console
	session
	w      http.ResponseWriter
	r      *http.Request
	api    *client.Client
	memory string // that the path names; "" = none
	now    time.Time
}

func (c *Console) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{Console: c, w: w, r: r, memory: r.PathValue("memory"), now: c.cfg.Now()}
	handed := http.Header{}
	if c.cfg.SameHost {
		handed.Set("Host", r.Host)
	}
	v.api = c.cfg.API.With(handed)
	if v.api.Base == "" {
		v.api.Base = "https://" + r.Host
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		v.session = sessionOf(cookie.Value)
	}
	v.api.Key = v.key
	return v
}

// get asks the API. Query is pairs of names and values; empty values are left
// out.
func (v *visit) get(path string, query ...string) (client.Doc, error) {
	return v.api.Do(v.r.Context(), http.MethodGet, path, client.Query(query...), nil)
}

// do changes something by the API. A form that has a token is carried out once,
// however often its button is pressed.
func (v *visit) do(method, path string, body any, query ...string) (client.Doc, error) {
	api := v.api
	if token := v.sent("once"); token != "" && method == http.MethodPost {
		api = api.With(http.Header{"Idempotency-Key": {token}})
	}
	return api.Do(v.r.Context(), method, path, client.Query(query...), body)
}

// in is a path of the API below the visit's memory; parts are escaped.
func (v *visit) in(parts ...string) string { return memoryCall(v.memory, parts...) }

func memoryCall(memory string, parts ...string) string {
	return "/api/memories" + client.Path(append([]string{memory}, parts...)...)
}

// asked is a query value of the visit.
func (v *visit) asked(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// sent is a value of the form that was sent.
func (v *visit) sent(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// abreast is how many asks of one page run at once: on AWS each may want an
// instance of its own.
const abreast = 16

// together asks several things, some at once, and returns the first failure.
func together(asks ...func() error) error {
	done, slots := make(chan error, len(asks)), make(chan struct{}, abreast)
	for _, ask := range asks {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			defer func() {
				if v := recover(); v != nil { // here nothing else would, and the process would end
					done <- fmt.Errorf("a part of a page panicked: %v", v)
				}
			}()
			done <- ask()
		}()
	}
	var first error
	for range asks {
		if err := <-done; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// into is an ask of together.
func (v *visit) into(to *client.Doc, path string, query ...string) func() error {
	return func() error {
		d, err := v.get(path, query...)
		*to = d
		return err
	}
}

// show writes a page.
func (v *visit) show(p page) {
	v.write(p, http.StatusOK)
}

func (v *visit) write(p page, status int) {
	var out bytes.Buffer
	if err := v.pages.write(&out, p.template, v.framed(p)); err != nil {
		v.cfg.Log.Error("a page could not be written", "page", p.template, "error", err)
		http.Error(v.w, "this page could not be written; the log says why", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(out.Bytes())
}

// fail answers with what the API said: a login where a key is wanted, else its
// message.
func (v *visit) fail(err error) {
	var refused *client.Error
	if !errors.As(err, &refused) {
		if !errors.Is(err, context.Canceled) {
			v.cfg.Log.Error("the console could not reach the API", "error", err)
		}
		refused = &client.Error{Status: http.StatusBadGateway, Message: "the API did not answer: try again; the server's log says more"}
	}
	if refused.Status < http.StatusBadRequest { // an answer, but none of the API's
		refused.Status = http.StatusBadGateway
	}
	if refused.Status == http.StatusUnauthorized && v.r.URL.Path != loginPath {
		v.login(refused)
		return
	}
	v.write(page{template: "error", title: http.StatusText(refused.Status), data: refused}, refused.Status)
}

// mistake is what the API said of a form that is shown again with all that was
// typed; "" where it took it, and where another key or the server's log is what
// helps.
func mistake(err error) string {
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status/100 != 4 || refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden {
		return ""
	}
	return refused.Message
}

// answered is the status of a page that shows a form again where there is a
// problem with it.
func answered(problem string) int {
	if problem != "" {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// homeOf is the page's own address where a form with a problem was sent to
// another one.
func homeOf(problem, page string) string {
	if problem == "" {
		return ""
	}
	return page
}

// back sends the browser to a page of the console, after something was done.
func (v *visit) back(path string) {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther) //nolint:gosec,nolintlint // paths of ours; inside holds what a visitor sends to that. Not every run of gosec finds it
}
