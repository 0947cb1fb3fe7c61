package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/road"
)

// settings are those of a server of the test's own.
func settings(t *testing.T, addr string) road.Settings {
	t.Helper()
	s, err := road.Load([]string{"MEMHOOKS_ADDR=" + addr, "MEMHOOKS_DATA=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPortInUse shows that a start that can't be says what to do, before it
// made and showed a first admin key.
func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out strings.Builder
	err = serve(t.Context(), settings(t, taken.Addr().String()), &out, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "set MEMHOOKS_ADDR to another port") {
		t.Errorf("the start ended with %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("it printed %s", &out)
	}
}

// TestTheGreetingCanBeOpened shows that what is printed leads somewhere, also
// where every address of the machine is listened on.
func TestTheGreetingCanBeOpened(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8080": "on http://127.0.0.1:8080\n", "[::]:8080": "on http://127.0.0.1:8080, on all interfaces\n",
		"0.0.0.0:80": "on http://127.0.0.1:80, on all interfaces\n", "[::1]:8080": "on http://[::1]:8080\n", "192.0.2.7:8080": "on http://192.0.2.7:8080\n",
	} {
		var out strings.Builder
		greet(&out, addr, road.Settings{})
		if said := out.String(); !strings.Contains(said, want) || strings.Contains(said, "[::]") || strings.Contains(said, "0.0.0.0") {
			t.Errorf("at %s it says %s", addr, said)
		}
	}
}

// TestTLSOnThePlainPort shows that the log tells of a client whose URL says
// https: the client itself sees a handshake that failed, and no reason.
func TestTLSOnThePlainPort(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	said, out := io.Pipe()
	logged, log := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, settings(t, "127.0.0.1:0"), out, slog.New(slog.NewTextHandler(log, nil)))
	}()
	var address string
	for lines := bufio.NewScanner(said); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "is listening on http://")
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	line := make(chan string, 1)
	go func() {
		log := bufio.NewReader(logged)
		first, _ := log.ReadString('\n')
		line <- first
		_, _ = io.Copy(io.Discard, log)
	}()
	if _, err := tls.Dial("tcp", address, nil); err == nil {
		t.Error("the port speaks TLS")
	}
	if first := <-line; !strings.Contains(first, "asked for TLS") || !strings.Contains(first, "url=http://"+address) {
		t.Errorf("the log says %q", first)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestABrowserIsLedToTheConsole shows what is at the server's bare address: the
// console for a person, what the API says for a program.
func TestABrowserIsLedToTheConsole(t *testing.T) {
	site, err := withConsole(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]int{"text/html,application/xhtml+xml,*/*;q=0.8": http.StatusSeeOther, "*/*": http.StatusNotFound, "": http.StatusNotFound} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if w.Code != want || want == http.StatusSeeOther && w.Header().Get("Location") != "/console" {
			t.Errorf("Accept %q: %d to %q, want %d", accept, w.Code, w.Header().Get("Location"), want)
		}
	}
}

// TestAProfileSaysWhereTheTimeWent shows that a run leaves a file that go tool
// pprof reads, which is gzip, also where the server could not start.
func TestAProfileSaysWhereTheTimeWent(t *testing.T) {
	t.Setenv("MEMHOOKS_DATA", t.TempDir())
	file := filepath.Join(t.TempDir(), "cpu.pprof")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	screen := terminal.Screen{Out: io.Discard, Err: io.Discard}
	if err := (serveCommand{CPUProfile: file}).Run(cancelled, world{screen: screen}); !errors.Is(err, context.Canceled) {
		t.Errorf("a start that was cancelled ended with %v", err)
	}
	if raw, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		t.Errorf("the profile is %d bytes: %v", len(raw), err)
	}
	if err := (serveCommand{CPUProfile: filepath.Join(file, "no")}).Run(cancelled, world{screen: screen}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a profile that can't be written: %v", err)
	}
}
