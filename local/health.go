package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

type healthCommand struct {
	URL     string        `name:"url" env:"MEMHOOKS_URL" placeholder:"URL" help:"The server's address; where there is none, the one that serve has from MEMHOOKS_ADDR."`
	Addr    string        `env:"MEMHOOKS_ADDR" default:"127.0.0.1:8080" hidden:""`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
	JSON    bool          `name:"json" help:"Print JSON, for programs."`
}

// Run asks the server whether it takes writes, and fails where it does not.
func (c healthCommand) Run(ctx context.Context, w world) error {
	r := remote{URL: c.URL, JSON: c.JSON}
	if r.URL == "" {
		r.URL = "http://" + nearby(c.Addr)
	}
	bounded, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	raw, err := r.client(w).Raw(bounded, "GET", "/readyz", nil, nil)
	if err == nil {
		return r.print(w, raw)
	}
	if bounded.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%s did not answer in %s", r.URL, c.Timeout)
	}
	return r.explain(ctx, err)
}

// nearby is how a server is reached from its own machine when what it listens
// on is every address.
func nearby(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
