package guard

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/memhooks/memhooks/shared/fault"
)

// The longest URL and the longest host name (RFC 1035) that are accepted, in bytes.
const (
	maxURL  = 2048
	maxHost = 253
)

// CheckURL reads a hook's URL and refuses, with a fault.InvalidField that says
// what to change, one that is not http or https with a host, has user info, a
// fragment, spaces or control characters, is longer than 2048 bytes, or whose
// host is an address that CheckAddr refuses. An address counts in each
// spelling that some resolver understands (one number, hexadecimal, octal,
// short, a trailing dot, other digits), and passes in the plain one only. So do
// localhost and the names of metadata services, which lead to one address
// everywhere. A host that is another name passes: it is checked at each
// connect. The text of a refusal never quotes the URL, for it may carry a
// secret.
func (g *Guard) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, refuse("is longer than %d bytes; shorten it", maxURL)
	}
	if !utf8.ValidString(raw) || strings.ContainsFunc(raw, unprintable) {
		return nil, refuse("holds a space, a control character or bytes that are not UTF-8; percent-encode them")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, refuse("can't be read; write it as https://host/path, an IPv6 address in brackets")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, refuse("must begin with https:// or http://")
	case u.User != nil:
		return nil, refuse("must not carry a user or password; deliveries are signed, so check the signature instead")
	case strings.Contains(raw, "#"):
		return nil, refuse("must not have a fragment; leave out the # and what follows")
	case u.Hostname() == "":
		return nil, refuse("has no host; write it as https://host/path")
	case !portOK(u.Port()):
		return nil, refuse("has a port outside 1 to 65535")
	}
	if err := g.checkHost(u); err != nil {
		return nil, err
	}
	return u, nil
}

func (g *Guard) checkHost(u *url.URL) error {
	host := u.Hostname()
	plain, err := netip.ParseAddr(host)
	bracketed := strings.HasPrefix(u.Host, "[")
	switch {
	case err == nil && plain.Is6() == bracketed:
		return g.checkLiteral(plain)
	case err == nil || bracketed:
		return refuse("has a host that can't be read; only an IPv6 address stands in brackets, and always does")
	}
	name := foldHost(host)
	if addr, numeric := looseIPv4(name); numeric {
		if !addr.IsValid() {
			return refuse("has a host that ends in a number but is no IPv4 address; write four decimal numbers or a name")
		}
		if err := g.checkLiteral(addr); err != nil {
			return err
		}
		return refuse("has an address in an unusual spelling; write it as %s", addr)
	}
	if !hostName(name) {
		return refuse("has a host that is no host name; use letters, digits, hyphens and dots")
	}
	return g.checkKnown(name)
}

// checkLiteral is CheckAddr for an address that stands in the URL itself, so
// that naming it gives nothing away.
func (g *Guard) checkLiteral(addr netip.Addr) error {
	if g.CheckAddr(netip.AddrPortFrom(addr, 0)) == nil {
		return nil
	}
	return refuse("leads to %s, which is private, local or reserved; use a public address, or have the operator add it to %s", addr, setting)
}

// foldHost brings a host to what IDNA makes of it before a look-up, as far as
// that could turn it into an address: compatibility forms, lower case, no
// invisible characters, one kind of dot and none at the end.
func foldHost(host string) string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case r == '。':
			return '.'
		case r == '\u034f' || unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			return -1
		default:
			return unicode.ToLower(r)
		}
	}, norm.NFKC.String(host))
	return strings.TrimSuffix(folded, ".")
}

// hostName reports whether a folded host can be a name: labels of letters,
// digits (of any script), marks, hyphens and underscores between single dots.
func hostName(name string) bool {
	if len(name) > maxHost {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

func notInLabel(r rune) bool {
	return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}

func unprintable(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func portOK(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func refuse(format string, args ...any) error {
	return fault.New(fault.InvalidField, "url "+format, args...)
}
