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

// number is a column of a whole number; 0 where it is NULL.
type number int64

// Scan reads a column.
func (n *number) Scan(v any) error {
	i, ok := v.(int64)
	if v != nil && !ok {
		return fmt.Errorf("a number column holds %T", v)
	}
	*n = number(i)
	return nil
}

// blob is nil where it is empty, so that it is stored as NULL.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
