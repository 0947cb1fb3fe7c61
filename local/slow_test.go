package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/road"
)

// slowCaller is one end of a connection to the server as serve makes it.
type slowCaller struct {
	net.Conn
	t       *testing.T
	answers *bufio.Reader
	attempt time.Duration // an attempt's limit, which an answer may wait for
}

// pipes is a listener whose connections are in this process, so that time may
// be simulated.
type pipes chan net.Conn

// Accept is net.Listener's.
func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close is net.Listener's.
func (p pipes) Close() error { return nil }

// Addr is net.Listener's.
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// slowly is a caller of a server with all its limits. It belongs into a bubble,
// where time is simulated.
func slowly(t *testing.T) slowCaller {
	t.Helper()
	s := settings(t, "127.0.0.1:1")
	s.Auth = false
	quiet := slog.New(slog.DiscardHandler)
	c, err := adapter.Open(t.Context(), s.Cloud, adapter.Config{Dir: s.Data, Random: rand.Reader, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAPI(t.Context(), road.Assemble(c, s, version, time.Now, quiet), s, io.Discard, quiet)
	if err != nil {
		t.Fatal(err)
	}
	listener, ended := make(pipes), make(chan error)
	server := process{settings: s, log: quiet}.server(api)
	go func() { ended <- server.Serve(newPlainListener(listener, quiet)) }()
	near, far := net.Pipe()
	listener <- far
	t.Cleanup(func() {
		close(listener)
		<-ended
		if err := errors.Join(near.Close(), server.Shutdown(context.Background()), c.Close()); err != nil {
			t.Error(err)
		}
	})
	return slowCaller{near, t, bufio.NewReader(near), s.Timeout}
}

// send sends what a caller has to say.
func (c slowCaller) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatalf("%q could not be sent: %v", text, err)
	}
}

// answered reads an answer.
func (c slowCaller) answered(status int, closes bool) {
	c.t.Helper()
	a, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer a.Body.Close()
	said, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != status || a.Close != closes {
		c.t.Errorf("answered %d (%v) that closes %v: %s; want %d", a.StatusCode, err, a.Close, said, status)
	}
}

// cutOff waits for the end of the connection and tells how long that took.
func (c slowCaller) cutOff() time.Duration {
	c.t.Helper()
	begun := time.Now()
	if left, err := io.ReadAll(c.answers); err != nil || len(left) > 0 {
		c.t.Errorf("before the end came %q, %v", left, err)
	}
	return time.Since(begun)
}

// accepted is a request that is let in, but for the rest of its body.
const accepted = "POST /v1/remember HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n" + `{"content":`

// near says that something ended at its limit, or a moment later: a server that
// closes after an answer lingers.
func near(got, want time.Duration) bool { return got >= want && got < want+time.Second }

// TestHalfAHeadIsCutOff, and a connection that says nothing at all.
func TestHalfAHeadIsCutOff(t *testing.T) {
	for _, half := range []string{"", "POST /v1/remember HTTP/1.1\r\nHost: localhost\r\nX-Slow: "} {
		synctest.Test(t, func(t *testing.T) {
			c := slowly(t)
			c.send(half)
			if took := c.cutOff(); !near(took, headerTimeout) {
				t.Errorf("%q held its connection for %v", half, took)
			}
		})
	}
}

// TestHalfABodyIsCutOff shows that a caller who was let in can't keep a request
// open, neither by saying nothing more nor by a byte now and then.
func TestHalfABodyIsCutOff(t *testing.T) {
	for _, bytes := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			c, begun := slowly(t), time.Now()
			c.send(accepted)
			for range bytes {
				time.Sleep(readTimeout / 6)
				c.send(" ")
			}
			c.answered(http.StatusBadRequest, true)
			if took := time.Since(begun); !near(took, readTimeout) {
				t.Errorf("with %d bytes more half a body was waited for for %v", bytes, took)
			}
			if took := c.cutOff(); !near(took, 0) {
				t.Errorf("then it held its connection for %v", took)
			}
		})
	}
}

// TestAnUnreadAnswerIsCutOff shows that a caller who takes no answer, or a byte
// now and then, lets its connection go.
func TestAnUnreadAnswerIsCutOff(t *testing.T) {
	for _, bytes := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			c := slowly(t)
			limit := feed.MaxWait + c.attempt + tellTimeout
			c.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			for range bytes {
				time.Sleep(limit / 6)
				if _, err := c.Read(make([]byte, 1)); err != nil {
					t.Errorf("before its limit: %v", err)
				}
			}
			time.Sleep(limit - time.Duration(bytes)*(limit/6) + time.Second)
			if left, err := io.ReadAll(c); err != nil || len(left) > 0 {
				t.Errorf("of an answer of which %d bytes were read came after its limit %q, %v", bytes, left, err)
			}
		})
	}
}

// TestAnIdleConnectionIsCutOff shows that one is kept between two requests, for
// longer than a request may take, and not for ever.
func TestAnIdleConnectionIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := slowly(t)
		c.send(accepted)
		time.Sleep(readTimeout - time.Second)
		c.send(`"kept"}`)
		c.answered(http.StatusCreated, false)
		time.Sleep(idleTimeout - time.Second)
		c.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		c.answered(http.StatusOK, false)
		if took := c.cutOff(); !near(took, idleTimeout) {
			t.Errorf("an idle connection was kept for %v", took)
		}
	})
}
