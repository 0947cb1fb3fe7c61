package wire

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/fault"
)

// appendString quotes s and escapes what JSON.stringify escapes, nothing else.
func appendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fault.New(fault.InvalidField, "a string is not valid UTF-8; convert it to UTF-8 first")
	}
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

// str reads the string whose opening quote stands at p.at.
func (p *parser) str() (string, error) {
	p.at++
	var read []byte // up to the last escape, and it
	start := p.at   // what follows that
	for i := start; i < len(p.text); i++ {
		c := p.text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		p.at = i
		if c < ' ' {
			return "", refuse(i, "a control character stands bare in a string", `write it as an escape such as \n or \u0000`)
		}
		if c == '"' {
			p.at++
			if read == nil {
				return p.text[start:i], nil
			}
			return string(append(read, p.text[start:i]...)), nil
		}
		read = append(read, p.text[start:i]...)
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		read = utf8.AppendRune(read, r)
		start, i = p.at, p.at-1
	}
	return "", refuse(len(p.text), "a string has no closing quote", "send the whole body")
}

// escape reads one escape, or the two that make a surrogate pair.
func (p *parser) escape() (rune, error) {
	const letters, runes = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	rest := p.text[p.at:]
	if len(rest) > 1 && rest[1] != 'u' {
		if i := strings.IndexByte(letters, rest[1]); i >= 0 {
			p.at += 2
			return rune(runes[i]), nil
		}
	}
	r, ok := unicodeEscape(rest)
	if !ok {
		return 0, refuse(p.at, "an escape is not one of JSON's", `write \" \\ \/ \b \f \n \r \t or \u and four hex digits`)
	}
	if !utf16.IsSurrogate(r) {
		p.at += 6
		return r, nil
	}
	low, _ := unicodeEscape(rest[6:])
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, refuse(p.at, "a surrogate escape has no partner", "write both halves of the pair, or the character itself")
	}
	p.at += 12
	return r, nil
}

// unicodeEscape reads the \uXXXX that s begins with.
func unicodeEscape(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
