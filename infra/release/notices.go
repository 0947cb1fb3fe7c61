package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licence is what files that grant or name rights are called.
var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-.].*)?$`)

// notices returns the licences of Go and of every module that a platform's
// binary holds, as they ask for.
func (o order) notices(ctx context.Context, system, processor string) ([]byte, error) {
	const each = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}	{{.Dir}}{{end}}{{end}}`
	listed, err := o.goTool(ctx, system, processor, "list", "-deps", "-f", each, "./local")
	if err != nil {
		return nil, err
	}
	root, err := o.goTool(ctx, system, processor, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := strings.Split(strings.TrimSpace(string(listed)), "\n")
	slices.Sort(modules)
	modules = append([]string{"Go\t" + strings.TrimSpace(string(root))}, slices.Compact(modules)...)
	var text bytes.Buffer
	for _, m := range modules {
		name, dir, _ := strings.Cut(m, "\t")
		if err := granted(&text, name, dir); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// granted adds what a module's own folder grants.
func granted(text *bytes.Buffer, module, dir string) error {
	files, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	found := false
	for _, f := range files {
		if f.IsDir() || !licence.MatchString(f.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(text, "==== %s: %s\n\n%s\n\n", module, f.Name(), bytes.TrimSpace(content))
	}
	if !found {
		return fmt.Errorf("%s has no licence file: may it be given to others?", module)
	}
	return nil
}
