package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// beside are the files of the checkout that stand beside every binary.
var beside = [...]string{"CHANGELOG.md", "LICENSE", "README.md"}

// run builds and packs each platform, then writes the sums of all archives.
func (o order) run(ctx context.Context, out io.Writer) error {
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "memhooks-release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	var sums []string
	for _, p := range o.platforms {
		name, content, err := o.archive(ctx, p, scratch)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		if err := os.WriteFile(filepath.Join(o.out, name), content, 0o644); err != nil { //nolint:gosec // an archive is for everyone
			return err
		}
		fmt.Fprintf(out, "%6.1f MiB  %s\n", float64(len(content))/(1<<20), name)
		sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name))
	}
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(o.out, "SHA256SUMS"), []byte(strings.Join(sums, "")), 0o644) //nolint:gosec // as the archives
}

// archive builds one platform's binary and returns what it is packed into.
func (o order) archive(ctx context.Context, platform, scratch string) (name string, content []byte, err error) {
	system, processor, _ := strings.Cut(platform, "/")
	binary := "memhooks"
	pack := tarball
	suffix := ".tar.gz"
	if system == "windows" {
		binary, pack, suffix = "memhooks.exe", zipped, ".zip"
	}
	built := filepath.Join(scratch, system+"-"+processor)
	if err := o.build(ctx, system, processor, built); err != nil {
		return "", nil, err
	}
	folder := strings.Join([]string{"memhooks", o.version, system, processor}, "_")
	entries, err := o.entries(ctx, system, processor)
	if err != nil {
		return "", nil, err
	}
	program, err := os.ReadFile(built)
	if err != nil {
		return "", nil, err
	}
	entries = append(entries, entry{name: binary, mode: 0o755, content: program})
	for i := range entries {
		entries[i].name = folder + "/" + entries[i].name
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	content, err = pack(entries, o.time)
	return folder + suffix, content, err
}

// build makes a static binary in which nothing tells where it was built.
func (o order) build(ctx context.Context, system, processor, to string) error {
	_, err := o.goTool(ctx, system, processor, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+o.version, "-o", to, "./local")
	return err
}

// entries are the files beside a platform's binary.
func (o order) entries(ctx context.Context, system, processor string) ([]entry, error) {
	notices, err := o.notices(ctx, system, processor)
	if err != nil {
		return nil, err
	}
	entries := []entry{{name: "NOTICES.txt", mode: 0o644, content: notices}}
	files := beside[:]
	if system == "linux" {
		files = append(files, "infra/systemd/memhooks.service")
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(o.root, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: path.Base(name), mode: 0o644, content: content})
	}
	return entries, nil
}

// goTool runs go in the checkout, for a platform, and returns what it prints.
func (o order) goTool(ctx context.Context, system, processor string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = o.root
	command.Env = append(command.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOAMD64=v1", "GOARM64=v8.0")
	var said bytes.Buffer
	command.Stderr = &said
	printed, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, said.Bytes())
	}
	return printed, nil
}
