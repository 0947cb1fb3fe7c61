// Package terminal writes what a person reads: aligned tables, documents,
// colours and progress, each only where it can be seen. Text of others never
// reaches the terminal as a control sequence.
package terminal

import (
	"io"
	"os"
	"strings"
	"unicode"
)

// Screen is where a command writes. Its zero value but for the writers is what
// a file or a pipe gets: no colour, no progress.
type Screen struct {
	Out, Err io.Writer
	Colour   bool // Out takes colours
	Live     bool // Err is a terminal, where a line can be drawn again
}

// For returns the screen of a process. Nothing is coloured where NO_COLOR is
// set or the terminal is dumb (https://no-color.org).
func For(out, err *os.File, getenv func(string) string) Screen {
	able := getenv("TERM") != "dumb"
	return Screen{Out: out, Err: err, Colour: able && getenv("NO_COLOR") == "" && isTerminal(out), Live: able && isTerminal(err)}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours, all of one length so that they shift no column.
const (
	plain  = "\x1b[39m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// tones are the colours of words that say how something stands.
var tones = map[string]string{
	"active": green, "delivered": green, "valid": green, "yes": green,
	"pending": yellow, "paused": yellow, "held": yellow, "skipped": yellow,
	"disabled": red, "dead": red, "expired": red, "invalid": red, "failed": red,
}

// Tone colours a word by what it says, where colours can be seen. The colour
// is that of the word's first part: "failed: timed out" is red.
func (s Screen) Tone(word string) string {
	if !s.Colour {
		return word
	}
	first, _, _ := strings.Cut(word, ":")
	tone, known := tones[strings.TrimSpace(first)]
	if !known {
		tone = plain
	}
	return tone + word + reset
}

// Clean replaces what a terminal would obey, or what would break a line, by
// the sign for what can't be shown.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
