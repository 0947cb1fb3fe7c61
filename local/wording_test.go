package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// Refusals that a fixture without keys does not give, in the command line's
// words.
func TestRefusalsInTheCommandLinesWords(t *testing.T) {
	for said, want := range map[*client.Error]string{
		{Status: http.StatusUnauthorized, Code: "auth_required", Message: `a key is needed: send the header "Authorization: Bearer <key>"`}:                  "the server wants a key: set MEMHOOKS_KEY, or give --key",
		{Status: http.StatusUnauthorized, Code: "invalid_key", Message: "this key is not known or was revoked"}:                                              "the server does not know the key, or it was revoked: check MEMHOOKS_KEY or --key, or ask an administrator for a new one",
		{Status: http.StatusForbidden, Code: "scope_denied", Message: `this key lacks the scope "write": use one that has it, or let an admin key make one`}: `this key lacks the scope "write": give one that has it in MEMHOOKS_KEY or --key; who has an admin key makes one with memhooks keys create`,
		{Status: http.StatusTooManyRequests, Code: "rate_limited", Message: "too many requests for this key: wait as long as Retry-After says"}:              "too many requests for this key: try again in a second",
		{Status: http.StatusRequestEntityTooLarge, Code: "payload_too_large", Message: "reason has 300 bytes; at most 200 of UTF-8 are kept: shorten it"}:    "--reason has 300 bytes; at most 200 of UTF-8 are kept: shorten it",
		{Status: http.StatusConflict, Code: "conflict", Message: "to be or from there"}:                                                                      "to be or from there",
	} {
		if got := (&remote{}).explain(context.Background(), said); got == nil || got.Error() != want {
			t.Errorf("%s\nis told as\n%v\nwant\n%s", said.Message, got, want)
		}
	}
}

// What is put into other words is still what the API says: a sentence that
// changes there changes here, or fails by its name.
func TestWhatTheCommandLineRewordsIsWhatTheAPISays(t *testing.T) {
	said, fields := sentences(t)
	wants := []string{"the cursor is ", strings.Replace(polling.String(), `(\S+)`, "%s", 1)}
	for i := 0; i < len(phrases); i += 2 {
		wants = append(wants, phrases[i])
	}
	for _, l := range lists {
		wants = append(wants, l.said)
	}
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("the API says nowhere %q: put its new sentence into wording.go", want)
		}
	}
	for _, names := range []map[string]string{flags, leading} {
		for name := range names {
			if name != "the cursor" && !fields[name] {
				t.Errorf("the API has no field %q: put its new name into wording.go", name)
			}
		}
	}
}

// tagged finds the name of a field of a request in a struct's tag.
var tagged = regexp.MustCompile(`(?:json|query):"([a-z_]+)`)

// sentences are the texts of the server's source, those that stand in several
// pieces joined, and the names of its JSON fields and query parameters.
func sentences(t *testing.T) (said string, fields map[string]bool) {
	t.Helper()
	var texts strings.Builder
	fields = map[string]bool{}
	err := filepath.WalkDir("../shared", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if e, isExpr := n.(ast.Expr); isExpr {
				texts.WriteString(joined(e) + "\n")
			}
			if f, isField := n.(*ast.Field); isField && f.Tag != nil {
				for _, tag := range tagged.FindAllStringSubmatch(f.Tag.Value, -1) {
					fields[tag[1]] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts.String(), fields
}

// joined is a text of one piece or several, "" for any other expression.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	}
	return ""
}
