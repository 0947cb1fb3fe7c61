package client

import (
	"fmt"
	"net/http"
	"strings"
)

// CodeForeign is the code of an answer that is not this API's: another server
// listens there, or one stands in between.
const CodeForeign = "not_memhooks"

// Error is a refusal.
type Error struct {
	Status    int    // of the answer
	Code      string // for programs, as the API names it
	Message   string // for people: what is wrong and what to do next
	RequestID string // to be found in the server's log; "" = the answer had none
	Details   Doc    // the rest of what the answer says about the error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// accept parts answers from refusals.
func accept(response *http.Response, raw []byte) ([]byte, error) {
	if response.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	if isJSON(response.Header) && response.StatusCode < http.StatusMultipleChoices {
		return raw, nil
	}
	e := &Error{Status: response.StatusCode, Code: CodeForeign, RequestID: response.Header.Get("X-Request-Id")}
	answer, err := Parse(raw)
	if said := answer.Doc("error"); err == nil && said.Text("message") != "" {
		e.Code, e.Message, e.Details = said.Text("code"), said.Text("message"), said
		return nil, e
	}
	at := response.Request.URL.Host
	if to := response.Header.Get("Location"); to != "" {
		e.Message = fmt.Sprintf("%s sends us on to %s, where no key is carried: use that server's address itself", at, to)
		return nil, e
	}
	e.Message = fmt.Sprintf("%s answered %s with something that is not memhooks' JSON: check the address", at, response.Status)
	return nil, e
}

func isJSON(h http.Header) bool {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}
