package aws

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// The bounds of a chunk: a row holds 400 KiB.
const (
	chunkEntries = 1000
	chunkBytes   = 300 << 10 // before it is deflated
)

// The attributes of a chunk's row.
const (
	attrCount   = "n" // of entries
	attrEntries = "d" // packed; missing where compaction has emptied the chunk
	attrTallies = "t"
	attrNewest  = "newest" // the newest commit stamp of this and all earlier chunks
)

// tally is what one hook has seen of the log up to the end of a chunk.
type tally struct {
	seen  int64 // the newest seq; 0 = none
	total int64 // how many changes
	epoch int64 // the hook's, in which the jobs of the chunk are put in line; 0 = catch-up does it
}

// chunk is one row of the log. count is how many entries it was made with;
// entries is empty where they were compacted.
type chunk struct {
	first, count int64
	entries      []feed.Entry
	hooks        map[string]tally
	newest       int64
}

// last is the seq of its last entry, first-1 of a chunk that never had any.
func (c *chunk) last() int64 {
	if c.count == 0 {
		return max(c.first-1, 0)
	}
	return c.first + c.count - 1
}

// row is the chunk as it is stored.
func (c *chunk) row() table.Row {
	return table.Row{
		attrCount: c.count, attrEntries: encodeEntries(c.entries),
		attrTallies: encodeTallies(c.hooks), attrNewest: c.newest,
	}
}

// readChunk reads a chunk of a memory's log.
func readChunk(m change.Memory, f table.Found) (chunk, error) {
	first, err := seqIn(f.Sort, sortChunk)
	c := chunk{first: first, count: f.Row.Number(attrCount), newest: f.Row.Number(attrNewest)}
	if err == nil {
		c.hooks, err = decodeTallies(f.Row.Bytes(attrTallies))
	}
	if data := f.Row.Bytes(attrEntries); err == nil && data != nil {
		c.entries, err = decodeEntries(m, first, data)
		if err == nil && int64(len(c.entries)) != c.count {
			err = errChunk
		}
	}
	if err != nil {
		return chunk{}, fmt.Errorf("read the log's chunk %s %s: %w", f.Part, f.Sort, err)
	}
	return c, nil
}

// seqIn reads the seq that seqSort wrote.
func seqIn(text, prefix string) (int64, error) {
	return strconv.ParseInt(strings.TrimPrefix(text, prefix), 10, 64)
}

// fitting is how many entries from the front fit in one chunk, one at least.
func fitting(entries []feed.Entry) int {
	size := 0
	for i := range entries {
		e := &entries[i]
		size += len(change.Pack(&e.Change)) + len(e.Change.ID) + len(e.Change.Cause) + 16*(1+len(e.Matches))
		if i > 0 && size > chunkBytes {
			return i
		}
	}
	return len(entries)
}

// How entries are packed, by their first byte.
const (
	packedPlain    = 1
	packedDeflated = 2

	unpackedMost = 4 << 20 // bytes that data may inflate to
)

var errChunk = errors.New("the packed entries are damaged: restore the table from a sound copy")

// encodeEntries writes entries that follow each other, but for their seqs and
// memory: the ids of all, the times of all and so on, for what is alike
// deflates best side by side. A match names its hook by its place in a list,
// and the seq before by how far it is from the one that is expected.
func encodeEntries(entries []feed.Entry) []byte {
	var columns [5][]byte
	ids, times, causes, changes, matches := &columns[0], &columns[1], &columns[2], &columns[3], &columns[4]
	places, seen := make(map[string]uint64), make(map[string]int64)
	var hooks []byte
	var at int64
	for i := range entries {
		e := &entries[i]
		*ids = appendID(*ids, e.Change.ID)
		*times, at = binary.AppendVarint(*times, e.Change.At-at), e.Change.At
		*causes = appendText(*causes, string(e.Change.Cause))
		*changes = appendText(*changes, string(change.Pack(&e.Change)))
		*matches = binary.AppendUvarint(*matches, uint64(len(e.Matches)))
		for _, m := range e.Matches {
			if _, known := places[m.Hook]; !known {
				places[m.Hook] = uint64(len(places))
				hooks = appendText(hooks, m.Hook)
			}
			*matches = binary.AppendUvarint(*matches, places[m.Hook])
			*matches = binary.AppendVarint(*matches, m.Prev-seen[m.Hook])
			seen[m.Hook] = e.Seq
		}
	}
	plain := binary.AppendUvarint([]byte{packedPlain}, uint64(len(entries)))
	plain = binary.AppendUvarint(plain, uint64(len(places)))
	plain = append(plain, hooks...)
	return deflated(append(plain, bytes.Join(columns[:], nil)...))
}

