package grain

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/fault"
)

// Canonical MessagePack: every value in its one smallest form.

// The bytes that begin a value; fixed forms carry their size or value in the
// low bits.
const (
	fixMap, fixArray, fixString     = 0x80, 0x90, 0xA0
	nilByte, falseByte, trueByte    = 0xC0, 0xC2, 0xC3
	float64Byte                     = 0xCB
	uint8Byte, uint16Byte           = 0xCC, 0xCD
	uint32Byte, uint64Byte          = 0xCE, 0xCF
	int8Byte, int16Byte             = 0xD0, 0xD1
	int32Byte, int64Byte            = 0xD2, 0xD3
	str8Byte, str16Byte, str32Byte  = 0xD9, 0xDA, 0xDB
	array16Byte, array32Byte        = 0xDC, 0xDD
	map16Byte, map32Byte            = 0xDE, 0xDF
	fixStringRoom, fixContainerRoom = 32, 16
	minFixInt, maxFixInt            = -32, 127
)

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, trueByte)
	}
	return append(b, falseByte)
}

func appendString(b []byte, s string) []byte {
	switch n := len(s); {
	case n < fixStringRoom:
		b = append(b, fixString|byte(n))
	case n <= math.MaxUint8:
		b = append(b, str8Byte, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, str16Byte), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, str32Byte), uint32(n))
	}
	return append(b, s...)
}

func appendArrayHeader(b []byte, n int) []byte {
	return appendContainer(b, n, fixArray, array16Byte, array32Byte)
}

func appendMapHeader(b []byte, n int) []byte {
	return appendContainer(b, n, fixMap, map16Byte, map32Byte)
}

func appendContainer(b []byte, n int, fix, in16, in32 byte) []byte {
	switch {
	case n < fixContainerRoom:
		return append(b, fix|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, in16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, in32), uint32(n))
}

func appendUint(b []byte, u uint64) []byte {
	switch {
	case u <= maxFixInt:
		return append(b, byte(u))
	case u <= math.MaxUint8:
		return append(b, uint8Byte, byte(u))
	case u <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, uint16Byte), uint16(u))
	case u <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, uint32Byte), uint32(u))
	}
	return binary.BigEndian.AppendUint64(append(b, uint64Byte), u)
}

func appendInt(b []byte, i int64) []byte {
	switch {
	case i >= 0:
		return appendUint(b, uint64(i))
	case i >= minFixInt:
		return append(b, byte(i))
	case i >= math.MinInt8:
		return append(b, int8Byte, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, int16Byte), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, int32Byte), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(b, int64Byte), uint64(i))
}

// appendNumber writes a JSON number: an integer where it is written as one,
// else, or where asFloat says so, a float64. Minus zero is a float64, the only
// form that has it. A number without a form is fault.InvalidField.
func appendNumber(b []byte, n string, asFloat bool) ([]byte, error) {
	if !isNumber(n) {
		return nil, fault.New(fault.InvalidField, "%.64q is not a JSON number", n)
	}
	if !asFloat && n != "-0" && !strings.ContainsAny(n, ".eE") {
		if n[0] == '-' {
			if i, err := strconv.ParseInt(n, 10, 64); err == nil {
				return appendInt(b, i), nil
			}
		} else if u, err := strconv.ParseUint(n, 10, 64); err == nil {
			return appendUint(b, u), nil
		}
		return nil, fault.New(fault.InvalidField, "the integer has more than 64 bits: send it as a string")
	}
	f, err := strconv.ParseFloat(n, 64)
	if err != nil {
		return nil, fault.New(fault.InvalidField, "the number is beyond a float64: send it as a string")
	}
	return binary.BigEndian.AppendUint64(append(b, float64Byte), math.Float64bits(f)), nil
}

// isNumber reports whether s is a number in JSON's grammar, which is narrower
// than strconv's.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if rest, zero := strings.CutPrefix(s, "0"); zero {
		s = rest
	} else if s, zero = cutDigits(s); !zero {
		return false
	}
	ok := true
	if rest, has := strings.CutPrefix(s, "."); has {
		s, ok = cutDigits(rest)
	}
	if ok && s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		s, ok = cutDigits(s)
	}
	return ok && s == ""
}

// cutDigits cuts the digits that s begins with; ok says that there were some.
func cutDigits(s string) (rest string, ok bool) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return s[n:], n > 0
}
