// Package rank finds what a query is about: it takes texts apart into terms
// and scores a text's terms against a query's. It is the one analyser and the
// one score of every store, so that all rank alike.
package rank

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxTerm is the length in bytes to which a term is cut.
const maxTerm = 64

// Terms returns the terms of a text in their order of appearance, repeats
// included. A term is a run of letters, digits and their marks, normalised
// (NFKC), case-folded, cut to 64 bytes, and freed of an English plural's
// ending. Scripts written without spaces give each character and each pair of
// neighbours, so that every word in them is found. Anything else separates.
// A text's own words, taken alone, give terms that the text has; a text
// without letters and digits has none.
func Terms(text string) []string {
	text = fold(text)
	terms := make([]string, 0, len(text)/6+1)
	for at := 0; at < len(text); {
		kind, width := classify(text[at:])
		end := at + width
		switch kind {
		case letter:
			end = run(text, end, letter)
			terms = append(terms, singular(cut(text[at:end])))
		case dense:
			end = run(text, end, dense)
			terms = appendDense(terms, text[at:end])
		}
		at = end
	}
	return terms
}

// fold brings spellings of the same text together: compatibility forms, case,
// and invisible characters within words.
func fold(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	text = strings.ToValidUTF8(text, "\ufffd") // norm is not defined on other bytes
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u00ad', '\u200c', '\u200d', '\u2060', '\ufeff': // soft hyphen, joiners, no-break marks
			return -1
		}
		return r
	}, folded)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// What a character is to a term.
const (
	separator = iota
	mark      // continues a term, begins none
	letter    // of a script that parts words
	dense     // of a script that doesn't
)

// denseScripts are written without spaces between words, Hangul with particles
// that stick to them.
var denseScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// longVowel is Japanese, though Unicode shares it among scripts.
const longVowel = 'ー'

// classify returns what the first character of a text is, and its bytes.
func classify(text string) (kind, width int) {
	if b := text[0]; b < utf8.RuneSelf {
		if b >= 'a' && b <= 'z' || b >= '0' && b <= '9' {
			return letter, 1
		}
		return separator, 1
	}
	r, width := utf8.DecodeRuneInString(text)
	switch {
	case r < 0x0e00: // before the first dense script
	case r == longVowel, unicode.In(r, denseScripts...) && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)):
		return dense, width
	}
	switch {
	case unicode.IsLetter(r), unicode.IsNumber(r):
		return letter, width
	case unicode.IsMark(r):
		return mark, width
	}
	return separator, width
}

// run returns the end of the run of a kind that goes on at an offset.
func run(text string, at, kind int) int {
	for at < len(text) {
		k, width := classify(text[at:])
		if k != kind && k != mark {
			break
		}
		at += width
	}
	return at
}

// appendDense adds each character of a run, and each pair, in order.
func appendDense(terms []string, run string) []string {
	before := -1
	for at, r := range run {
		end := at + utf8.RuneLen(r)
		if before >= 0 {
			terms = append(terms, run[before:end])
		}
		terms = append(terms, run[at:end])
		before = at
	}
	return terms
}

// cut shortens a term to its first maxTerm bytes, never within a character.
func cut(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	end := maxTerm
	for !utf8.RuneStart(term[end]) {
		end--
	}
	return term[:end]
}

// singular takes a plural's ending off an English word of four letters and
// more, by Harman's three rules. What it makes of other words is as good a
// term, for it makes the same of them everywhere.
func singular(term string) string {
	n := len(term)
	if n < 4 || term[n-1] != 's' || !ascii(term) {
		return term
	}
	stem, last := term[:n-1], term[n-2]
	switch {
	case last == 's' || last == 'u' || last >= '0' && last <= '9':
		return term
	case strings.HasSuffix(stem, "ie") && n > 4 && term[n-4] != 'e' && term[n-4] != 'a':
		return term[:n-3] + "y"
	}
	return stem
}
