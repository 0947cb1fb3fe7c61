package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/sign"
	"github.com/memhooks/memhooks/shared/sign/diagnosis"
)

type verifyCommand struct {
	File    string   `arg:"" optional:"" default:"-" help:"The body as it arrived; - = standard input."`
	Secret  string   `env:"MEMHOOKS_SECRET" required:"" placeholder:"TEXT" help:"The hook's secret."`
	Header  []string `short:"H" sep:"none" placeholder:"NAME: VALUE" help:"A header of the request, such as X-REM-Signature; repeat it for each. webhook-signature needs webhook-id and webhook-timestamp."`
	Request bool     `help:"The file is a whole request as it was captured: its head, an empty line, the body."`
	AnyTime bool     `help:"Leave the time unchecked, for a request that is kept for longer than five minutes."`
	JSON    bool     `name:"json" help:"Print JSON, for programs."`
}

// tolerance is how far from now a signature's time may be.
const tolerance = 5 * time.Minute

// maxCaptured bounds what is read, in bytes: ten times the largest body that is
// sent.
const maxCaptured = 1 << 20

// Run says of each signature whether it fits, and if not, why. It fails unless
// all fit.
func (c verifyCommand) Run(w world) error {
	if c.Secret == "" {
		return unset("--secret")
	}
	raw, err := c.read(w)
	if err != nil {
		return err
	}
	header := http.Header{}
	if c.Request {
		header, raw = parted(raw)
	}
	for _, line := range c.Header {
		if err := addHeader(header, line); err != nil {
			return err
		}
	}
	secret, err := sign.NewSecret(c.Secret)
	if err != nil {
		return err
	}
	within := tolerance
	if c.AnyTime {
		within = -1
	}
	found := diagnosis.Of(secret, raw, header, w.now(), within)
	if len(found) == 0 {
		names := strings.Join(append(sign.ProductHeaders(), sign.HeaderSignature), ", ")
		return usagef("no signature to look at: give one of %s with --header; a hook without a secret sends none", names)
	}
	return c.print(w, found)
}

func (c verifyCommand) read(w world) ([]byte, error) {
	in := w.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("the body can't be read: %w; give the file that holds it as it arrived, or - and the body on standard input", err)
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxCaptured+1))
	if err == nil && len(raw) > maxCaptured {
		err = fmt.Errorf("there are more than %d bytes: is that one request?", maxCaptured)
	}
	return raw, err
}

// parted takes a captured request apart. Its lines may end in CRLF or LF; what
// is no header line, such as the request's first, is passed over.
func parted(raw []byte) (http.Header, []byte) {
	header := http.Header{}
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		text := strings.TrimSuffix(string(line), "\r")
		if text == "" {
			break
		}
		_ = addHeader(header, text) // the first line is none
	}
	return header, raw
}

// addHeader reads a header as it stands in a request, or on a command line.
func addHeader(h http.Header, line string) error {
	name, value, found := strings.Cut(line, ":")
	if name = strings.TrimSpace(name); !found || name == "" || strings.ContainsAny(name, " \t") {
		return usagef(`--header is %q: write it as "X-REM-Signature: …"`, line)
	}
	h.Add(name, strings.TrimSpace(value))
	return nil
}

func (c verifyCommand) print(w world, found []diagnosis.Finding) error {
	valid := true
	for _, f := range found {
		valid = valid && f.Valid
	}
	if c.JSON {
		err := json.NewEncoder(w.screen.Out).Encode(map[string]any{"valid": valid, "signatures": found})
		return errors.Join(err, failing(valid))
	}
	for _, f := range found {
		word := "invalid"
		if f.Valid {
			word = "valid"
		}
		if _, err := fmt.Fprintf(w.screen.Out, "%s: %s\n", f.Header, w.screen.Tone(word)); err != nil {
			return err
		}
		for _, why := range f.Why {
			fmt.Fprintf(w.screen.Out, "    %s\n", terminal.Clean(why))
		}
	}
	return failing(valid)
}

// failing ends a command that printed what is wrong.
func failing(fine bool) error {
	if fine {
		return nil
	}
	return errTold
}
