package pii

import (
	"encoding/base64"
	"strings"
)

// isTokenByte reports whether b may stand in a key as it is pasted.
func isTokenByte(b byte) bool { return isWord(b) || strings.IndexByte("-+/=.~", b) >= 0 }

// wholeToken accepts any token and takes it to its end, however long. A check
// may call it without a bound only for what it accepts: nothing is looked for
// in that again.
func wholeToken(text string, start, end int) int {
	for end < len(text) && isTokenByte(text[end]) {
		end++
	}
	return start + len(strings.TrimRight(text[start:end], ".-"))
}

// judged is how much of a token decides whether it looks random, in bytes: a
// refused token is looked at again from each lead in it.
const judged = 128

// isRandom is wholeToken for values that look made by a machine.
func isRandom(text string, start, end int) int {
	near := wholeToken(text[:min(len(text), max(end, start+judged))], start, end)
	value := text[start:near]
	if near < len(text) && strings.IndexByte("({[", text[near]) >= 0 || !looksRandom(value) || isPlaceholder(value) {
		return 0
	}
	return wholeToken(text, start, end)
}

// looksRandom reports whether some part of at least six letters and digits has
// both, or a long value mixes its cases.
func looksRandom(value string) bool {
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r >= 0x80 || !isAlnum(byte(r)) }) {
		if len(part) >= 6 && strings.ContainsAny(part, "0123456789") && strings.ToLower(part) != strings.ToUpper(part) {
			return true
		}
	}
	return len(value) >= 20 && !strings.ContainsAny(value, "._-/") && mixedCase(value)
}

// isBasic accepts the "user:password" of HTTP's Basic scheme.
func isBasic(text string, start, end int) int {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text[start:end], "="))
	if err != nil || !strings.Contains(string(plain), ":") {
		return 0
	}
	return end
}

// mixedCase reports whether s has at least three letters of each case.
func mixedCase(s string) bool {
	var lower, upper int
	for i := range len(s) {
		switch {
		case 'a' <= s[i] && s[i] <= 'z':
			lower++
		case 'A' <= s[i] && s[i] <= 'Z':
			upper++
		}
	}
	return lower >= 3 && upper >= 3
}

// notPasswords are words that stand behind "password:" without being one.
var notPasswords = wordSet(`string str text bytes byte number bool boolean int any object null none nil undefined true false
	required optional invalid incorrect wrong missing expired changed reset hidden redacted protected empty unset set
	must should will may can cannot please enter your the and not see unknown default type field value input
	password passwd passphrase secret token yes disabled enabled weak strong accepted rejected failed updated`)

// isPlaceholder reports whether a value only stands for a secret.
func isPlaceholder(v string) bool {
	if v == "" || strings.IndexByte("$<{%&@", v[0]) >= 0 || strings.Contains(v, "${") || strings.Contains(v, "{{") {
		return true
	}
	return strings.Trim(strings.ToLower(v), "*x.•_-") == "" || notPasswords[strings.ToLower(v)]
}

// isPassword judges the value behind a password label. A quoted value, or one
// with a digit or a symbol, is a password; a bare word only where it is set
// without a blank ("password=swordfish") or ends its line ("password:
// swordfish"), since else it is a sentence or code.
func isPassword(text string, start, end int) int {
	value := strings.TrimRight(text[start:end], ".,;:)]}&")
	end = start + len(value)
	if len(value) < 4 || isPlaceholder(value) {
		return 0
	}
	if quote := text[start-1]; quote == '"' || quote == '\'' || quote == '`' {
		return end
	}
	if strings.ContainsAny(value, "([") && isAlpha(value[0]) || strings.Contains(value, "::") {
		return 0
	}
	name := true // letters, "_" and ".": a word or an identifier
	for i := range len(value) {
		name = name && (isAlpha(value[i]) || value[i] == '_' || value[i] == '.')
	}
	switch {
	case !name:
		return end
	case strings.ContainsAny(value, "."):
		return 0
	case text[start-1] == '=':
		return end
	}
	label := strings.TrimRight(text[:start], " \t")
	if strings.HasSuffix(label, ":") && endsLine(text, end) && strings.ToLower(value) == value && !strings.Contains(value, "_") {
		return end
	}
	return 0
}

// endsLine reports whether nothing but a mark and blanks follow on the line.
func endsLine(text string, i int) bool {
	for ; i < len(text) && strings.IndexByte(" \t.,;", text[i]) >= 0; i++ {
		if text[i] == ',' {
			return true
		}
	}
	return i == len(text) || text[i] == '\n' || text[i] == '\r'
}

// isUserInfo accepts "user:password" of a URL unless it is a template.
func isUserInfo(text string, start, end int) int {
	_, password, _ := strings.Cut(text[start:end], ":")
	if isPlaceholder(password) && !notPasswords[strings.ToLower(password)] {
		return 0
	}
	return end
}

// maxKeyBlock bounds the bytes of one private key in text form.
const maxKeyBlock = 16 << 10

// keyBlock takes a private key from its first line to the end of its last; of
// one that was cut off, the lines without blanks that follow.
func keyBlock(text string, _, end int) int {
	rest := text[end:min(end+maxKeyBlock, len(text))]
	if mark := strings.Index(rest, "-----"); mark >= 0 && strings.HasPrefix(rest[mark:], "-----END ") {
		last := rest[mark+9 : min(mark+80, len(rest))]
		if stop := strings.Index(last, "-----"); stop >= 0 {
			return end + mark + 9 + stop + 5
		}
	}
	for end < len(text) && (isTokenByte(text[end]) || strings.IndexByte("\r\n\\", text[end]) >= 0) {
		end++
	}
	return end
}
