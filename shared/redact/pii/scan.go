package pii

import (
	"regexp"
	"sync"
)

// detector is one row of the table. A match begins at a lead (one of the words
// of leads, or one of the bytes of first) and goes on with pattern. Its span is
// the pattern's group, or where it has none, lead and pattern together.
type detector struct {
	kind       string
	confidence float64
	leads      []string // a space in a lead stands for an optional space, "_" or "-"
	exact      bool     // leads are compared as they stand, else in any case
	first      string
	pattern    string // tried right after the lead, or at the first byte
	window     int    // bytes the pattern may look at

	before func(text string, start int) bool     // may a match begin here; nil: wordStart
	left   func(text string, start int) int      // moves the beginning to the left
	check  func(text string, start, end int) int // the true end, 0 to refuse
	after  func(text string, end int) bool       // may a match end here; nil: wordEnd
}

// machine is the table ready to run.
type machine struct {
	rows  []detector
	exprs []*regexp.Regexp // one per row
	begin [256][]lead      // by the byte at which they begin
}

// lead is one beginning of a row; empty text stands for the byte itself.
type lead struct {
	row  int
	text string
}

// compiled builds the machine at first use: processes that never detect
// anything don't pay for it at start.
var compiled = sync.OnceValue(func() *machine {
	m := &machine{rows: detectors()}
	for i, d := range m.rows {
		m.exprs = append(m.exprs, regexp.MustCompile(`^(?:`+d.pattern+`)`))
		for _, b := range []byte(d.first) {
			m.begin[b] = append(m.begin[b], lead{row: i})
		}
		for _, text := range d.leads {
			b := text[0]
			m.begin[b] = append(m.begin[b], lead{i, text})
			if other := b ^ 0x20; !d.exact && isAlpha(b) {
				m.begin[other] = append(m.begin[other], lead{i, text})
			}
		}
	}
	return m
})

// scan returns the finds of every row; those of one row don't overlap.
func (m *machine) scan(text string) []Detection {
	var found []Detection
	next := make([]int, len(m.rows)) // where a row may match again
	for i := range len(text) {
		for _, l := range m.begin[text[i]] {
			if i < next[l.row] {
				continue
			}
			start, end := m.match(text, i, l)
			if end == 0 || start < next[l.row] {
				continue
			}
			next[l.row] = end
			d := &m.rows[l.row]
			found = append(found, Detection{d.kind, start, end, d.confidence})
		}
	}
	return found
}

// match tries one lead at offset i; an end of 0 says no.
func (m *machine) match(text string, i int, l lead) (start, end int) {
	d := &m.rows[l.row]
	at := i
	if l.text != "" {
		if at = afterLead(text, i, l.text, d.exact); at < 0 {
			return 0, 0
		}
	}
	if before := d.before; before != nil && !before(text, i) || before == nil && !wordStart(text, i) {
		return 0, 0
	}
	loc := m.exprs[l.row].FindStringSubmatchIndex(text[at:min(at+d.window, len(text))])
	if loc == nil {
		return 0, 0
	}
	start, end = i, at+loc[1]
	if len(loc) > 2 {
		start, end = at+loc[2], at+loc[3]
	}
	if d.left != nil {
		start = d.left(text, start)
	}
	if d.check != nil {
		end = d.check(text, start, end)
	}
	if end <= start || isHash(text[start:end]) {
		return 0, 0
	}
	if after := d.after; after != nil && !after(text, end) || after == nil && !wordEnd(text, end) {
		return 0, 0
	}
	return start, end
}

// afterLead returns the offset behind word where it stands at i, -1 where it
// doesn't.
func afterLead(text string, i int, word string, exact bool) int {
	for k := range len(word) {
		w := word[k]
		if w == ' ' && !exact {
			if i < len(text) && (text[i] == ' ' || text[i] == '_' || text[i] == '-') {
				i++
			}
			continue
		}
		if i >= len(text) || text[i] != w && (exact || !isAlpha(w) || text[i]|0x20 != w|0x20) {
			return -1
		}
		i++
	}
	return i
}
