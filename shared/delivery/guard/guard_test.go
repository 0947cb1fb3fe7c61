package guard_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/memhooks/memhooks/shared/delivery/guard"
)

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// forbidden are addresses that no guard without an allow list lets pass.
var forbidden = []string{
	// this host, this network
	"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.1.2.3", "127.255.255.255", "::", "::1",
	// private
	"10.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
	"fc00::1", "fd00::1", "fdff:ffff::1",
	// link-local, site-local, metadata
	"169.254.0.1", "169.254.169.254", "169.254.170.2", "fe80::1", "febf::1", "fe80::1%eth0", "fec0::1",
	"fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200", "192.0.0.192",
	// shared, protocol, benchmarking, documentation, reserved
	"100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170", "198.18.0.1", "198.19.255.255",
	"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "192.88.99.1",
	"240.0.0.1", "255.255.255.255", "2001:2::1", "2001:10::1", "100::1", "5f00::1", "4000::1",
	// of the registries of special-purpose addresses (RFC 6890): anycast, ORCHIDv2, AS112, AMT, discard-only
	"192.31.196.1", "192.52.193.1", "192.175.48.1", "2001:1::1", "2001:1::2", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:2f:ffff::1",
	"2620:4f:8000::1", "100:0:0:1::1",
	// multicast
	"224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1",
	// IPv6 around IPv4: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP
	"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1",
	"2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2001::7f00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	"2607:f8b0::5efe:7f00:1", "2607:f8b0::200:5efe:a00:1", "fe80::5efe:a00:1",
	// a zone belongs to one machine
	"2607:f8b0::1%eth0",
}

func TestForbiddenAddresses(t *testing.T) {
	g := guard.New(nil)
	for _, text := range forbidden {
		addr := netip.MustParseAddr(text)
		for _, port := range []uint16{80, 443, 3000} {
			err := g.CheckAddr(netip.AddrPortFrom(addr, port))
			var refused *guard.Forbidden
			if !errors.As(err, &refused) || refused.Addr != addr {
				t.Errorf("CheckAddr(%s port %d) = %v, want a *Forbidden for it", text, port, err)
			}
		}
	}
	if g.CheckAddr(netip.AddrPort{}) == nil {
		t.Error("CheckAddr lets the zero value pass")
	}
}

func TestPublicAddressesPassOnAnyPort(t *testing.T) {
	g := guard.New(nil)
	for _, text := range []string{
		"1.1.1.1", "8.8.8.8", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "168.63.129.15",
		"169.253.1.1", "172.15.1.1", "172.32.0.1", "192.167.1.1", "198.17.1.1", "223.255.255.254",
		"2606:4700:4700::1111", "2001:4860:4860::8888", "2607:f8b0::5eff:1",
	} {
		for _, port := range []uint16{1, 22, 80, 443, 3000, 65535} {
			if err := g.CheckAddr(netip.AddrPortFrom(netip.MustParseAddr(text), port)); err != nil {
				t.Errorf("CheckAddr(%s port %d) = %v", text, port, err)
			}
		}
	}
}

func TestAllowList(t *testing.T) {
	g := guard.New(append(prefixes("127.0.0.0/8", "::1/128", "::ffff:10.1.0.0/112", "fe80::/10"), netip.Prefix{}))
	for text, pass := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::ffff:127.0.0.1": true, "::1": true, "10.1.2.3": true,
		"fe80::1%eth0": true, "8.8.8.8": true, "128.0.0.1": true,
		"10.2.0.1": false, "192.168.0.1": false, "::2": false, "2002:7f00:1::": false, "64:ff9b::7f00:1": false,
	} {
		if err := g.CheckAddr(netip.AddrPortFrom(netip.MustParseAddr(text), 8080)); (err == nil) != pass {
			t.Errorf("CheckAddr(%s) = %v, want it to pass: %v", text, err, pass)
		}
	}
}

func TestControl(t *testing.T) {
	g := guard.New(prefixes("127.0.0.0/8"))
	for _, c := range []struct {
		network, address string
		pass             bool
	}{
		{"tcp4", "127.0.0.1:8080", true},
		{"tcp4", "8.8.8.8:443", true},
		{"tcp6", "[2606:4700:4700::1111]:443", true},
		{"tcp4", "10.0.0.1:80", false},
		{"tcp6", "[::1]:80", false},
		{"tcp6", "[fe80::1%lo]:80", false},
		{"udp4", "8.8.8.8:53", false},
		{"unix", "/var/run/docker.sock", false},
		{"tcp4", "localhost:80", false},
		{"tcp4", "", false},
	} {
		err := g.Control(c.network, c.address, nil)
		var refused *guard.Forbidden
		if (err == nil) != c.pass || err != nil && !errors.As(err, &refused) {
			t.Errorf("Control(%s, %q) = %v, want it to pass: %v", c.network, c.address, err, c.pass)
		}
	}
}
