package guard_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/delivery/guard"
	"github.com/memhooks/memhooks/shared/fault"
)

// spellings are hosts that some resolver takes for a forbidden address.
var spellings = []string{
	// loopback: one number, two, three; decimal, hexadecimal, octal, mixed
	"2130706433", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0x7F.0x1", "0177.1", "0177.0.0.1",
	"0x7f.0x0.0x0.0x1", "0x7f.0.0.01", "127.0x0.00.1", "127.65535", "127.0.65535", "00000177.0.0.1", "0x0000007f.1",
	// the same with a trailing dot
	"127.0.0.1.", "2130706433.", "0x7f.1.", "127.1.", "10.0.0.1.", "169.254.169.254.",
	// unspecified
	"0", "0x0", "0x", "00", "0.0", "0.0.0", "0.0.0.0", "0x0.0",
	// private and metadata
	"167772161", "0xa000001", "10.1", "012.1", "10.0.1", "0300.0250.0.1", "3232235521", "0xc0a80001", "192.168.1", "172.16.1", "0254.020.0.1",
	"2852039166", "0xa9fea9fe", "025177524776", "169.254.43518", "169.16689662", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376",
	"0xA9FEA9FE", "1684301000", "0x646464c8", "0144.100.25800", "192.0.192", "3221225664", "4294967295", "0xffffffff", "037777777777", "255.16777215",
	// other digits, dots and invisible characters
	"\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11", "\uff10\uff58\uff17\uff46\uff0e\uff11", "127\uff610\uff610\uff611", "①②⑦.⓪.⓪.①", "127。0。0。1", "127\uff0e0\uff0e0\uff0e1", "127。1", "0x7f\uff0e1", "127\u30020\uff610\uff0e1", "127.0.0.1。", "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
	"127.0.0\u00ad.1", "127\u200b.0.0.1", "127.0.0.1\u2060", "127.0.0.1\ufe0f", "169\u200d.254.169.254", "127\u034f.1",
	"%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1",
	// IPv6
	"[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[0::0]", "[::ffff:127.0.0.1]", "[::FFFF:7F00:1]", "[0:0:0:0:0:ffff:7f00:1]",
	"[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[::1%25lo]", "[fd00:ec2::254]", "[FD00:EC2::254]",
	"[0:0:0:0:0:0:127.0.0.1]", "[::ffff:127.0.0.1%25lo]", "[::FFFF:A9FE:A9FE]", "[64:FF9B:1::A9FE:A9FE]", "[::ffff:100.100.100.200]", "[2001:0:7f00:1::]",
	"[64:ff9b::169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2001::1]", "[2001:db8::1]", "[ff02::1]",
}

// names are hosts that lead to one forbidden address wherever they lead.
var names = []string{
	// this machine
	"localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost.", "localhost.localdomain", "localhost4", "localhost6",
	"ip6-localhost", "ip6-loopback", "\uff4cocalhost", "local\u00adhost",
	// metadata services
	"metadata.google.internal", "Metadata.Google.Internal.", "metadata。google。internal", "metadata.goog", "instance-data",
	"instance-data.ec2.internal", "metadata.azure.internal", "metadata.tencentyun.com",
}

func TestCheckURLRefusesForbiddenAddressesInEachSpelling(t *testing.T) {
	g := guard.New(nil)
	hosts := slices.Concat(spellings, names)
	for _, text := range forbidden {
		if strings.Contains(text, ":") {
			text = "[" + strings.Replace(text, "%", "%25", 1) + "]"
		}
		hosts = append(hosts, text)
	}
	for _, host := range hosts {
		for _, form := range []string{"http://%s/", "https://%s:8443/hook?x=1", "HTTP://%s"} {
			raw := fmt.Sprintf(form, host)
			u, err := g.CheckURL(raw)
			if fault.KindOf(err) != fault.InvalidField || u != nil {
				t.Errorf("CheckURL(%q) = %v, %v; want a fault.InvalidField", raw, u, err)
			} else if !strings.Contains(err.Error(), "MEMHOOKS_ALLOW_DESTINATIONS") {
				t.Errorf("CheckURL(%q) says %q, which does not tell how to allow it", raw, err)
			}
		}
	}
	t.Logf("%d spellings", len(hosts))
}

