package pii

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ibanLengths is the length of an IBAN by country (registry of ISO 13616).
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27,
	"BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28,
	"EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
	"GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
	"LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
	"NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
	"RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25,
	"SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

func ibanCountries() []string { return slices.Sorted(maps.Keys(ibanLengths)) }

// issuers are the ranges of card numbers in use: the first digits (from low to
// high, of one length) and the lengths that such a number may have.
var issuers = []struct {
	low, high string
	lengths   []int
}{
	{"4", "4", []int{13, 16, 19}}, // Visa
	{"51", "55", []int{16}},       // Mastercard
	{"2221", "2720", []int{16}},   // Mastercard
	{"34", "34", []int{15}},       // American Express
	{"37", "37", []int{15}},       // American Express
	{"6011", "6011", []int{16, 17, 18, 19}},
	{"644", "659", []int{16, 17, 18, 19}},   // Discover
	{"300", "305", []int{14, 16}},           // Diners Club
	{"36", "36", []int{14, 16}},             // Diners Club
	{"38", "39", []int{14, 16}},             // Diners Club
	{"3528", "3589", []int{16, 17, 18, 19}}, // JCB
	{"62", "62", []int{16, 17, 18, 19}},     // UnionPay
	{"5018", "5038", []int{16, 18, 19}},     // Maestro
	{"6759", "6763", []int{16, 18, 19}},     // Maestro
	{"2200", "2204", []int{16, 17, 18, 19}}, // Mir
}

// digits returns the ASCII digits of s.
func digits(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if isDigit(s[i]) {
			out = append(out, s[i])
		}
	}
	return out
}

// isCard accepts a number of a known issuer, of that issuer's length, whose
// check digit (Luhn) fits.
func isCard(text string, start, end int) int {
	d := digits(text[start:end])
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	if sum%10 != 0 {
		return 0
	}
	for _, is := range issuers {
		if head := string(d[:len(is.low)]); is.low <= head && head <= is.high && slices.Contains(is.lengths, len(d)) {
			return end
		}
	}
	return 0
}

// isIBAN takes as many characters as the country's IBANs have, blanks and
// hyphens apart, and accepts them when the remainder (mod 97) is 1.
func isIBAN(text string, start, end int) int {
	want := ibanLengths[strings.ToUpper(text[start:start+2])]
	got, rest, head, i := 0, 0, 0, start
	add := func(b byte) {
		if isDigit(b) {
			rest = (rest*10 + int(b-'0')) % 97
		} else {
			rest = (rest*100 + int(b&^0x20-'A') + 10) % 97
		}
	}
	for ; i < end && got < want; i++ {
		if !isAlnum(text[i]) {
			continue
		}
		if got++; got > 4 {
			add(text[i])
		} else {
			head = i + 1
		}
	}
	for _, b := range []byte(text[start:head]) {
		if isAlnum(b) {
			add(b)
		}
	}
	if got != want || rest != 1 {
		return 0
	}
	return i
}

// isSSN accepts a number that the US social security administration could have
// given out, with both separators alike.
func isSSN(text string, start, end int) int {
	s := text[start:end]
	if len(s) == 11 && s[3] != s[6] {
		return 0
	}
	d := string(digits(s))
	if len(d) != 9 || d[:3] == "000" || d[:3] == "666" || d[0] == '9' || d[3:5] == "00" || d[5:] == "0000" {
		return 0
	}
	return end
}

// isPhone accepts 7 to 15 digits; more than one distinct digit among them.
func isPhone(text string, start, end int) int {
	d := digits(text[start:end])
	if len(d) < 7 || len(d) > 15 || len(bytes.Trim(d, string(d[:1]))) == 0 {
		return 0
	}
	return end
}

// numbered are words that announce a number which is no telephone's.
var numbered = map[string]bool{
	"order": true, "invoice": true, "ticket": true, "ref": true, "reference": true, "sku": true, "isbn": true,
	"tracking": true, "part": true, "model": true, "serial": true, "version": true, "build": true, "id": true,
	"case": true, "issue": true, "issn": true, "asin": true, "rev": true, "revision": true, "number": true, "item": true,
}

