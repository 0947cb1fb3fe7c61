package roadtest

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// network is what lies between a sender and its receivers: their names, and the
// address that each connection leads to. A sender has it as its transport.
type network struct {
	// control is asked before each connection, where net.Dialer asks: it is the
	// address guard's.
	control func(network, address string, c syscall.RawConn) error
	off     time.Duration // how far the sender's clock is off
	*receivers
}

// destination is the URL of a hook's receiver: all else that is asked for is
// where a redirect leads.
func destination(hook string) string { return "https://" + hook + ".example/" }

// Addresses that names are looked up as.
var (
	public  = addresses("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "8.8.4.4")
	private = addresses("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.168.0.1", "::1", "fd00:ec2::254", "::ffff:10.1.2.3", "64:ff9b::a01:203")
)

func addresses(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// lookup is what a receiver's name is at this attempt: now and then an address
// that nobody may be led to, alone or before one that is allowed.
func (p *post) lookup(way string, drawn uint32) []netip.Addr {
	open, shut := public[drawn%uint32(len(public))], private[drawn%uint32(len(private))]
	switch {
	case way != "rebinds" || drawn/64%4 == 0:
		return []netip.Addr{open}
	case drawn/64%4 == 1:
		return []netip.Addr{shut, open}
	}
	return []netip.Addr{shut}
}

// connect connects to the first address that may be connected to, as net.Dialer
// does.
func (n network) connect(p *post, all []netip.Addr) error {
	var first error
	for _, addr := range all {
		kind := "tcp6"
		if addr.Is4() {
			kind = "tcp4"
		}
		err := n.control(kind, netip.AddrPortFrom(addr, 443).String(), nil)
		if err == nil {
			p.to = addr
			return nil
		}
		if first == nil {
			first = &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	return first
}

// strayed answers what was asked for at no receiver's URL, and keeps it.
func (r *receivers) strayed(req *http.Request) *http.Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.strays = append(r.strays, req.Method+" "+req.URL.String())
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}
}

// leads are where redirects lead to: to another server, into the network, and
// to another page of the same receiver.
func leads(p *post, drawn uint32) (status int, location string) {
	codes := [...]int{301, 302, 303, 307, 308}
	return codes[drawn%5], [...]string{"https://elsewhere.example/", "http://169.254.169.254/latest/meta-data/", destination(p.hook) + "new"}[drawn/8%3]
}

// checkRoads: no connection led to a forbidden address, no redirect was
// followed.
func (r *run) checkRoads() {
	for _, p := range r.receivers.all() {
		if slices.Contains(private, p.to) {
			r.found(6, "%s was posted seq %d at %s", p.hook, p.seq, p.to)
		}
	}
	r.receivers.mu.Lock()
	defer r.receivers.mu.Unlock()
	for _, stray := range r.receivers.strays {
		r.found(6, "a redirect was followed: %s", stray)
	}
}

// checkTold: the record of an attempt that was refused its connection says so
// and how to allow it, and none names an address that was looked up.
func (r *run) checkTold(h *subscriber, rec delivery.Record) {
	connected := map[int]bool{}
	for _, p := range r.receivers.all() {
		if p.hook == h.ID && p.seq == rec.Job.Entry.Seq && p.redrive == rec.Job.Redrive {
			connected[p.attempt] = connected[p.attempt] || p.to.IsValid()
		}
	}
	for _, a := range rec.Trail {
		if to, made := connected[a.N]; made && !to && (a.Code != 0 || !strings.Contains(a.Error, "MEMHOOKS_ALLOW_DESTINATIONS")) {
			r.found(6, "attempt %d of seq %d for %s was refused its connection, and tells %d %q", a.N, rec.Job.Entry.Seq, h.ID, a.Code, a.Error)
		}
		for _, addr := range private {
			if strings.Contains(a.Error, addr.String()) {
				r.found(6, "attempt %d of seq %d for %s tells an address: %q", a.N, rec.Job.Entry.Seq, h.ID, a.Error)
			}
		}
	}
}
