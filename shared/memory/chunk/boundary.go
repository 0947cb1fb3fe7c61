package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How strongly a text asks to be cut at an offset.
const (
	inside    = iota // within a grapheme cluster: not at all
	cluster          // within a word
	word             // at the end of a word
	line             // at the end of a line
	sentence         // at the end of a sentence
	paragraph        // before an empty line or a Markdown heading
)

// boundary returns the strength of the boundary at an offset between start and
// the text's end. Space belongs to neither side: a boundary lies before it.
func boundary(text string, start, at int) int {
	if plain(text[at-1]) && plain(text[at]) {
		return cluster
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	switch {
	case joined(text, at) || unicode.IsSpace(before):
		return inside
	case !unicode.IsSpace(after):
		if before >= utf8.RuneSelf && endsIn(text[start:at], "。！？｡") && !strings.ContainsRune(closing, after) {
			return sentence
		}
		return cluster
	}
	lines, next := gap(text[at:])
	switch {
	case lines > 0 && heading(text[start:at]):
		return word // a heading stays with what it heads
	case lines > 1 || lines == 1 && atx(next):
		return paragraph
	case endsIn(text[start:at], ".!?…。！？｡"):
		return sentence
	case lines == 1:
		return line
	}
	return word
}

// closing are the marks that may follow a sentence's last.
const closing = "\"')]}»”’」』）*_"

// endsIn reports whether a text's last character before closing marks, of
// which a sentence has a few at most, is one of those given.
func endsIn(text, marks string) bool {
	const most = 8 // characters
	for range most {
		last, width := utf8.DecodeLastRuneInString(text)
		if width == 0 || !strings.ContainsRune(closing, last) {
			return width > 0 && strings.ContainsRune(marks, last)
		}
		text = text[:len(text)-width]
	}
	return false
}

// plain reports whether a byte is an ASCII character that is no space: between
// two of them there is nothing to look for.
func plain(b byte) bool { return b > ' ' && b < utf8.RuneSelf }

// gap counts the line ends of the space that a text begins with, two at most,
// and returns what follows. Space too long to be a gap in prose counts as two.
func gap(text string) (lines int, next string) {
	const longest = 256 // bytes
	for i, r := range text {
		switch {
		case !unicode.IsSpace(r):
			return lines, text[i:]
		case r == '\n':
			lines++
		}
		if lines == 2 || i > longest {
			return 2, ""
		}
	}
	return lines, ""
}

// heading reports whether the last line of a text is a Markdown heading.
func heading(text string) bool {
	return atx(text[strings.LastIndexByte(text, '\n')+1:])
}

// atx reports whether a line is a Markdown heading: one to six # and a space.
func atx(line string) bool {
	rest := strings.TrimLeft(line, "#")
	level := len(line) - len(rest)
	return level >= 1 && level <= 6 && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t"))
}

// joined reports whether the characters on both sides of an offset belong to
// one grapheme cluster, by the rules that occur in practice: line ends,
// combining marks, joiners, emoji modifiers and tags, flags, Hangul jamo.
func joined(text string, at int) bool {
	if at == 0 || at == len(text) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	const zeroWidthJoiner = '\u200d'
	switch {
	case before == '\r' && after == '\n':
		return true
	case before < utf8.RuneSelf && after < utf8.RuneSelf:
		return false
	case unicode.IsSpace(before):
		return false
	case before == zeroWidthJoiner || after == zeroWidthJoiner || after == '\u200c':
		return true
	case unicode.IsMark(after), after >= 0x1f3fb && after <= 0x1f3ff, after >= 0xe0020 && after <= 0xe007f:
		return true
	case flag(before) && flag(after):
		return flagsBefore(text[:at])%2 == 1
	}
	return jamoJoined(before, after)
}

// flag reports whether a character is half of a flag (a regional indicator).
func flag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// flagsBefore counts the halves of flags that a text ends with, 64 at most: a
// longer row says nothing, and may be cut anywhere.
func flagsBefore(text string) (n int) {
	const longest = 64
	for ; n < longest; n++ {
		r, width := utf8.DecodeLastRuneInString(text)
		if !flag(r) {
			break
		}
		text = text[:len(text)-width]
	}
	return n
}

// jamoJoined reports whether two characters build one Hangul syllable.
func jamoJoined(before, after rune) bool {
	leading := before >= 0x1100 && before <= 0x115f
	vowel := before >= 0x1160 && before <= 0x11a7
	syllable := before >= 0xac00 && before <= 0xd7a3
	switch {
	case after >= 0x1100 && after <= 0x115f:
		return leading
	case after >= 0x1160 && after <= 0x11a7:
		return leading || vowel || syllable && (before-0xac00)%28 == 0
	case after >= 0x11a8 && after <= 0x11ff:
		return vowel || syllable || before >= 0x11a8 && before <= 0x11ff
	case after >= 0xac00 && after <= 0xd7a3:
		return leading
	}
	return false
}
