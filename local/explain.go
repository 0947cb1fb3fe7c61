package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// explain turns what a call failed with into what a person can do. The API's
// own refusals say so themselves, in words for those who call it.
func (r *remote) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	var refusal *client.Error
	if errors.As(err, &refusal) {
		return r.refused(refusal)
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // the rest says again what was called
	}
	var (
		plain       tls.RecordHeaderError
		lookup      *net.DNSError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start a server with memhooks serve, or set MEMHOOKS_URL (or --url) to where one runs", r.URL)
	case errors.As(err, &plain) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%s does not speak TLS: write it with http:// in MEMHOOKS_URL or --url", r.URL)
	case errors.As(err, &lookup):
		return fmt.Errorf("no address is known for %s: check MEMHOOKS_URL or --url", terminal.Clean(lookup.Name))
	case errors.As(err, &unknown), errors.As(err, &certificate):
		return fmt.Errorf("the certificate of %s is not trusted here: %s", r.URL, terminal.Clean(err.Error()))
	}
	return fmt.Errorf("%s did not answer: %s", r.URL, terminal.Clean(err.Error()))
}

// refused adds to a refusal what only the command line knows.
func (r *remote) refused(e *client.Error) error {
	said := terminal.Clean(r.worded(e.Message))
	switch {
	case e.Code == "auth_required":
		said = "the server wants a key: set MEMHOOKS_KEY, or give --key"
	case e.Code == "invalid_key":
		said = "the server does not know the key, or it was revoked: check MEMHOOKS_KEY or --key, or ask an administrator for a new one"
	case e.Code == client.CodeForeign && e.Status == http.StatusBadRequest && strings.HasPrefix(r.URL, "http://"):
		said += "; if it speaks TLS, write it with https:// in MEMHOOKS_URL or --url"
	case e.Code == client.CodeForeign:
		said += " in MEMHOOKS_URL or --url"
	case e.Status >= http.StatusInternalServerError && !strings.Contains(said, e.RequestID):
		said += " (request " + terminal.Clean(e.RequestID) + ")"
	}
	return told{said, e}
}

// told is a refusal in the command line's words.
type told struct {
	text    string
	refusal *client.Error
}

// Error is the text.
func (t told) Error() string { return t.text }

// Unwrap is the refusal itself.
func (t told) Unwrap() error { return t.refusal }
