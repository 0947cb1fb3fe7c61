// Package chunk cuts a document into overlapping pieces that each make sense
// alone, so that a long text can be remembered and recalled in parts.
package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/fault"
)

// Split cuts a text into chunks of at most size characters (code points),
// each beginning with up to overlap characters of what came before. It cuts at
// the strongest boundary that the latter half of a chunk offers: a paragraph
// or Markdown heading, a sentence, a line; else at the last word, and inside a
// word only where one fills a whole chunk, there between grapheme clusters
// where these are shorter than a chunk. An overlap begins at a word.
//
// Chunks are trimmed of space; each brings at least one character that no
// earlier one had, and every character that is not space is in one, in order.
// A text of nothing but space has no chunks. Chunks share the text's memory.
// size below 1, overlap below 0, and overlap not below size are a
// fault.InvalidField. There are at most as many chunks as characters, so a
// caller that takes sizes from outside should bound them.
func Split(text string, size, overlap int) ([]string, error) {
	switch {
	case size < 1:
		return nil, fault.New(fault.InvalidField, "chunk_size is %d; give the characters of a chunk, 1 or more", size)
	case overlap < 0:
		return nil, fault.New(fault.InvalidField, "chunk_overlap is %d; give 0 or more characters", overlap)
	case overlap >= size:
		return nil, fault.New(fault.InvalidField, "chunk_overlap is %d; give less than chunk_size, which is %d", overlap, size)
	}
	var chunks []string
	fresh := skipSpace(text, 0) // the first character that no chunk holds yet
	start := fresh
	for fresh < len(text) {
		end := len(text)
		if limit := forward(text, start, size); limit < end {
			end = cut(text, start, fresh, limit)
		}
		chunks = append(chunks, strings.TrimSpace(text[start:end]))
		fresh = skipSpace(text, end)
		start = overlapStart(text, start, end, fresh, overlap)
	}
	return chunks, nil
}

// cut returns where a chunk that begins at start ends: after fresh, so that it
// brings something new, and at limit at most.
func cut(text string, start, fresh, limit int) int {
	half := start + (limit-start)/2
	var last [paragraph + 1]int // the last boundary of each strength, 0 for none
	_, width := utf8.DecodeRuneInString(text[fresh:])
	for at := fresh + width; at <= limit; {
		strength := boundary(text, start, at)
		if at < half {
			strength = min(strength, word)
		}
		last[strength] = at
		_, width := utf8.DecodeRuneInString(text[at:])
		at += width
	}
	for strength := paragraph; strength > inside; strength-- {
		if last[strength] > 0 {
			return last[strength]
		}
	}
	return limit
}

// overlapStart returns where the next chunk begins: at the first word of the
// overlap before fresh. Where none begins there, the overlap is given up,
// unless text is written without spaces: then it begins at any cluster.
func overlapStart(text string, previous, end, fresh, overlap int) int {
	earliest := backward(text, previous, fresh, overlap)
	cluster := fresh
	for at := earliest; at < fresh; {
		r, width := utf8.DecodeRuneInString(text[at:])
		if !unicode.IsSpace(r) {
			if before, _ := utf8.DecodeLastRuneInString(text[:at]); at == 0 || unicode.IsSpace(before) {
				return at
			}
			if cluster == fresh && !joined(text, at) {
				cluster = at
			}
		}
		at += width
	}
	if end == fresh {
		return cluster
	}
	return fresh
}

// forward returns the offset n characters after at, or the text's end.
func forward(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, width := utf8.DecodeRuneInString(text[at:])
		at += width
	}
	return at
}

// backward returns the offset n characters before at, or floor.
func backward(text string, floor, at, n int) int {
	for ; n > 0 && at > floor; n-- {
		_, width := utf8.DecodeLastRuneInString(text[:at])
		at -= width
	}
	return at
}

// skipSpace returns the offset of the first character from at that is no
// space, or the text's end.
func skipSpace(text string, at int) int {
	return len(text) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
}
