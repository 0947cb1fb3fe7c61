package main

import (
	"log/slog"
	"net"
	"time"

	"golang.org/x/time/rate"
)

// tlsHandshake is the first byte of a connection whose client wants TLS.
const tlsHandshake = 0x16

// plainListener accepts the connections of clients that speak HTTP. One that
// asks for TLS, because its URL says https, fails with words of its own that
// mislead ("wrong version number"); here the log says what happened, once a
// minute at most.
type plainListener struct {
	net.Listener
	log  *slog.Logger
	tell rate.Sometimes
}

func newPlainListener(l net.Listener, log *slog.Logger) *plainListener {
	return &plainListener{l, log, rate.Sometimes{First: 1, Interval: time.Minute}}
}

// Accept waits for the next connection.
func (l *plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &plainConn{Conn: c, overTLS: l.overTLS}, nil
}

func (l *plainListener) overTLS(from net.Addr) {
	addr, _ := opened(l.Addr().String())
	l.tell.Do(func() {
		l.log.Warn("a client asked for TLS, which this port does not speak: use a URL with http://, or put a proxy that ends TLS before it",
			"client", from.String(), "url", "http://"+addr)
	})
}

// plainConn looks at the first byte that it reads.
type plainConn struct {
	net.Conn
	overTLS func(from net.Addr)
	begun   bool
}

// Read reads as the connection does.
func (c *plainConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.begun {
		c.begun = true
		if b[0] == tlsHandshake {
			c.overTLS(c.RemoteAddr())
		}
	}
	return n, err
}