// isBarePhone is isPhone for a number that only its grouping tells: no other
// kind of number is announced, and where blanks alone make the groups, they are
// not some groups of a longer row.
func isBarePhone(text string, start, end int) int {
	if numbered[lastWord(text, start)] {
		return 0
	}
	if !strings.ContainsAny(text[start:end], "-.()") &&
		(start > 1 && text[start-1] == ' ' && isDigit(text[start-2]) || end+1 < len(text) && text[end] == ' ' && isDigit(text[end+1])) {
		return 0
	}
	return isPhone(text, start, end)
}

// versioned are words before four dotted numbers that are no address.
var versioned = map[string]bool{
	"version": true, "ver": true, "release": true, "v": true, "build": true, "rev": true, "revision": true,
	"section": true, "chapter": true, "clause": true, "upgrade": true, "firmware": true, "chrome": true, "driver": true,
}

// isIPv4 accepts an address of one machine: no loopback, no netmask, no version
// number.
func isIPv4(text string, start, end int) int {
	a, err := netip.ParseAddr(text[start:end])
	if err != nil || a.IsLoopback() || a.IsUnspecified() || strings.HasPrefix(text[start:end], "255.") ||
		versioned[lastWord(text, start)] || start > 1 && text[start-1] == '/' && isAlnum(text[start-2]) {
		return 0
	}
	return end
}

// isIPv6 accepts an address of one machine. A group of three or four digits
// must be in it: "a::b" is more often a name in code, and eight pairs are a
// fingerprint.
func isIPv6(text string, start, end int) int {
	s := strings.TrimRight(text[start:end], ".:")
	if strings.HasSuffix(text[start:end], "::") {
		s += "::"
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.IsLoopback() || a.IsUnspecified() {
		return 0
	}
	for _, group := range strings.Split(s, ":") {
		if len(group) >= 3 && strings.ContainsAny(s, "0123456789") {
			return start + len(s)
		}
	}
	return 0
}

// isMAC accepts six pairs with one separator throughout, or three dotted
// groups, that are neither all zeros nor the broadcast address.
func isMAC(text string, start, end int) int {
	s := strings.ToLower(text[start:end])
	bare := strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	mixed := strings.ContainsRune(s, ':') && strings.ContainsRune(s, '-')
	if mixed || bare == "000000000000" || bare == "ffffffffffff" {
		return 0
	}
	if strings.ContainsRune(s, '.') && (!strings.ContainsAny(s, "abcdef") || !strings.ContainsAny(s, "0123456789")) {
		return 0
	}
	return end
}

// isDate accepts a day that a living person could have been born on, in any of
// the usual orders: year first, day or month first, with the month as a word.
func isDate(text string, start, end int) int {
	var parts []int
	fields := strings.FieldsFunc(text[start:end], func(r rune) bool { return r < '0' || r > '9' })
	if len(fields) == 1 && len(fields[0]) == 8 {
		f := fields[0]
		fields = []string{f[:4], f[4:6], f[6:]}
	}
	for _, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		parts = append(parts, n)
	}
	ok := false
	switch len(parts) {
	case 2: // the month is a word
		ok = isDay(parts[0]) && isYear(parts[1])
	case 3:
		a, b, c := parts[0], parts[1], parts[2]
		ok = isYear(a) && len(fields[0]) == 4 && isMonthDay(b, c) || isYear(c) && (isMonthDay(a, b) || isMonthDay(b, a))
	}
	if !ok {
		return 0
	}
	return end
}

func isDay(n int) bool               { return 1 <= n && n <= 31 }
func isYear(n int) bool              { return 0 <= n && n <= 99 || 1850 <= n && n <= 2100 }
func isMonthDay(month, day int) bool { return 1 <= month && month <= 12 && isDay(day) }

// isAccount accepts 6 to 20 digits.
func isAccount(text string, start, end int) int {
	if n := len(digits(text[start:end])); n < 6 || n > 20 {
		return 0
	}
	return end
}

// isRecord accepts at least 4 digits.
func isRecord(text string, start, end int) int {
	if len(digits(text[start:end])) < 4 {
		return 0
	}
	return end
}
