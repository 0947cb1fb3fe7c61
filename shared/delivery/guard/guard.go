// Package guard keeps deliveries away from addresses that are nobody's public
// web server: the machine itself, its network, its cloud's metadata.
//
// The rule is enforced where it can't be talked around: on the address of each
// connection, after the name was looked up (Guard.Control). Guard.CheckURL
// gives the same answer early, when a hook is made, for what can be known from
// its URL alone.
package guard

import (
	"encoding/binary"
	"net/netip"
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
	if !addr.IsValid() || isatap(addr) || g.rules.SafeAddr(addr) != nil {
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
