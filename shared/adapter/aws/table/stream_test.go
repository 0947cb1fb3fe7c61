package table_test

import (
	"reflect"
	"testing"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// next reads until there are so many records, confirming all but the last.
func next(t *testing.T, stream *table.Stream, n int) []table.Record {
	t.Helper()
	var got []table.Record
	for len(got) < n {
		records, err := stream.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, records...)
		stream.Done(len(records))
	}
	return got
}

func TestAStreamTellsWhatWasWritten(t *testing.T) {
	rows, stream := open(t)
	write(t, rows, table.Op{Key: at("a"), Set: table.Row{"n": int64(1), "b": []byte{}}})
	write(t, rows, table.Op{Action: table.Update, Key: at("a"), Set: table.Row{"n": int64(2)}})
	write(t, rows, table.Op{Action: table.Delete, Key: at("a")})
	first, second := table.Row{"n": int64(1), "b": []byte{}}, table.Row{"n": int64(2), "b": []byte{}}
	want := []table.Record{{Key: at("a"), New: first}, {Key: at("a"), Old: first, New: second}, {Key: at("a"), Old: second}}
	got := next(t, stream, 3)
	ids := map[string]bool{}
	for i := range got {
		ids[got[i].ID] = true
		got[i].ID = ""
	}
	if !reflect.DeepEqual(got, want) || len(ids) != 3 {
		t.Fatalf("got  %v with %d ids\nwant %v", got, len(ids), want)
	}
}

func TestWhatIsNotDoneComesAgain(t *testing.T) {
	rows, stream := open(t)
	for _, sort := range []string{"a", "b", "c"} {
		write(t, rows, table.Op{Key: at(sort)})
	}
	var first []table.Record
	for len(first) == 0 {
		var err error
		if first, err = stream.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(first) != 3 {
		t.Fatalf("got %d records at once", len(first))
	}
	stream.Done(1)
	write(t, rows, table.Op{Key: at("d")})
	again, err := stream.Next(t.Context())
	if err != nil || !reflect.DeepEqual(again, first[1:]) {
		t.Fatalf("got %v, %v", again, err)
	}
	stream.Done(2)
	if got := next(t, stream, 1); got[0].Key != at("d") {
		t.Fatalf("got %v", got)
	}
}
