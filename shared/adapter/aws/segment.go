package aws

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
)

// segmentData is the attribute of a segment's row that holds its documents.
const segmentData = "d"

// maxSegment in bytes, below what a row may hold. A document that is larger
// alone loses terms.
const maxSegment = 300 << 10

// document is what the index holds of a grain: terms as numbers, sorted.
type document struct {
	hash, lineage string
	terms         []uint64
}

func (d document) has(term uint64) bool {
	_, found := slices.BinarySearch(d.terms, term)
	return found
}

// segment is one row of the index.
type segment struct {
	sort string
	docs []document
}

// termSize is the size of a stored term; terms of so many bytes in hex digits
// are kept as they are, of others a hash.
const termSize = 8

func termOf(term string) uint64 {
	if raw, err := hex.DecodeString(term); err == nil && len(raw) == termSize && term == strings.ToLower(term) {
		return binary.BigEndian.Uint64(raw)
	}
	sum := sha256.Sum256([]byte(term))
	return binary.BigEndian.Uint64(sum[:])
}

func termsOf(terms []string) []uint64 {
	out := make([]uint64, len(terms))
	for i, term := range terms {
		out[i] = termOf(term)
	}
	return out
}

func sortedTerms(terms []string) []uint64 {
	out := termsOf(terms)
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), (maxSegment-1024)/termSize)]
}

// packDocument writes hash, lineage (empty where it is the hash) and terms.
func packDocument(out []byte, d document) []byte {
	lineage := d.lineage
	if lineage == d.hash {
		lineage = ""
	}
	for _, h := range [...]string{d.hash, lineage} {
		raw, ok := rawHash(h).([]byte)
		if !ok {
			raw = []byte(h)
		}
		out = append(binary.AppendUvarint(out, uint64(len(raw))), raw...)
	}
	out = binary.AppendUvarint(out, uint64(len(d.terms)))
	for _, term := range d.terms {
		out = binary.BigEndian.AppendUint64(out, term)
	}
	return out
}

func packSegment(docs []document) []byte {
	var out []byte
	for _, d := range docs {
		out = packDocument(out, d)
	}
	return out
}

// packSegments packs documents into as many segments as they need.
func packSegments(docs []document) [][]byte {
	var all [][]byte
	for _, d := range docs {
		one := packDocument(nil, d)
		if n := len(all); n > 0 && len(all[n-1])+len(one) <= maxSegment {
			all[n-1] = append(all[n-1], one...)
			continue
		}
		all = append(all, one)
	}
	return all
}

var errSegmentData = errors.New("a segment of the search index is damaged: restore the table from a sound backup")

func unpackSegment(data []byte) ([]document, error) {
	var docs []document
	short := false
	number := func() uint64 {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			data, short = nil, true
			return 0
		}
		data = data[size:]
		return n
	}
	text := func() string {
		n := number()
		if n > uint64(len(data)) {
			data, short = nil, true
			return ""
		}
		raw := data[:n]
		data = data[n:]
		if len(raw) == sha256.Size {
			return hex.EncodeToString(raw)
		}
		return string(raw)
	}
	for len(data) > 0 {
		d := document{hash: text(), lineage: text()}
		if d.lineage == "" {
			d.lineage = d.hash
		}
		n := number()
		if short || n > uint64(len(data)/termSize) {
			return nil, errSegmentData
		}
		d.terms = make([]uint64, n)
		for i := range d.terms {
			d.terms[i] = binary.BigEndian.Uint64(data[i*termSize:])
		}
		data = data[int(n)*termSize:]
		docs = append(docs, d)
	}
	return docs, nil
}

// segments calls each for all segments of a memory's index, the oldest first.
func (a *Adapter) segments(ctx context.Context, m change.Memory, each func(segment) error) error {
	q := table.Query{Part: indexPart(m)}
	q.From, q.To = table.Prefix(sortSegment)
	return eachPage(ctx, a.cfg.Main, q, func(rows []table.Found) (bool, error) {
		for _, r := range rows {
			docs, err := unpackSegment(r.Row.Bytes(segmentData))
			if err != nil {
				return false, err
			}
			if err := each(segment{r.Sort, docs}); err != nil {
				return false, err
			}
		}
		return true, nil
	})
}
