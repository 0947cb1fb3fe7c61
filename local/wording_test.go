package main

import (
	"context"
	"net/http"
	"testing"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// Refusals that a fixture without keys does not give, in the command line's
// words.
func TestRefusalsInTheCommandLinesWords(t *testing.T) {
	for said, want := range map[*client.Error]string{
		{Status: http.StatusUnauthorized, Code: "auth_required", Message: `a key is needed: send the header "Authorization: Bearer <key>"`}:                  "the server wants a key: set MEMHOOKS_KEY, or give --key",
		{Status: http.StatusUnauthorized, Code: "invalid_key", Message: "this key is not known or was revoked"}:                                              "the server does not know the key, or it was revoked: check MEMHOOKS_KEY or --key, or ask an administrator for a new one",
		{Status: http.StatusForbidden, Code: "scope_denied", Message: `this key lacks the scope "write": use one that has it, or let an admin key make one`}: `this key lacks the scope "write": give one that has it in MEMHOOKS_KEY or --key; who has an admin key makes one with memhooks keys create`,
		{Status: http.StatusTooManyRequests, Code: "rate_limited", Message: "too many requests for this key: wait as long as Retry-After says"}:              "too many requests for this key: try again in a second",
		{Status: http.StatusRequestEntityTooLarge, Code: "payload_too_large", Message: "reason has 300 bytes; at most 200 of UTF-8 are kept: shorten it"}:    "--reason has 300 bytes; at most 200 of UTF-8 are kept: shorten it",
		{Status: http.StatusConflict, Code: "conflict", Message: "to be or from there"}:                                                                      "to be or from there",
	} {
		if got := (&remote{}).explain(context.Background(), said); got == nil || got.Error() != want {
			t.Errorf("%s\nis told as\n%v\nwant\n%s", said.Message, got, want)
		}
	}
}