func TestCheckURLPasses(t *testing.T) {
	g := guard.New(prefixes("127.0.0.0/8", "::1/128"))
	for _, raw := range []string{
		"https://example.com", "http://example.com/", "https://example.com:3000/a/b?c=d&e=%20f", "HTTPS://Example.COM/x",
		"https://sub-domain.example.com./", "https://a_b.example.com/", "http://localhost:3000/hook", "http://receiver/hook",
		"https://bücher.example/", "https://xn--bcher-kva.example/", "https://例え.テスト/", "https://1.example/", "https://0x7f.example/",
		"https://8.8.8.8/", "https://[2606:4700:4700::1111]:8443/", "https://example.com/@user", "https://example.com?x=@",
		"http://a.localhost/", "http://localhost6/", "https://localhost.example.com/", "https://metadata.google.internal.example.com/", "https://notlocalhost/",
		"http://127.0.0.1:8080/", "http://127.8.8.8/", "http://[::1]:9000/", "http://[::ffff:127.0.0.1]/",
		"https://example.com/" + strings.Repeat("a", 2048-len("https://example.com/")),
	} {
		if u, err := g.CheckURL(raw); err != nil || u == nil || u.Host == "" {
			t.Errorf("CheckURL(%q) = %v, %v", raw, u, err)
		}
	}
}

// unfit are URLs that are refused even where every IPv4 address is allowed, with
// a part of what is said.
var unfit = []struct{ raw, says string }{
	{"", "https://"},
	{"example.com/hook", "https://"},
	{"//example.com/", "https://"},
	{"ftp://example.com/", "https://"},
	{"file:///etc/passwd", "https://"},
	{"gopher://127.0.0.1:6379/_FLUSHALL", "https://"},
	{"javascript:alert(1)", "https://"},
	{"http:example.com", "no host"},
	{"http:///path", "no host"},
	{"http://:8080/", "no host"},
	{"https://user@example.com/", "user or password"},
	{"https://user:pw@example.com/", "user or password"},
	{"https://:@example.com/", "user or password"},
	{"https://@example.com/", "user or password"},
	{"https://example.com/#top", "fragment"},
	{"https://example.com/#", "fragment"},
	{"https://example.com/" + strings.Repeat("a", 2048), "2048 bytes"},
	{"https://example.com/a b", "space"},
	{" https://example.com/", "space"},
	{"https://example.com/\n", "control"},
	{"https://example.com/\x00", "control"},
	{"https://example.com/\u2028", "space"},
	{"https://example.com/\xff", "UTF-8"},
	{"https://example.com:0/", "port"},
	{"https://example.com:65536/", "port"},
	{"https://example.com:99999999999/", "port"},
	{"https://example.com:http/", "can't be read"},
	{"https://exa%6dple.com/", "can't be read"},
	{"http://127.0.0.1\\@example.com/", "can't be read"},
	{"http://example.com\\@127.0.0.1/", "can't be read"},
	{"http://127.0.0.1:80\\@example.com:80/", "can't be read"},
	{"http://127%2e0%2e0%2e1/", "can't be read"},
	{"http://127.0.0.1%00.example.com/", "can't be read"},
	{"http://127.0.0.1:80:80/", "can't be read"},
	{"http://[::ffff:7f.1]/", "can't be read"},
	{"http://[::ffff:0x7f000001]/", "can't be read"},
	{"http://[::1]example.com/", "can't be read"},
	{"http:\\\\127.0.0.1/", "no host"},
	{"http:/\\127.0.0.1/", "no host"},
	{"http://example.com&@127.0.0.1/", "user or password"},
	{"http://127.0.0.1#@example.com/", "fragment"},
	{"http://127.0.0.1,example.com/", "host name"},
	{"http://127.0.0.1;example.com/", "host name"},
	{"https://a..b/", "host name"},
	{"https://.example.com/", "host name"},
	{"https://example.com../", "host name"},
	{"https://exa$mple.com/", "host name"},
	{"https://*.example.com/", "host name"},
	{"https://%FF.example/", "host name"},
	{"https://" + strings.Repeat("a.", 127) + "com/", "host name"},
	{"https://256.1.1.1/", "no IPv4 address"},
	{"https://1.2.3.4.5/", "no IPv4 address"},
	{"https://127.0.0.08/", "no IPv4 address"},
	{"http://0o177.0.0.1/", "no IPv4 address"},
	{"http://0b1111111.0.0.1/", "no IPv4 address"},
	{"http://127..1/", "no IPv4 address"},
	{"http://١٢٧.0.0.1/", "no IPv4 address"},
	{"https://4294967296/", "no IPv4 address"},
	{"https://127.0.0.256/", "no IPv4 address"},
	{"https://example.0x7f/", "no IPv4 address"},
	{"https://134744072/", "write it as 8.8.8.8"},
	{"https://8.8.8.8./", "write it as 8.8.8.8"},
	{"https://127.1/", "write it as 127.0.0.1"},
}

