package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/delivery/guard"
)

// maxError is the longest error text that is recorded, in bytes.
const maxError = 300

// isTimeout reports whether an attempt failed because its time was over.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// refused says how a receiver refused an event, and what to look at first
// where the status tells.
func refused(status int) string {
	said := "answered " + strconv.Itoa(status)
	switch {
	case status/100 == 3:
		return said + ": redirects are not followed; put the address that it leads to into the hook's url"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return said + ": where the receiver checks the signature, compare its secret, and have it check the bytes as they came"
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return said + ": check the path in the hook's url"
	}
	return said
}

// describe says why an attempt got no answer. The text names the destination
// as the hook's URL does (host), never what it resolved to, and quotes nothing
// that the receiver sent: it is shown to the hook's owner.
func describe(err error, host string, limit time.Duration) string {
	var (
		forbidden *guard.Forbidden
		lookup    *net.DNSError
		plain     tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &forbidden):
		return clip(host + ": " + forbidden.Error())
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return clip("no such host: " + lookupName(host))
	case errors.Is(err, context.DeadlineExceeded):
		return clip("timed out after " + limit.String())
	case isTimeout(err):
		return clip("connection to " + host + " timed out")
	case errors.As(err, &lookup):
		return clip("the name could not be looked up: " + lookupName(host))
	case errors.Is(err, syscall.ECONNREFUSED):
		return clip("connection refused by " + host)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return clip("no route to " + host)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return clip("connection closed by " + host + " before the answer was complete")
	case errors.As(err, &plain):
		return clip(host + " does not speak TLS; check whether the URL should begin with http://")
	case errors.As(err, &alert):
		return clip("TLS handshake refused by " + host)
	}
	if reason := certificate(err); reason != "" {
		return clip("the certificate of " + host + " " + reason)
	}
	return clip("no HTTP answer from " + host)
}

// certificate says what is wrong with a receiver's certificate, "" where the
// failure is another.
func certificate(err error) string {
	var (
		unknown *x509.UnknownAuthorityError
		byValue x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		failed  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &byValue):
		return "is not signed by a known authority"
	case errors.As(err, &name):
		return "is for another host name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired or is not valid yet"
	case errors.As(err, &invalid), errors.As(err, &failed):
		return "is not valid"
	}
	return ""
}

// lookupName is the host without its port.
func lookupName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// clip cuts a text to what is recorded, at the end of a character.
func clip(s string) string {
	if len(s) <= maxError {
		return s
	}
	cut := maxError
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
