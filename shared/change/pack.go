package change

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// How a hash is packed: by a first byte, and what that says follows.
const (
	hashNone = iota
	hashRaw  // 32 bytes
	hashSame // as the one before: a first grain's hash is its lineage
	hashText // length and text of what is no hash
)

var errPacked = errors.New("the packed change is damaged: restore the store from a sound copy")

// texts are a change's texts in the order in which they are packed. What comes
// later in a newer version is appended: an end of the data reads as empty.
func texts(c *Change) [6]*string {
	return [...]*string{&c.GrainType, &c.Namespace, &c.UserID, &c.ScopePath, &c.Fingerprint, &c.KeyID}
}

// Pack writes all of a change but its ID, Memory, Cause and At, which a store
// has elsewhere, and its Seq: about 40 bytes and 32 for each different hash.
func Pack(c *Change) []byte {
	out := make([]byte, 0, 128+len(c.Content))
	before := ""
	for _, h := range [...]string{c.Lineage, c.Hash, c.Superseded} {
		out = packHash(out, h, before)
		before = h
	}
	out = binary.AppendVarint(out, c.CreatedAt)
	out = binary.AppendVarint(out, int64(c.Count))
	for _, s := range texts(c) {
		out = packText(out, *s)
	}
	if c.Content == nil {
		return append(out, 0)
	}
	return packText(append(out, 1), string(c.Content))
}

func packText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func packHash(out []byte, h, before string) []byte {
	switch {
	case h == "":
		return append(out, hashNone)
	case h == before:
		return append(out, hashSame)
	}
	if raw, err := hex.DecodeString(h); err == nil && len(raw) == 32 && !strings.ContainsAny(h, "ABCDEF") {
		return append(append(out, hashRaw), raw...)
	}
	return packText(append(out, hashText), h)
}

// Unpack reads into c what Pack wrote. It fails on anything else, and then c is
// of no use.
func Unpack(data []byte, c *Change) error {
	p := packed{data: data}
	before := ""
	for _, h := range [...]*string{&c.Lineage, &c.Hash, &c.Superseded} {
		*h = p.hash(before)
		before = *h
	}
	c.CreatedAt = p.number()
	c.Count = int(p.number())
	for _, s := range texts(c) {
		*s = string(p.text())
	}
	c.Content = nil
	if len(p.next(1)) == 1 && data[len(data)-len(p.data)-1] != 0 {
		c.Content = slices.Clone(p.text())
	}
	if p.short || len(p.data) > 0 {
		return errPacked
	}
	return nil
}

// packed is what is left to read.
type packed struct {
	data  []byte
	short bool // more was asked for than there is
}

func (p *packed) next(n uint64) []byte {
	if n > uint64(len(p.data)) {
		p.data, p.short = nil, true
		return nil
	}
	out := p.data[:n:n]
	p.data = p.data[n:]
	return out
}

func (p *packed) text() []byte {
	n, size := binary.Uvarint(p.data)
	if size <= 0 {
		p.data, p.short = nil, true
		return nil
	}
	p.data = p.data[size:]
	return p.next(n)
}

func (p *packed) number() int64 {
	n, size := binary.Varint(p.data)
	if size <= 0 {
		p.data, p.short = nil, true
		return 0
	}
	p.data = p.data[size:]
	return n
}

func (p *packed) hash(before string) string {
	kind := p.next(1)
	if len(kind) == 0 {
		return ""
	}
	switch kind[0] {
	case hashNone:
		return ""
	case hashRaw:
		return hex.EncodeToString(p.next(32))
	case hashSame:
		return before
	case hashText:
		return string(p.text())
	default:
		p.short = true
		return ""
	}
}
