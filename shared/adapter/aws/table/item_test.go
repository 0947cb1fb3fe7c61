package table

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

func TestRowsComeBackAsTheyWere(t *testing.T) {
	key := Key{Part: "t/m", Sort: "l#1"}
	for _, row := range []Row{
		{},
		{"s": "", "b": []byte{}, "n": int64(0)},
		{"s": "ünï\x00\U0010ffff", "b": []byte{0, 255}, "n": int64(math.MinInt64), "name": int64(math.MaxInt64)},
	} {
		made, err := itemOf(key, row)
		if err != nil {
			t.Fatal(err)
		}
		gotKey, got, err := Unpack(made, plain)
		if err != nil || gotKey != key || !reflect.DeepEqual(got, row) {
			t.Errorf("%v came back as %v %v (%v)", row, gotKey, got, err)
		}
	}
	if _, row, err := Unpack(item{}, plain); row != nil || err != nil {
		t.Errorf("an item without attributes: %v, %v", row, err)
	}
}

func TestWhatNoRowMayHoldIsRefused(t *testing.T) {
	key := Key{Part: "p", Sort: "s"}
	for name, row := range map[string]Row{
		"an int": {"a": 1}, "nil": {"a": nil}, "a truth": {"a": true}, "a broken text": {"a": "\xff"},
	} {
		if _, err := itemOf(key, row); err == nil || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := itemOf(Key{Part: "\xff", Sort: "s"}, nil); err == nil {
		t.Error("a broken key was taken")
	}
	for name, v := range map[string]types.AttributeValue{
		"a fraction": &types.AttributeValueMemberN{Value: "1.5"},
		"too large":  &types.AttributeValueMemberN{Value: "9223372036854775808"},
		"a truth":    &types.AttributeValueMemberBOOL{Value: true},
		"nothing":    nil,
	} {
		if _, _, err := Unpack(item{"a": v}, plain); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestAStreamsRecordIsARecord(t *testing.T) {
	s := func(v string) streams.AttributeValue { return &streams.AttributeValueMemberS{Value: v} }
	id := "e1"
	keys := map[string]streams.AttributeValue{PartAttribute: s("p"), SortAttribute: s("s")}
	got, err := recordOf(streams.Record{EventID: &id, Dynamodb: &streams.StreamRecord{
		Keys: keys,
		NewImage: map[string]streams.AttributeValue{PartAttribute: s("p"), SortAttribute: s("s"), "t": s(""),
			"n": &streams.AttributeValueMemberN{Value: "-7"}, "b": &streams.AttributeValueMemberB{Value: []byte{1}}},
	}})
	want := Record{ID: id, Key: Key{Part: "p", Sort: "s"}, New: Row{"t": "", "n": int64(-7), "b": []byte{1}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	for name, bad := range map[string]streams.Record{
		"no change": {},
		"a truth": {Dynamodb: &streams.StreamRecord{Keys: keys,
			OldImage: map[string]streams.AttributeValue{"a": &streams.AttributeValueMemberBOOL{}}}},
	} {
		if _, err := recordOf(bad); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzRowsComeBackAsTheyWere(f *testing.F) {
	f.Add("p", "s", "name", "text", int64(1), []byte{0})
	f.Add("", "", "", "", int64(math.MinInt64), []byte{})
	f.Add("p", "s", PartAttribute, "\xff", int64(0), []byte(nil))
	f.Fuzz(func(t *testing.T, part, sort, name, text string, number int64, bytes []byte) {
		key, row := Key{Part: part, Sort: sort}, Row{name + "1": text, name + "2": number, name + "3": bytes}
		made, err := itemOf(key, row)
		if err != nil {
			return
		}
		gotKey, got, err := Unpack(made, plain)
		if err != nil || gotKey != key || !reflect.DeepEqual(got, row) {
			t.Errorf("%v %v came back as %v %v (%v)", key, row, gotKey, got, err)
		}
	})
}
