// Package guard keeps deliveries away from addresses that are nobody's public
// web server: the machine itself, its network, its cloud's metadata.
//
// The rule is enforced where it can't be talked around: on the address of each
// connection, after the name was looked up (Guard.Control). Guard.CheckURL
// gives the same answer early, when a hook is made, for what can be known from
// its URL alone.
package guard

import (
	"context"
	"encoding/binary"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"

	"code.dny.dev/ssrf"
)

// setting is the name an operator changes to let a private address pass.
const setting = "MEMHOOKS_ALLOW_DESTINATIONS"

// Guard decides which addresses may be connected to. It is immutable and safe
// for concurrent use. Use New: the zero value has no rules.
type Guard struct {
	allow []netip.Prefix
	rules *ssrf.Guardian
}

// Forbidden is the error of an address that may not be connected to. Find it
// with errors.As and show its own text: the errors that wrap it, and Addr,
// tell what an internal name resolves to, which is for the operator alone.
type Forbidden struct {
	Addr netip.Addr // the invalid Addr where what was to be dialled is no IP address
}

// Error says that the destination is forbidden and how to allow it. It names
// no address.
func (*Forbidden) Error() string {
	return "forbidden destination: its address is private, local or reserved; the operator can allow it with " + setting
}

// azureWire is a public address that every Azure machine reaches its host's
// metadata and key endpoints through.
var azureWire = netip.MustParsePrefix("168.63.129.16/32")

// New returns a guard that refuses everything but public unicast addresses and
// the prefixes in allow. An IPv4 prefix also allows the IPv4-mapped spelling
// of its addresses; otherwise that, and each other IPv6 form with an IPv4
// address inside, is refused whatever the address inside. Invalid prefixes
// allow nothing.
func New(allow []netip.Prefix) *Guard {
	g := &Guard{rules: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureWire))}
	for _, p := range allow {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		g.allow = append(g.allow, p)
	}
	return g
}

// CheckAddr returns a *Forbidden unless the address may be connected to, on
// any port. Refused are: private, loopback, link-local, metadata, shared
// (CGNAT), multicast, unspecified, benchmarking, documentation and reserved
// ranges; of IPv6 all that is not global unicast, and the forms that embed an
// IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP); zones; the
// zero value.
func (g *Guard) CheckAddr(to netip.AddrPort) error {
	addr := to.Addr()
	if g.allowed(addr) {
		return nil
	}
	if refused(g.rules, addr) {
		return &Forbidden{Addr: addr}
	}
	return nil
}

// Control is CheckAddr in the form of net.Dialer's field of the same name: it
// sees each address that is about to be connected to, after the look-up of the
// name. Only TCP passes.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return &Forbidden{Addr: to.Addr()}
	}
	return g.CheckAddr(to)
}

// Inside returns a context for requests through the guard's transport, and a
// function that says, once they were answered, whether a connection that one of
// them used led where only the operator's list lets it. The loopback where the
// list names it as such does not count: that is the caller's own machine.
func (g *Guard) Inside(ctx context.Context) (watched context.Context, inside func() bool) {
	var seen atomic.Bool
	trace := httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if to, err := netip.ParseAddrPort(c.Conn.RemoteAddr().String()); err != nil || g.lent(to.Addr()) {
			seen.Store(true)
		}
	}}
	return httptrace.WithClientTrace(ctx, &trace), seen.Load
}

// lent says whether only the list lets an address pass, and not as loopback.
func (g *Guard) lent(addr netip.Addr) bool {
	if !refused(g.rules, addr) {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return !slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) && p.Masked().Addr().IsLoopback() })
}

func refused(rules *ssrf.Guardian, addr netip.Addr) bool {
	return !addr.IsValid() || isatap(addr) || rules.SafeAddr(addr) != nil
}

func (g *Guard) allowed(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, p := range g.allow {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// isatap reports whether an IPv6 address's interface identifier is ISATAP's
// (RFC 5214, section 6.1): 0000:5efe or 0200:5efe and an IPv4 address.
func isatap(addr netip.Addr) bool {
	if !addr.Is6() {
		return false
	}
	b := addr.As16()
	return binary.BigEndian.Uint32(b[8:])&^0x0200_0000 == 0x0000_5efe
}
