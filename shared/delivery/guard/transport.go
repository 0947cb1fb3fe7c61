package guard

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Transport returns an HTTP transport whose every connection passes the guard:
// no proxy, not even one named by the environment, HTTP/1.1 or HTTP/2, no
// compression asked for, keep-alive for many POSTs to few hosts. dial limits
// the look-up and the connect together, and the TLS handshake again; 0 leaves
// both to the request's context. perHost is how many idle connections a host
// keeps (0: net/http's 2); how many are open at once is the caller's to limit.
// Redirects are the http.Client's: it must not follow them.
func (g *Guard) Transport(dial time.Duration, perHost int) *http.Transport {
	return g.transport(&net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}, perHost)
}

func (g *Guard) transport(dialer *net.Dialer, perHost int) *http.Transport {
	dialer.Control = g.Control
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    perHost,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    dialer.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(256)},
		// An HTTP/2 connection that died silently would fail every attempt on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}
