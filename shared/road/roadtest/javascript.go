package roadtest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fixedPoint says at which byte a text is not what JavaScript's
// JSON.stringify(JSON.parse(text)) gives; nil: it is that very text. It follows
// ECMA-262 (QuoteJSONString, Number::toString, OrdinaryOwnPropertyKeys) and
// shares nothing with the encoder that it judges.
func fixedPoint(text []byte) error {
	s := &script{text: text}
	if err := s.value(); err != nil {
		return fmt.Errorf("byte %d: %w", s.at, err)
	}
	if s.at != len(text) {
		return fmt.Errorf("byte %d: something follows the value", s.at)
	}
	return nil
}

// script is a text that is read as JavaScript would write it.
type script struct {
	text []byte
	at   int
}

// next is the byte that comes, 0 at the end, which no JSON has outside of
// strings.
func (s *script) next() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// takes reads a literal where it comes.
func (s *script) takes(literal string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(literal)) {
		return false
	}
	s.at += len(literal)
	return true
}

func (s *script) value() error {
	switch c := s.next(); {
	case c == '{':
		return s.object()
	case c == '[':
		return s.list(']', s.value)
	case c == '"':
		_, err := s.quoted()
		return err
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case s.takes("null"), s.takes("true"), s.takes("false"):
		return nil
	}
	return fmt.Errorf("no value begins with %q", s.next())
}

// list reads what stands between brackets, parted by commas.
func (s *script) list(end byte, each func() error) error {
	s.at++
	for first := true; s.next() != end; first = false {
		if !first && !s.takes(",") {
			return fmt.Errorf("%q where a comma or %q has to be", s.next(), end)
		}
		if err := each(); err != nil {
			return err
		}
	}
	s.at++
	return nil
}

// object reads members. JSON.parse keeps one of equal keys, and an object tells
// its array indices first, in their order.
func (s *script) object() error {
	var keys []string
	index := int64(-1) // of the key before; what is none is after all indices
	return s.list('}', func() error {
		key, err := s.quoted()
		if err != nil {
			return err
		}
		if slices.Contains(keys, key) {
			return fmt.Errorf("the key %s stands there twice", key)
		}
		at := arrayIndex(key)
		if at < index {
			return fmt.Errorf("the key %s comes too late", key)
		}
		keys, index = append(keys, key), at
		if !s.takes(":") {
			return fmt.Errorf("%q where a colon has to be", s.next())
		}
		return s.value()
	})
}

// noIndex is above all array indices, which end at 2^32-2.
const noIndex = 1<<32 - 1

// arrayIndex is which array index a key is.
func arrayIndex(key string) int64 {
	n, err := strconv.ParseUint(key, 10, 32)
	if err != nil || strconv.FormatUint(n, 10) != key {
		return noIndex
	}
	return int64(n)
}

// quoted reads a string and returns it as it is written, without its quotes:
// two that differ so are different strings.
func (s *script) quoted() (string, error) {
	if !s.takes(`"`) {
		return "", fmt.Errorf("%q where a string has to begin", s.next())
	}
	for from := s.at; s.at < len(s.text); {
		r, size := utf8.DecodeRune(s.text[s.at:])
		switch {
		case r == '"':
			s.at++
			return string(s.text[from : s.at-1]), nil
		case r == '\\':
			if err := s.escaped(); err != nil {
				return "", err
			}
			continue
		case r < ' ':
			return "", fmt.Errorf("the control character %q is not escaped", r)
		case r == utf8.RuneError && size == 1:
			return "", fmt.Errorf("a string is no UTF-8")
		}
		s.at += size
	}
	return "", fmt.Errorf("a string does not end")
}

// escaped reads an escape, which only quotes, backslashes, control characters
// and surrogates without their other half have.
func (s *script) escaped() error {
	if short := s.text[s.at:]; len(short) > 1 && strings.IndexByte(`"\bfnrt`, short[1]) >= 0 {
		s.at += 2
		return nil
	}
	unit, ok := s.unit()
	switch {
	case !ok:
		return fmt.Errorf("an escape that JavaScript does not write")
	case unit < ' ' && strings.IndexByte("\b\f\n\r\t", byte(unit)) < 0:
	case unit>>10 == 0xD800>>10: // the first half
		s.at += len(`\ud800`)
		other, ok := s.unit()
		s.at -= len(`\ud800`)
		if ok && other>>10 == 0xDC00>>10 {
			return fmt.Errorf("both halves of a character are escaped")
		}
	case unit>>10 == 0xDC00>>10: // the second half, after no first one
	default:
		return fmt.Errorf("U+%04X needs no such escape", unit)
	}
	s.at += len(`\u0000`)
	return nil
}

// unit is the escaped code unit that comes, in the form \u00ff; false where none
// does.
func (s *script) unit() (uint64, bool) {
	rest := s.text[s.at:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	digits := string(rest[2:6])
	n, err := strconv.ParseUint(digits, 16, 16)
	return n, err == nil && digits == strings.ToLower(digits)
}

func (s *script) number() error {
	rest := s.text[s.at:]
	length := bytes.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("+-.0123456789eE", r) })
	if length < 0 {
		length = len(rest)
	}
	literal := string(rest[:length])
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		return fmt.Errorf("%s is no number of JavaScript's", literal)
	}
	if written := numeral(f); written != literal {
		return fmt.Errorf("the number %s is written %s", literal, written)
	}
	s.at += length
	return nil
}

// numeral is a finite number as Number::toString prints it: the fewest digits
// that tell it from others, with an exponent from 1e21 on and below 1e-6.
func numeral(f float64) string {
	if f == 0 {
		return "0" // -0 too
	}
	if f < 0 {
		return "-" + numeral(-f)
	}
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	exponent, _ := strconv.Atoi(power) // FormatFloat writes one
	digits := strings.Replace(mantissa, ".", "", 1)
	switch point := exponent + 1; { // how many digits are before it
	case len(digits) <= point && point <= 21:
		return digits + strings.Repeat("0", point-len(digits))
	case 0 < point && point <= 21:
		return digits[:point] + "." + digits[point:]
	case -6 < point && point <= 0:
		return "0." + strings.Repeat("0", -point) + digits
	}
	if exponent < 0 {
		return mantissa + "e-" + strconv.Itoa(-exponent)
	}
	return mantissa + "e+" + strconv.Itoa(exponent)
}