func TestCheckURLRefusesAndSaysWhatToChange(t *testing.T) {
	g := guard.New(prefixes("0.0.0.0/0"))
	for _, c := range unfit {
		_, err := g.CheckURL(c.raw)
		if fault.KindOf(err) != fault.InvalidField {
			t.Errorf("CheckURL(%q) = %v, want a fault.InvalidField", c.raw, err)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("CheckURL(%q) says %q, which lacks %q", c.raw, err, c.says)
		}
	}
}

func TestCheckURLNeverQuotesTheURL(t *testing.T) {
	for _, raw := range []string{
		"https://u:sentinel@example.com/", "https://example.com:sentinel/", "https://%zz/sentinel", "ftp://h/sentinel",
		"https://10.0.0.1/sentinel?token=sentinel", "https://h/sentinel#x", "https://sentinel..x/",
	} {
		if _, err := guard.New(nil).CheckURL(raw); err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("CheckURL(%q) = %v; want a refusal without what the URL holds", raw, err)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, host := range slices.Concat(spellings, names) {
		f.Add("http://" + host + "/")
	}
	for _, seed := range []string{
		"https://example.com/", "https://user:pw@127.0.0.1/", "http://[::1%25x]:80/", "http://127.0.0.1\\@example.com/", "http://8.8.8.8:3000/a?b#c",
		"http:////127.0.0.1", "http://127.0.0.1%2f", "http://[127.0.0.1]/", "http://::1/", "http://[::1].example/",
	} {
		f.Add(seed)
	}
	g := guard.New(nil)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := g.CheckURL(raw)
		if err != nil {
			if fault.KindOf(err) != fault.InvalidField {
				t.Fatalf("CheckURL(%q) = %v, want a fault.InvalidField", raw, err)
			}
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" || len(raw) > 2048 {
			t.Fatalf("CheckURL(%q) lets %#v pass", raw, u)
		}
		addr, err := netip.ParseAddr(strings.TrimSuffix(u.Hostname(), "."))
		if err == nil && g.CheckAddr(netip.AddrPortFrom(addr, 80)) != nil {
			t.Fatalf("CheckURL(%q) lets the forbidden %s pass", raw, addr)
		}
		if again, err := g.CheckURL(u.String()); err != nil || again.Host != u.Host {
			t.Fatalf("CheckURL(%q) passes, its own text %q does not: %v", raw, u, err)
		}
	})
}
