package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
func isAlpha(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isAlnum(b byte) bool { return isDigit(b) || isAlpha(b) }
func isWord(b byte) bool  { return isAlnum(b) || b == '_' }
func isHex(b byte) bool   { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }

// spaced reports whether r is a letter of a script that separates words; those
// that don't (Chinese, Japanese, Thai…) may touch a number or a label.
func spaced(r rune) bool {
	return unicode.IsLetter(r) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// wordStart reports whether no word reaches into offset i from the left.
func wordStart(text string, i int) bool {
	if i == 0 {
		return true
	}
	if b := text[i-1]; b < utf8.RuneSelf {
		return !isWord(b)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return !spaced(r)
}

// wordEnd reports whether no word goes on at offset i.
func wordEnd(text string, i int) bool {
	if i == len(text) {
		return true
	}
	if b := text[i]; b < utf8.RuneSelf {
		return !isWord(b)
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return !spaced(r)
}

// labelStart is wordStart that also lets a label be the last part of a compound
// name: DB_PASSWORD, db-password, dbPassword.
func labelStart(text string, i int) bool {
	if i == 0 || text[i-1] == '_' || wordStart(text, i) {
		return true
	}
	return 'a' <= text[i-1] && text[i-1] <= 'z' && 'A' <= text[i] && text[i] <= 'Z'
}

// tokenStart is wordStart where a hyphen belongs to the word too.
func tokenStart(text string, i int) bool {
	return wordStart(text, i) && (i == 0 || text[i-1] != '-')
}

// numberStart is wordStart for numbers: not inside a longer number or
// identifier (1.555, A-555, 12:555), and not an amount or a count ($555, #555).
func numberStart(text string, i int) bool {
	if !wordStart(text, i) {
		return false
	}
	if i == 0 {
		return true
	}
	switch text[i-1] {
	case '$', '#', '%':
		return false
	case '-', '.', '+':
		return i == 1 || !isAlnum(text[i-2])
	case ':':
		return i == 1 || !isDigit(text[i-2])
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return !unicode.Is(unicode.Sc, r)
}

// numberEnd is wordEnd for numbers: no digit group or identifier goes on.
func numberEnd(text string, i int) bool {
	if !wordEnd(text, i) {
		return false
	}
	if i+1 >= len(text) {
		return true
	}
	switch text[i] {
	case '-':
		return !isAlnum(text[i+1])
	case '.', '+':
		return !isDigit(text[i+1])
	}
	return true
}

// digitEnd lets anything but a digit follow.
func digitEnd(text string, i int) bool { return i == len(text) || !isDigit(text[i]) }

// anyEnd lets anything follow: the row's check found the end.
func anyEnd(string, int) bool { return true }

// lastWord returns the word before offset i in lower case, past blanks and the
// marks ":", "#", ".", "=" and "/"; at most 16 bytes are looked at.
func lastWord(text string, i int) string {
	low := max(0, i-16)
	for i > low && strings.IndexByte(" :#.=/", text[i-1]) >= 0 {
		i--
	}
	end := i
	for i > low && isAlpha(text[i-1]) {
		i--
	}
	word := []byte(text[i:end])
	for k := range word {
		word[k] |= 0x20
	}
	return string(word)
}

// isHash reports whether s is exactly 64 hex digits, as grains' content
// addresses are.
func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// groupStart is wordStart for groups joined by ":", "-" or ".": the match must
// begin the whole, not a part of it.
func groupStart(text string, i int) bool {
	if !wordStart(text, i) {
		return false
	}
	switch {
	case i == 0 || text[i-1] != ':' && text[i-1] != '-' && text[i-1] != '.':
		return true
	case text[i] == ':':
		return false
	}
	return i == 1 || !isAlnum(text[i-2]) && text[i-2] != ':'
}

// groupEnd is wordEnd where no further group follows.
func groupEnd(text string, i int) bool {
	if !wordEnd(text, i) {
		return false
	}
	return i+1 >= len(text) || text[i] != ':' && text[i] != '-' && text[i] != '.' || !isHex(text[i+1])
}
