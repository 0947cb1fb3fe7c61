package aws

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

var chunkMemory = change.Memory{Tenant: "acme", ID: "home"}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// anyEntries are entries as no log would hold them.
func anyEntries(t *rapid.T, first int64) []feed.Entry {
	text := rapid.SampledFrom([]string{"", "a", "ann", "acme/prod", "01ARZ3NDEKTSV4RRFFQ69G5FAV", strings.ToLower("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", hashOf("x")})
	hooks := rapid.SampledFrom([]string{"wh_1", "wh_2", "", "wh_3"})
	entries := make([]feed.Entry, rapid.IntRange(0, 20).Draw(t, "entries"))
	for i := range entries {
		c := change.Change{
			ID: text.Draw(t, "id"), Memory: chunkMemory, Cause: events.Cause(text.Draw(t, "cause")), At: rapid.Int64().Draw(t, "at"),
			Lineage: text.Draw(t, "lineage"), Hash: text.Draw(t, "hash"), UserID: text.Draw(t, "user"),
			CreatedAt: rapid.Int64().Draw(t, "made"), Content: rapid.SampledFrom([][]byte{nil, {}, {1, 2, 3}}).Draw(t, "content"),
		}
		entries[i] = feed.Entry{Seq: first + int64(i), Change: c}
		for range rapid.IntRange(0, 3).Draw(t, "matches") {
			entries[i].Matches = append(entries[i].Matches, feed.Match{Hook: hooks.Draw(t, "hook"), Prev: rapid.Int64().Draw(t, "prev")})
		}
	}
	return entries
}

func TestAChunkIsReadBackWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := chunk{first: rapid.Int64Range(1, 1<<40).Draw(t, "first"), newest: rapid.Int64().Draw(t, "newest"), hooks: map[string]tally{}}
		c.entries = anyEntries(t, c.first)
		c.count = int64(len(c.entries))
		for i := range rapid.IntRange(0, 4).Draw(t, "hooks") {
			positive := rapid.Int64Range(0, 1<<62)
			c.hooks[fmt.Sprint("wh_", i)] = tally{positive.Draw(t, "seen"), positive.Draw(t, "total"), positive.Draw(t, "epoch")}
		}
		f := table.Found{Key: table.Key{Part: logPart(chunkMemory), Sort: seqSort(sortChunk, c.first)}, Row: c.row()}
		got, err := readChunk(chunkMemory, f)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("%+v became %+v, %v", c, got, err)
		}
	})
}

func TestADamagedChunkIsRefused(t *testing.T) {
	c := chunk{first: 1, count: 40, entries: usual(1, 40), hooks: map[string]tally{"wh_1": {40, 40, 1}}}
	whole := c.row()
	f := table.Found{Key: table.Key{Sort: seqSort(sortChunk, 1)}}
	for name, row := range map[string]table.Row{
		"without its end":           {attrCount: c.count, attrEntries: whole.Bytes(attrEntries)[:100]},
		"of another count":          {attrCount: int64(39), attrEntries: whole.Bytes(attrEntries)},
		"of nothing":                {attrCount: c.count, attrEntries: []byte{}},
		"of another form":           {attrCount: c.count, attrEntries: []byte{9, 0, 0}},
		"with half a tally":         {attrCount: c.count, attrEntries: whole.Bytes(attrEntries), attrTallies: []byte{4, 'w', 'h'}},
		"with more than is packed":  {attrCount: int64(0), attrEntries: []byte{packedPlain, 0, 0, 7}},
		"with more hooks than data": {attrCount: int64(0), attrEntries: []byte{packedPlain, 0, 200, 1}},
	} {
		f.Row = row
		if got, err := readChunk(chunkMemory, f); err == nil {
			t.Errorf("a chunk %s reads as %+v", name, got)
		}
	}
}

