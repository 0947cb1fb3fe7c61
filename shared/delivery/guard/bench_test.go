package guard_test

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/memhooks/memhooks/shared/delivery/guard"
)

// BenchmarkCheck is the guard at both places: a hook's URL when it is made, an
// address when it is connected to; each passed and refused, beside the parsing
// alone.
func BenchmarkCheck(b *testing.B) {
	g := guard.New(prefixes("127.0.0.0/8", "10.1.0.0/16"))
	connect := func(address string) error { return g.Control("tcp4", address, nil) }
	check := func(raw string) error { _, err := g.CheckURL(raw); return err }
	parse := func(raw string) error { _, err := url.Parse(raw); return err }
	address := func(raw string) error { _, err := netip.ParseAddrPort(raw); return err }
	for _, c := range []struct {
		name    string
		do      func(string) error
		text    string
		refused bool
	}{
		{"url/named", check, "https://hooks.example.com/in?token=1", false},
		{"url/address", check, "https://93.184.216.34:8443/in", false},
		{"url/refused", check, "http://0x7f.1.2.3.4/", true},
		{"url/bare", parse, "https://hooks.example.com/in?token=1", false},
		{"connect/public", connect, "93.184.216.34:443", false},
		{"connect/allowed", connect, "10.1.2.3:443", false},
		{"connect/refused", connect, "169.254.169.254:80", true},
		{"connect/bare", address, "93.184.216.34:443", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(c.text); (err != nil) != c.refused {
					b.Fatal(err)
				}
			}
		})
	}
}
