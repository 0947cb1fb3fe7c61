package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// usage is an error of how a command was called, found after its flags had
// been read.
type usage struct{ text string }

// Error is the text.
func (u usage) Error() string { return u.text }

func usagef(format string, args ...any) error { return usage{fmt.Sprintf(format, args...)} }

// mistyped are the refusals of the API that are about what was typed: a request
// holds nothing else.
var mistyped = []string{"invalid_field", "missing_field", "invalid_json"}

// misuse says whether the API refused what was typed.
func misuse(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && slices.Contains(mistyped, refusal.Code)
}

// empty finds a flag or an argument that was given and holds nothing, which is
// a variable of the shell that is not set more often than a wish. What is passed
// through may: it is another command's.
func empty(parsed *kong.Context) error {
	for _, p := range parsed.Path {
		switch {
		case p.Flag != nil && nothing(p.Flag.Target):
			return unset("--" + p.Flag.Name)
		case p.Positional != nil && p.Positional.PassthroughMode == kong.PassThroughModeNone && nothing(p.Positional.Target):
			return unset("<" + p.Positional.Name + ">")
		}
	}
	return nil
}

func unset(name string) error { return usagef("%s is empty: is the variable set?", name) }

// nothing says whether a text is empty, or a list, or a text in it.
func nothing(v reflect.Value) bool {
	switch v = reflect.Indirect(v); v.Kind() {
	case reflect.String:
		return v.Len() == 0
	case reflect.Slice:
		for i := range v.Len() {
			if nothing(v.Index(i)) {
				return true
			}
		}
		return v.Len() == 0
	}
	return false
}

// Where the parser's words mislead, or miss the next step.
var (
	absent    = regexp.MustCompile(`must be one of "",`) // "" stands for the flag that is absent
	dashed    = regexp.MustCompile(`^(--[a-z-]+): expected \S+ value but got "(-[^"]*)" .*`)
	unit      = regexp.MustCompile(`^(--[a-z-]+): expected duration but got ("[^"]*"): .*`)
	positions = regexp.MustCompile(`^expected ("<.*)$`)
)

// misparsed is what the parser refused, and which help tells more.
func misparsed(err error) error {
	said := absent.ReplaceAllString(err.Error(), "must be one of ")
	said = dashed.ReplaceAllString(said, `$1 is "$2": give a value that does not begin with a hyphen`)
	said = unit.ReplaceAllString(said, "$1 is $2: write a time with its unit, as in 90m or 24h")
	said = positions.ReplaceAllString(said, "$1 is missing")
	var where *kong.ParseError
	if errors.As(err, &where) && where.Context.Selected() != nil {
		return fmt.Errorf("%s; %s --help tells more", said, where.Context.Selected().FullPath())
	}
	return fmt.Errorf("%s; memhooks --help lists what there is", said)
}
