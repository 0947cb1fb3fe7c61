package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// stage writes what the Dockerfile copies into a folder: one platform's binary
// and what stands beside it, the roots that it trusts, and an empty data folder.
func (o order) stage(ctx context.Context, dir string, out io.Writer) error {
	system, processor, _ := strings.Cut(o.platforms[0], "/")
	if system != "linux" || len(o.platforms) != 1 {
		return fmt.Errorf("-image is for one platform with linux: give -only linux/amd64 or -only linux/arm64")
	}
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return err
	}
	entries, err := o.entries(ctx, system, processor)
	if err != nil {
		return err
	}
	entries = append(entries, entry{name: "ca-certificates.crt", mode: 0o644, content: roots()})
	for _, e := range entries {
		if err := os.WriteFile(filepath.Join(dir, e.name), e.content, e.mode); err != nil {
			return err
		}
	}
	if err := o.build(ctx, system, processor, filepath.Join(dir, "memhooks")); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: what the image of %s holds\n", dir, o.platforms[0])
	return nil
}

// roots are the certificate authorities that Mozilla trusts without a
// condition, which PEM could not say.
func roots() []byte {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes all
		}
	}
	return text.Bytes()
}
