package embedded

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// hex64 is a hash: 32 bytes in the database, hex digits outside, NULL where
// empty. A text that is no hash is stored as it is.
type hex64 string

func (h hex64) value() any {
	if h == "" {
		return nil
	}
	if len(h) == 64 && !strings.ContainsAny(string(h), "ABCDEF") {
		var raw [32]byte
		if _, err := hex.Decode(raw[:], []byte(h)); err == nil {
			return raw[:]
		}
	}
	return string(h)
}

// Scan reads a column.
func (h *hex64) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*h = ""
	case []byte:
		*h = hex64(hex.EncodeToString(v))
	case string:
		*h = hex64(v)
	default:
		return fmt.Errorf("a hash column holds %T", v)
	}
	return nil
}

// text is NULL where it is empty.
type text string

func (s text) value() any {
	if s == "" {
		return nil
	}
	return string(s)
}

// Scan reads a column.
func (s *text) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s = ""
	case []byte:
		*s = text(v)
	case string:
		*s = text(v)
	default:
		return fmt.Errorf("a text column holds %T", v)
	}
	return nil
}

// number is NULL where it is 0.
type number int64

func (n number) value() any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// Scan reads a column.
func (n *number) Scan(v any) error {
	i, ok := v.(int64)
	if v != nil && !ok {
		return fmt.Errorf("a number column holds %T", v)
	}
	*n = number(i)
	return nil
}

// count is number for an int.
type count int

// Scan reads a column.
func (n *count) Scan(v any) error {
	var wide number
	err := wide.Scan(v)
	*n = count(wide)
	return err
}

// blob is nil where it is empty, so that it is stored as NULL.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
