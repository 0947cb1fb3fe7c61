package pii

import (
	"sort"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text in the form that detectors read, with the way back to the
// original offsets.
type folded struct {
	text   string
	pieces []piece // in order, covering text; nil where text is the original
}

// piece is a part of the folded text, from offset at to the next piece's, and
// the bytes [from,to) of the original that it stands for. In a verbatim piece
// each byte stands for one; any other piece only maps as a whole.
type piece struct {
	at, from, to int
	verbatim     bool
}

// maxCluster bounds the bytes of one normalised cluster: longer heaps of
// combining marks carry no data and would only cost time.
const maxCluster = 128

// fold brings text to NFKC, without invisible characters and with plain hyphens
// and apostrophes. ASCII text comes back as it is.
func fold(text string) folded {
	if isASCII(text) {
		return folded{text: text}
	}
	var f folder
	f.out = make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			f.copy(text[i], i)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1: // no UTF-8: kept as it is
			f.copy(text[i], i)
		case !invisible(r):
			f.add(text, i, r, size)
		}
		i += size
	}
	f.flush()
	return folded{text: string(f.out), pieces: f.pieces}
}

// folder builds a folded text; cluster is the one not yet normalised, standing
// for the original bytes [from,to).
type folder struct {
	out, cluster, scratch []byte
	from, to              int
	pieces                []piece
}

// copy takes over one byte as it is: ASCII that no combining mark follows, or
// a byte that is no UTF-8.
func (f *folder) copy(b byte, at int) {
	f.flush()
	if n := len(f.pieces); n > 0 && f.pieces[n-1].verbatim && f.pieces[n-1].to == at {
		f.pieces[n-1].to++
	} else {
		f.pieces = append(f.pieces, piece{at: len(f.out), from: at, to: at + 1, verbatim: true})
	}
	f.out = append(f.out, b)
}

// add puts the rune at offset at into the current cluster, or starts a new one.
func (f *folder) add(text string, at int, r rune, size int) {
	if len(f.cluster) >= maxCluster || norm.NFKC.PropertiesString(text[at:]).BoundaryBefore() {
		f.flush()
	}
	if len(f.cluster) == 0 {
		f.from = at
	}
	f.to = at + size
	f.cluster = utf8.AppendRune(f.cluster, plain(r))
}

func (f *folder) flush() {
	if len(f.cluster) == 0 {
		return
	}
	f.pieces = append(f.pieces, piece{at: len(f.out), from: f.from, to: f.to})
	if norm.NFKC.IsNormal(f.cluster) {
		f.out = append(f.out, f.cluster...)
	} else {
		f.scratch = norm.NFKC.Append(f.scratch[:0], f.cluster...)
		f.out = append(f.out, f.scratch...)
	}
	f.cluster = f.cluster[:0]
}

// start maps the beginning of a span to the original.
func (f folded) start(n int) int {
	if f.pieces == nil {
		return n
	}
	p := f.holding(n)
	if p.verbatim {
		return p.from + n - p.at
	}
	return p.from
}

// end maps the end (excluded) of a span of at least one byte to the original.
func (f folded) end(n int) int {
	if f.pieces == nil {
		return n
	}
	p := f.holding(n - 1)
	if p.verbatim {
		return p.from + n - p.at
	}
	return p.to
}

// holding returns the piece in which byte n of the folded text lies.
func (f folded) holding(n int) piece {
	after := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i].at > n })
	return f.pieces[after-1]
}

// plain turns the hyphens and apostrophes that word processors put in place of
// the typed ones back into those.
func plain(r rune) rune {
	switch r {
	case '\u2010', '\u2011', '\u2012', '\u2013', '\u2212':
		return '-'
	case '\u2018', '\u2019', '\u02bc':
		return '\''
	}
	return r
}

// invisible reports whether r prints as nothing: format characters (zero-width
// space and joiners, soft hyphen, byte order mark, direction marks, tags),
// variation selectors and fillers.
func invisible(r rune) bool {
	return r >= 0xad && (unicode.In(r, unicode.Cf, unicode.Variation_Selector) ||
		r == '\u034f' || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0')
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
