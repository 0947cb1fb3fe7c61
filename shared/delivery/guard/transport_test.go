package guard

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// names is a resolver that answers every question for an IPv4 address with
// what next returns, as an attacker's name server could.
func names(next func() netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answer(server, next)
		return client, nil
	}}
}

// answer speaks DNS over a stream: messages of a 2-byte length each.
func answer(conn net.Conn, next func() netip.Addr) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		end := 12 // the question: labels, a zero, kind and class
		for query[end] != 0 {
			end += 1 + int(query[end])
		}
		end += 5
		reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
		if binary.BigEndian.Uint16(query[end-4:]) == 1 { // an IPv4 address is asked for
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
			reply = append(reply, next().AsSlice()...)
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// receiver is a web server on the loopback and the count of what reached it.
func receiver(t *testing.T) (port string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(server.Close)
	return server.URL[strings.LastIndex(server.URL, ":"):], hits
}

func (g *Guard) testClient(t *testing.T, r *net.Resolver) *http.Client {
	transport := g.transport(&net.Dialer{Timeout: 10 * time.Second, Resolver: r}, 2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestARebindingNameIsRefusedWhenConnecting(t *testing.T) {
	port, hits := receiver(t)
	for _, target := range []string{"127.0.0.1", "0.0.0.0"} {
		g := New(nil)
		if _, err := g.CheckURL("http://rebind.example" + port + "/"); err != nil {
			t.Fatalf("a name is refused before its look-up: %v", err)
		}
		client := g.testClient(t, names(func() netip.Addr { return netip.MustParseAddr(target) }))
		_, err := client.Post("http://rebind.example"+port+"/", "application/json", strings.NewReader("{}"))
		var refused *Forbidden
		if !errors.As(err, &refused) || refused.Addr.String() != target {
			t.Errorf("a name for %s: %v, want a *Forbidden for that address", target, err)
		}
		if refused != nil && strings.Contains(refused.Error(), target) {
			t.Errorf("the refusal tells what the name resolves to: %q", refused)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests reached the loopback", hits.Load())
	}
}

func TestANameIsCheckedOnEachConnect(t *testing.T) {
	port, hits := receiver(t)
	var lookups atomic.Int32
	g := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	client := g.testClient(t, names(func() netip.Addr { // 127.0.0.1 plays the public address here
		if lookups.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("127.0.0.2")
	}))
	for attempt, pass := range []bool{true, false} {
		answer, err := client.Post("http://rebind.example"+port+"/", "application/json", strings.NewReader("{}"))
		if err == nil {
			answer.Body.Close()
		}
		client.CloseIdleConnections()
		if (err == nil) != pass {
			t.Errorf("attempt %d: %v, want it to pass: %v", attempt+1, err, pass)
		}
	}
	if hits.Load() != 1 {
		t.Errorf("%d requests reached the receiver, want 1", hits.Load())
	}
}

func TestTheTransportRefusesAndAllowsTheLoopback(t *testing.T) {
	port, hits := receiver(t)
	_, err := (&http.Client{Transport: New(nil).Transport(time.Second, 2)}).Get("http://127.0.0.1" + port)
	var refused *Forbidden
	if !errors.As(err, &refused) || hits.Load() != 0 {
		t.Errorf("without an allow list: %v, %d requests; want a *Forbidden", err, hits.Load())
	}
	transport := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Transport(10*time.Second, 2)
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("http://127.0.0.1" + port)
	if err != nil {
		t.Fatalf("with 127.0.0.0/8 allowed: %v", err)
	}
	answer.Body.Close()
	if hits.Load() != 1 {
		t.Errorf("%d requests reached the receiver, want 1", hits.Load())
	}
}

func TestTheTransportKeepsConnectionsAsksForNoCompressionAndUsesNoProxy(t *testing.T) {
	var encodings, addresses []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		encodings = append(encodings, r.Header.Get("Accept-Encoding"))
		addresses = append(addresses, r.RemoteAddr)
	}))
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	transport := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Transport(10*time.Second, 2)
	if transport.Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
	for range 2 {
		answer, err := (&http.Client{Transport: transport}).Post(server.URL, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	transport.CloseIdleConnections()
	if encodings[0] != "" || addresses[0] != addresses[1] {
		t.Errorf("encodings %q, from %q; want none, and one connection", encodings, addresses)
	}
}

func TestTheTransportSpeaksHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Transport(10*time.Second, 2)
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.ProtoMajor != 2 {
		t.Errorf("the answer came over %s, want HTTP/2", answer.Proto)
	}
}

func TestTheRefusalIsFoundThroughNetHTTP(t *testing.T) {
	_, err := (&http.Client{Transport: New(nil).Transport(time.Second, 2)}).Get("http://10.0.0.1/")
	var wrapped *url.Error
	var refused *Forbidden
	if !errors.As(err, &wrapped) || !errors.As(err, &refused) {
		t.Errorf("a request to 10.0.0.1: %v, want a *Forbidden inside a *url.Error", err)
	}
}

func TestWhatOnlyTheListLetsPassIsInside(t *testing.T) {
	g := New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/16"), netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("::1/128")})
	for addr, inside := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "127.0.0.1": false, "127.1.0.1": true, "::1": false, "8.8.8.8": false, "169.254.169.254": true} {
		if g.lent(netip.MustParseAddr(addr)) != inside {
			t.Errorf("%s is inside: %v, want %v", addr, !inside, inside)
		}
	}
	port, _ := receiver(t)
	for list, want := range map[string]bool{"127.0.0.0/8": false, "0.0.0.0/0": true} {
		g := New([]netip.Prefix{netip.MustParsePrefix(list)})
		client := g.testClient(t, nil)
		for range 2 { // on a new connection, and on one that is kept
			ctx, inside := g.Inside(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1"+port+"/", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = io.Copy(io.Discard, answer.Body); err != nil || answer.Body.Close() != nil || inside() != want {
				t.Errorf("allowed by %s: inside %v, %v", list, inside(), err)
			}
		}
	}
}
