package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Reference plays a bare part in a process of its own, so that it has what the
// system under test has: "relay URL N" takes a POST and makes N signed ones, one
// after another; "keep URL FILE" makes one when the body is in a file and on its disk;
// "loop URL N" makes N signed POSTs when it is asked to; "answer N" answers N
// bytes of JSON.
func Reference(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("use: relay URL N, keep URL FILE, loop URL N, or answer N")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	part, err := partOf(ctx, args)
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var answer []byte
		if err == nil {
			answer, err = part(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	fmt.Fprintln(os.Stdout, "listening on http://"+l.Addr().String())
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	_ = server.Serve(l)
	return nil
}

// partOf is what a bare part does with a request's body.
func partOf(ctx context.Context, args []string) (func(body []byte) ([]byte, error), error) {
	client := newClient()
	switch args[0] {
	case "relay":
		n, err := strconv.Atoi(args[len(args)-1])
		return func(body []byte) ([]byte, error) { return nil, relay(ctx, client, args[1], n, body) }, err
	case "keep":
		file, err := os.OpenFile(args[len(args)-1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		return func(body []byte) ([]byte, error) { return nil, keep(ctx, client, args[1], file, body) }, err
	case "loop":
		return func(body []byte) ([]byte, error) { return nil, loop(ctx, client, args[1:], body) }, nil
	case "answer":
		n, err := strconv.Atoi(args[1])
		answer := []byte(`"` + strings.Repeat("x", max(0, n-2)) + `"`)
		return func([]byte) ([]byte, error) { return answer, nil }, err
	default:
		return nil, fmt.Errorf("there is no bare part %q", args[0])
	}
}

func relay(ctx context.Context, client *http.Client, url string, n int, body []byte) error {
	for range n {
		if err := signedPost(ctx, client, url, body); err != nil {
			return err
		}
	}
	return nil
}

// keep is a relay that loses nothing it has answered.
func keep(ctx context.Context, client *http.Client, url string, file *os.File, body []byte) error {
	if _, err := file.Write(body); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return signedPost(ctx, client, url, body)
}

// atOnce is how many POSTs a bare loop has under way: as many as one hook has.
const atOnce = 32

func loop(ctx context.Context, client *http.Client, args []string, body []byte) error {
	n, err := strconv.Atoi(args[len(args)-1])
	if err != nil {
		return err
	}
	return together(atOnce, n, func(int64) error { return signedPost(ctx, client, args[0], body) })
}

// signedPost is the least that a webhook sender does.
func signedPost(ctx context.Context, client *http.Client, url string, body []byte) error {
	mac := hmac.New(sha256.New, []byte("bench-secret"))
	mac.Write(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-REM-Signature", hex.EncodeToString(mac.Sum(nil)))
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 4096))
	return err
}
