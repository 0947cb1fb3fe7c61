package wire

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/fault"
)

const (
	maxNesting = 32   // objects and arrays inside each other, the outermost counted
	maxMembers = 1000 // keys of one object
)

// Parse reads data as one JSON value (RFC 8259) and returns it as
// map[string]any, []any, string, json.Number, bool or nil. Numbers stay as they
// were written; \u0000 is a character like any other; empty objects and arrays
// are empty, not nil. Nothing is guessed or mended. It refuses, with
// fault.InvalidJSON, the offset in bytes from 0 and what to do: empty input,
// trailing data, invalid UTF-8 (a byte order mark too), lone surrogate escapes,
// the same key twice in an object, objects and arrays nested more than 32 deep,
// an object of more than 1000 members, a number of more than 400 characters or
// beyond float64's range. No content stands in its messages.
//
// Strings share one copy of data; clone those that are kept for long.
func Parse(data []byte) (any, error) {
	p := parser{text: string(data)}
	if !utf8.ValidString(p.text) {
		return nil, refuse(invalidUTF8(p.text), "a byte is not UTF-8", "encode the body as UTF-8")
	}
	p.space()
	if p.at == len(p.text) {
		return nil, refuse(p.at, "there is nothing to read", "send a JSON value")
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.text) {
		return nil, refuse(p.at, "something follows the value", "send one JSON value and nothing after it")
	}
	return v, nil
}

// parser reads text, which is valid UTF-8, from at.
type parser struct {
	text string
	at   int
}

func refuse(at int, what, step string) error {
	return fault.New(fault.InvalidJSON, "JSON refused at byte %d: %s; %s", at, what, step)
}

func invalidUTF8(s string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(s)
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next skips white space and returns the byte there, 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) value(depth int) (any, error) {
	switch c := p.next(); c {
	case '{', '[':
		if depth == maxNesting {
			return nil, refuse(p.at, "it nests deeper than 32 levels", "flatten the value")
		}
		p.at++
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case '"':
		return p.str()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *parser) word(w string) error {
	if !strings.HasPrefix(p.text[p.at:], w) {
		return p.noValue()
	}
	p.at += len(w)
	return nil
}

func (p *parser) noValue() error {
	if p.at == len(p.text) {
		return refuse(p.at, "the text ends where a value should stand", "send the whole body")
	}
	return refuse(p.at, "no JSON value stands here", "write an object, array, string, number, true, false or null")
}

func (p *parser) number() (any, error) {
	n, whole := scanNumber(p.text[p.at:])
	if n == 0 {
		return nil, p.noValue()
	}
	literal := p.text[p.at : p.at+n]
	if n > maxNumber {
		return nil, refuse(p.at, "a number has more than 400 characters", "shorten it or send it as a string")
	}
	if overflows(literal, whole) {
		return nil, refuse(p.at, "a number is beyond 1.8e308", "send a smaller one, or a string")
	}
	p.at += n
	return json.Number(literal), nil
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	if p.next() == ']' {
		p.at++
		return list, nil
	}
	for {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return list, nil
		default:
			return nil, refuse(p.at, "an array goes on neither with a comma nor with ]", "mend the array")
		}
	}
}

func (p *parser) object(depth int) (any, error) {
	members := map[string]any{}
	if p.next() == '}' {
		p.at++
		return members, nil
	}
	for {
		if err := p.member(members, depth); err != nil {
			return nil, err
		}
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return members, nil
		default:
			return nil, refuse(p.at, "an object goes on neither with a comma nor with }", "mend the object")
		}
	}
}

func (p *parser) member(members map[string]any, depth int) error {
	if p.next() != '"' {
		return refuse(p.at, "a key in double quotes should stand here", "mend the object")
	}
	start := p.at
	key, err := p.str()
	if err != nil {
		return err
	}
	if _, known := members[key]; known {
		return refuse(start, "a key stands twice in one object", "keep one of the two")
	}
	if len(members) == maxMembers {
		return refuse(start, "an object has more than 1000 members", "split it")
	}
	if p.next() != ':' {
		return refuse(p.at, "a colon should follow the key", "mend the object")
	}
	p.at++
	v, err := p.value(depth)
	if err != nil {
		return err
	}
	members[key] = v
	return nil
}