// deflated is the shorter of both forms.
func deflated(plain []byte) []byte {
	var small bytes.Buffer
	small.WriteByte(packedDeflated)
	w, err := flate.NewWriter(&small, flate.DefaultCompression)
	if err != nil {
		return plain
	}
	if _, err := w.Write(plain[1:]); err != nil || w.Close() != nil || small.Len() >= len(plain) {
		return plain
	}
	return small.Bytes()
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// appendID writes a ULID as its 16 bytes behind a 0, and any other id as a text
// behind its length and 1.
func appendID(out []byte, id string) []byte {
	if u, err := ulid.ParseStrict(id); err == nil && u.String() == id {
		return append(append(out, 0), u[:]...)
	}
	return append(binary.AppendUvarint(out, uint64(len(id))+1), id...)
}

// decodeEntries reads what encodeEntries wrote, of entries from first on, and
// fails on anything else.
func decodeEntries(m change.Memory, first int64, data []byte) ([]feed.Entry, error) {
	r, err := inflated(data)
	if err != nil {
		return nil, err
	}
	entries := make([]feed.Entry, r.count(5)) // an entry has five columns of a byte or more
	hooks := make([]string, r.count(1))
	for i := range hooks {
		hooks[i] = r.text()
	}
	for i := range entries {
		entries[i].Seq, entries[i].Change.Memory = first+int64(i), m
		entries[i].Change.ID = r.id()
	}
	var at int64
	for i := range entries {
		at += r.number()
		entries[i].Change.At = at
	}
	for i := range entries {
		entries[i].Change.Cause = events.Cause(r.text())
	}
	for i := range entries {
		if packed := r.next(r.length()); !r.short {
			err = errors.Join(err, change.Unpack(packed, &entries[i].Change))
		}
	}
	seen := make([]int64, len(hooks))
	for i := range entries {
		entries[i].Matches = r.matches(entries[i].Seq, hooks, seen)
	}
	if r.short || len(r.data) > 0 {
		return nil, errChunk
	}
	return entries, err
}

// inflated begins to read packed entries.
func inflated(data []byte) (*unpacker, error) {
	switch {
	case len(data) > 0 && data[0] == packedPlain:
		return &unpacker{data: data[1:]}, nil
	case len(data) > 0 && data[0] == packedDeflated:
		plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[1:])), unpackedMost))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errChunk, err)
		}
		return &unpacker{data: plain}, nil
	default:
		return nil, errChunk
	}
}

// encodeTallies writes what each hook has seen, in the order of their ids.
func encodeTallies(hooks map[string]tally) []byte {
	out := []byte{}
	for _, id := range slices.Sorted(maps.Keys(hooks)) {
		t := hooks[id]
		out = appendText(out, id)
		for _, n := range [...]int64{t.seen, t.total, t.epoch} {
			out = binary.AppendUvarint(out, uint64(n))
		}
	}
	return out
}

func decodeTallies(data []byte) (map[string]tally, error) {
	hooks := make(map[string]tally)
	r := unpacker{data: data}
	for len(r.data) > 0 {
		id := r.text()
		hooks[id] = tally{seen: int64(r.length()), total: int64(r.length()), epoch: int64(r.length())}
	}
	if r.short {
		return nil, errChunk
	}
	return hooks, nil
}