func FuzzDecodeEntries(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{packedPlain, 0, 0})
	f.Add([]byte{packedPlain, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Add(encodeEntries(usual(1, 3)))
	few := usual(7, 1)
	few[0].Change.ID = "no ulid"
	f.Add(encodeEntries(few))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := decodeEntries(chunkMemory, 7, data)
		if err != nil {
			return
		}
		packed := encodeEntries(entries)
		again, err := decodeEntries(chunkMemory, 7, packed)
		if err != nil || !reflect.DeepEqual(entries, again) || !bytes.Equal(packed, encodeEntries(again)) {
			t.Fatalf("%+v became %+v, %v", entries, again, err)
		}
	})
}

func FuzzDecodeTallies(f *testing.F) {
	f.Add(encodeTallies(map[string]tally{"wh_1": {1, 2, 3}, "wh_2": {}}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		hooks, err := decodeTallies(data)
		if err != nil {
			return
		}
		if again, err := decodeTallies(encodeTallies(hooks)); err != nil || !reflect.DeepEqual(hooks, again) {
			t.Fatalf("%+v became %+v, %v", hooks, again, err)
		}
	})
}

// usual are adds of first grains, one every five milliseconds by one of a
// thousand persons, which one hook sees.
func usual(first int64, n int) []feed.Entry {
	random := rand.New(rand.NewPCG(1, 2))
	entries := make([]feed.Entry, n)
	for i := range entries {
		at := time.UnixMilli(1_770_000_000_000).Add(time.Duration(i*5+random.IntN(5)) * time.Millisecond)
		hash := hashOf(fmt.Sprint("grain ", i))
		entries[i] = feed.Entry{Seq: first + int64(i), Matches: []feed.Match{{Hook: "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV", Prev: first + int64(i) - 1}}}
		entries[i].Change = change.Change{
			ID: change.Seeded(at, [32]byte{byte(i), byte(i >> 8)}).ID(), Memory: chunkMemory, Cause: events.Created, At: at.UnixMilli(),
			Lineage: hash, Hash: hash, GrainType: "belief", Namespace: "default",
			UserID: fmt.Sprintf("user-%04d", random.IntN(1000)), CreatedAt: at.UnixMilli(),
		}
	}
	return entries
}

func TestAnEntryTakesItsShareOfTheBudget(t *testing.T) {
	const most = 90 // bytes an entry; the budget has room for 200
	c := chunk{first: 5_000_001, count: chunkEntries, entries: usual(5_000_001, chunkEntries), newest: 1_770_000_000_000}
	c.hooks = map[string]tally{"wh_01ARZ3NDEKTSV4RRFFQ69G5FAV": {c.last(), c.last(), 1}}
	if n := fitting(c.entries); n != chunkEntries {
		t.Errorf("%d of %d usual entries fit in a chunk", n, chunkEntries)
	}
	row := c.row()
	size := len(row.Bytes(attrEntries)) + len(row.Bytes(attrTallies)) + 100
	t.Logf("%d usual entries with one hook take %d bytes, %.1f each", c.count, size, float64(size)/float64(c.count))
	if size > most*chunkEntries {
		t.Errorf("an entry takes %d bytes, more than %d", size/chunkEntries, most)
	}
}

func TestLargeEntriesArePartedBetweenChunks(t *testing.T) {
	entries := usual(1, 100)
	for i := range entries {
		entries[i].Change.Content = make([]byte, 12<<10)
	}
	n := fitting(entries)
	if n < 20 || n == len(entries) {
		t.Errorf("%d of %d entries of 12 KiB fit in a chunk", n, len(entries))
	}
	random := rand.NewChaCha8([32]byte{})
	for i := range n {
		_, _ = random.Read(entries[i].Change.Content)
	}
	if size := len(encodeEntries(entries[:n])); size > chunkBytes+16<<10 {
		t.Errorf("%d bytes in a chunk", size)
	}
	entries[0].Change.Content = make([]byte, 1<<20)
	if fitting(entries) != 1 || fitting(nil) != 0 {
		t.Error("an entry that is larger than a chunk stands in none")
	}
}
