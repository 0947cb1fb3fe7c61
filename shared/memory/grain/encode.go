package grain

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

// The header's first byte and the flags that a grain of ours can have.
const (
	version          = 1
	hasContentRefs   = 1 << 3
	hasEmbeddingRefs = 1 << 4
)

// sensitivities are the tag prefixes that set bits 6 and 7 of the flags; the
// highest one wins.
var sensitivities = []struct {
	prefix string
	bits   byte
}{
	{"phi:", 0b11 << 6}, {"pii:", 0b10 << 6}, {"sec:", 0b10 << 6}, {"legal:", 0b10 << 6}, {"reg:", 0b01 << 6},
}

// Hash returns the grain's content address: 64 lowercase hex digits of SHA-256
// over Encode's bytes. It is the same for the same fields at the same time.
func (g Grain) Hash() (string, error) {
	b, err := g.Encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// ValidHash reports whether s has the form of a content address: 64 lowercase
// hex digits.
func ValidHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Encode returns the bytes that the content address is made of: nine of header,
// then the canonical MessagePack map. It expects the normal form that New
// gives; a grain that was put together otherwise and cannot be written is
// fault.InvalidField.
func (g Grain) Encode() ([]byte, error) {
	t, err := Lookup(g.Type)
	if err != nil {
		return nil, err
	}
	b := g.appendHeader(make([]byte, 0, 1024), t.code)
	var room [32]entry
	entries := append(room[:0], entry{key: "t", value: t.hashed}, entry{key: "ca", value: g.CreatedAt})
	if g.Namespace != "" {
		entries = append(entries, entry{key: "ns", value: g.Namespace})
	}
	return appendMap(b, entries, g.Fields, t.schema)
}

// appendHeader writes version, flags, type, namespace bucket and whole seconds.
func (g Grain) appendHeader(b []byte, code byte) []byte {
	b = append(b, version, g.flags(), code)
	if g.Namespace == "" {
		b = append(b, 0, 0)
	} else {
		sum := sha256.Sum256([]byte(g.Namespace))
		b = append(b, sum[:2]...)
	}
	seconds := min(max(g.CreatedAt, 0)/1000, math.MaxUint32)
	return binary.BigEndian.AppendUint32(b, uint32(seconds))
}

func (g Grain) flags() byte {
	var flags, sensitivity byte
	if refs, _ := g.Fields["content_refs"].([]any); len(refs) > 0 {
		flags |= hasContentRefs
	}
	if refs, _ := g.Fields["embedding_refs"].([]any); len(refs) > 0 {
		flags |= hasEmbeddingRefs
	}
	tags, _ := g.Fields["tags"].([]any)
	for _, tag := range tags {
		tag, _ := tag.(string)
		for _, s := range sensitivities {
			if strings.HasPrefix(tag, s.prefix) {
				sensitivity = max(sensitivity, s.bits)
			}
		}
	}
	return flags | sensitivity
}

// entry is one entry of a map about to be written.
type entry struct {
	key   string
	value any
	field *field // what is known of it, nil for nothing
}

// appendMap writes the entries and m as one map: short keys, sorted by bytes.
func appendMap(b []byte, entries []entry, m map[string]any, known *schema) ([]byte, error) {
	for name, v := range m {
		f := known.find(name)
		switch {
		case f == nil:
			entries = append(entries, entry{name, v, nil})
		case f.kind != outside:
			entries = append(entries, entry{f.key(), v, f})
		}
	}
	slices.SortFunc(entries, func(x, y entry) int { return cmp.Compare(x.key, y.key) })
	b = appendMapHeader(b, len(entries))
	var err error
	for i, e := range entries {
		if i > 0 && entries[i-1].key == e.key {
			return nil, fault.New(fault.InvalidField, "two fields share the key %.64q: give one of them", e.key)
		}
		b = appendString(b, e.key)
		if b, err = appendValue(b, e.value, e.field); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendValue writes one value in the way its field wants.
func appendValue(b []byte, v any, f *field) ([]byte, error) {
	var known *schema
	asFloat := false
	if f != nil {
		known, asFloat = f.items, f.kind == float || f.kind == unit
	}
	switch v := v.(type) {
	case nil:
		return append(b, nilByte), nil
	case bool:
		return appendBool(b, v), nil
	case string:
		return appendString(b, v), nil
	case int64:
		return appendInt(b, v), nil
	case json.Number:
		return appendNumber(b, string(v), asFloat)
	case map[string]any:
		var room [16]entry
		return appendMap(b, room[:0], v, known)
	case []any:
		b = appendArrayHeader(b, len(v))
		var err error
		for _, e := range v {
			if b, err = appendValue(b, e, f); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	return nil, fault.New(fault.InvalidField, "a field holds a Go %T: give JSON values, numbers as json.Number", v)
}
