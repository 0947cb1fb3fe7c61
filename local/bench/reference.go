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
	"sync"
	"sync/atomic"
	"time"
)

// Reference plays a bare part in a process of its own, so that it has what the
// system under test has: "relay URL" takes a POST and makes a signed one;
// "loop URL N" makes N signed POSTs when it is asked to.
func Reference(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("use: relay URL, or loop URL N")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client := newClient()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && args[0] == "relay" {
			err = signedPost(r.Context(), client, args[1], body)
		} else if err == nil {
			err = loop(r.Context(), client, args[1:], body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusCreated)
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

// atOnce is how many POSTs a bare loop has under way: as many as one hook has.
const atOnce = 32

func loop(ctx context.Context, client *http.Client, args []string, body []byte) error {
	n, err := strconv.ParseInt(args[len(args)-1], 10, 64)
	if err != nil {
		return err
	}
	var next atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for range atOnce {
		all.Go(func() {
			for next.Add(1) <= n && failed.Load() == nil {
				if err := signedPost(ctx, client, args[0], body); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
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
