package guard

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// looseIPv4 reads a host as the C library's inet_aton does: one to four
// numbers, each decimal, hexadecimal (0x) or octal (0), the last one filling
// the bytes that are left. numeric is false for a name, which is a host whose
// last label is no number; the address is invalid where a host that must be an
// address is none.
func looseIPv4(host string) (addr netip.Addr, numeric bool) {
	parts := strings.Split(host, ".")
	if !numberLike(parts[len(parts)-1]) {
		return netip.Addr{}, false
	}
	if len(parts) > 4 {
		return netip.Addr{}, true
	}
	var bits uint64
	for i, part := range parts {
		width := 8 // bits that this part fills
		if i == len(parts)-1 {
			width = 8 * (5 - len(parts))
		}
		n, ok := looseNumber(part)
		if !ok || n >= 1<<width {
			return netip.Addr{}, true
		}
		bits = bits<<width | n
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(bits)))), true
}

// numberLike reports whether a label is all digits, or 0x and hexadecimal
// digits, or 0x alone: no top-level domain is.
func numberLike(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	return label != "" && strings.Trim(digits, "0123456789") == "" || hex && strings.Trim(digits, "0123456789abcdef") == ""
}

// looseNumber reads a number in the base that its prefix tells. 0x alone is 0.
func looseNumber(text string) (uint64, bool) {
	base := 10
	switch {
	case text == "0x":
		return 0, true
	case strings.HasPrefix(text, "0x"):
		text, base = text[2:], 16
	case strings.HasPrefix(text, "0") && len(text) > 1:
		text, base = text[1:], 8
	}
	n, err := strconv.ParseUint(text, base, 64)
	return n, err == nil
}
