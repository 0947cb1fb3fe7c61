package awstest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// told are the records of a batch as "key: before, after".
func told(b awstest.Batch) []string {
	var texts []string
	for _, r := range b.Records {
		texts = append(texts, fmt.Sprintf("%s: %v, %v", r.Key.Sort, r.Old["v"], r.New["v"]))
	}
	return texts
}

func version(sort, v string) table.Op { return table.Op{Key: at(sort), Set: table.Row{"v": v}} }

func TestStreamTellsEveryChangeOnce(t *testing.T) {
	rows := awstest.NewTable(1)
	mustWrite(t, rows, version("a", "1"))
	mustWrite(t, rows, version("a", "1"))
	mustWrite(t, rows, table.Op{Action: table.Update, Key: at("a")})
	mustWrite(t, rows, table.Op{Action: table.Delete, Key: at("b")})
	mustWrite(t, rows, version("b", "1"), table.Op{Action: table.Check, Key: at("c"), If: table.Absent}, version("a", "2"))
	_ = rows.Write(t.Context(), version("c", "1"), table.Op{Key: at("a"), If: table.Absent})
	mustWrite(t, rows, table.Op{Action: table.Delete, Key: at("a")})
	want := []string{"a: <nil>, 1", "b: <nil>, 1", "a: 1, 2", "a: 2, <nil>"}
	stream := rows.Stream()
	if got := told(stream.Next(0, 10)); !slices.Equal(got, want) {
		t.Errorf("the stream tells %q, want %q", got, want)
	}
	if awstest.NewTable(0).Stream() != nil {
		t.Error("a table without a stream has one")
	}
}

func TestStreamTakesRecordsFromElsewhere(t *testing.T) {
	rows := awstest.NewTable(1)
	stream := rows.Stream()
	stream.Append(table.Record{ID: "own", Key: at("a"), New: table.Row{"v": "1"}})
	stream.Append(table.Record{Key: at("a"), Old: table.Row{"v": "1"}})
	got := stream.Next(0, 10)
	if want := []string{"a: <nil>, 1", "a: 1, <nil>"}; !slices.Equal(told(got), want) || got.Records[0].ID != "own" || got.Records[1].ID == "" {
		t.Errorf("the stream tells %q, want %q: %v", told(got), want, got.Records)
	}
}

func TestWhatIsNotDoneComesAgain(t *testing.T) {
	rows := awstest.NewTable(1)
	for i := range 5 {
		mustWrite(t, rows, version("a", fmt.Sprint(i)))
	}
	stream := rows.Stream()
	first := stream.Next(0, 3)
	stream.Done(first, 2)
	second := stream.Next(0, 2)
	if second.Records[0].ID != first.Records[2].ID || len(second.Records) != 2 || stream.Undone()[0] != 3 {
		t.Errorf("after two of %q come %q", told(first), told(second))
	}
	stream.Done(second, 9)
	stream.Done(first, 1)
	if left := stream.Undone()[0]; left != 1 {
		t.Errorf("an older batch moved the place: %d undone, want 1", left)
	}
	stream.Rewind(0, 3)
	if again := stream.Next(0, 1); again.Records[0].ID != first.Records[1].ID {
		t.Errorf("gone back three, %q comes", told(again))
	}
	stream.Rewind(0, 99)
	if again := stream.Next(0, 99); len(again.Records) != 5 {
		t.Errorf("gone back to the start, %q comes", told(again))
	}
}

func TestNobodySharesBytesWithTheStream(t *testing.T) {
	rows := awstest.NewTable(1)
	mustWrite(t, rows, table.Op{Key: at("a"), Set: table.Row{"b": []byte("kept")}})
	rows.Stream().Next(0, 1).Records[0].New.Bytes("b")[0] = 'X'
	if got := rows.Stream().Next(0, 1).Records[0].New.Bytes("b"); string(got) != "kept" {
		t.Errorf("the stream tells %q", got)
	}
	if got := rows.Dump()[0].Row.Bytes("b"); string(got) != "kept" {
		t.Errorf("the table holds %q", got)
	}
}

func TestRecordsOfOneRowStayInOrderOverShards(t *testing.T) {
	const shards, keys, writes = 3, 10, 300
	random := rand.New(rand.NewPCG(1, 2))
	rows := awstest.NewTable(shards)
	for i := range writes {
		mustWrite(t, rows, version(fmt.Sprint(i%keys), fmt.Sprintf("%03d", i)))
	}
	stream := rows.Stream()
	last, ids, seen := map[string]string{}, map[string]bool{}, 0
	for slices.Max(stream.Undone()) > 0 {
		batch := stream.Next(random.IntN(shards), 1+random.IntN(9))
		done := random.IntN(len(batch.Records) + 1)
		for _, r := range batch.Records[:done] {
			if v := r.New.Text("v"); v <= last[r.Key.Sort] || r.Old.Text("v") != last[r.Key.Sort] || ids[r.ID] {
				t.Fatalf("record %+v comes after version %q", r, last[r.Key.Sort])
			}
			last[r.Key.Sort], ids[r.ID] = r.New.Text("v"), true
			seen++
		}
		stream.Done(batch, done)
	}
	if seen != writes {
		t.Errorf("%d of %d writes were told", seen, writes)
	}
}

func TestPumpWaitsForWhatIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := awstest.NewTable(2)
		stream := rows.Stream()
		ctx, cancel := context.WithCancel(t.Context())
		woken := 0
		var ended error
		go func() {
			for {
				if ended = stream.Wait(ctx); ended != nil {
					return
				}
				woken++
				for shard := range stream.Undone() {
					stream.Done(stream.Next(shard, 10), 10)
				}
			}
		}()
		synctest.Wait()
		mustWrite(t, rows, version("a", "1"))
		synctest.Wait()
		shard := slices.IndexFunc([]int{0, 1}, func(n int) bool { stream.Rewind(n, 1); return stream.Undone()[n] > 0 })
		synctest.Wait()
		if woken != 2 || shard < 0 {
			t.Errorf("woken %d times, by shard %d", woken, shard)
		}
		cancel()
		synctest.Wait()
		mustWrite(t, rows, version("a", "2"))
		if late := stream.Wait(ctx); !errors.Is(ended, context.Canceled) || late == nil {
			t.Errorf("the wait ended with %v, with something undone with %v", ended, late)
		}
	})
}
