package httpapi_test

import (
	"net/url"
	"testing"
)

func TestACursorIsOfOneListing(t *testing.T) {
	s := open(t)
	for _, key := range []string{"a", "b"} {
		s.do(200, "POST", "/v1/memory-set", `{"key":"`+key+`","value":"v","namespace":"x"}`)
		s.do(200, "POST", "/v1/memory-set", `{"key":"`+key+`","value":"v","namespace":"y"}`)
	}
	s.do(201, "POST", "/api/memories", `{"id":"zeta"}`)
	s.do(201, "POST", "/v1/keys", `{}`)
	s.do(201, "POST", "/v1/keys", `{"tenant":"acme"}`)
	s.do(201, "POST", "/v1/keys", `{"tenant":"acme"}`)
	values := s.do(200, "POST", "/v1/memory-list", `{"namespace":"y","limit":1}`).str("next_cursor")
	list := func(namespace, cursor string) string { return `{` + namespace + `"limit":1,"cursor":"` + cursor + `"}` }
	if rest := s.do(200, "POST", "/v1/memory-list", list(`"namespace":"y",`, values)); len(rest.list("memories")) != 1 {
		t.Errorf("the second page: %s", rest.text)
	}
	s.refused(400, "invalid_field", "POST", "/v1/memory-list", list(`"namespace":"x",`, values))
	s.refused(400, "invalid_field", "POST", "/v1/memory-list", list("", values))

	pages := map[string]string{"/api/memories?limit=1": "memories", "/v1/keys?limit=1": "keys", "/v1/keys?limit=1&tenant=acme": "keys"}
	cursors := map[string]string{"": "key_0", "/": "zeta"} // and two that nobody made
	for at, field := range pages {
		cursors[at] = s.do(200, "GET", at, "").str("next_cursor")
		if rest := s.do(200, "GET", at+"&cursor="+url.QueryEscape(cursors[at]), ""); len(rest.list(field)) != 1 {
			t.Errorf("the second page of %s: %s", at, rest.text)
		}
	}
	for at := range pages {
		for of, cursor := range cursors {
			if of != at {
				s.refused(400, "invalid_field", "GET", at+"&cursor="+url.QueryEscape(cursor), "")
			}
		}
	}
}
